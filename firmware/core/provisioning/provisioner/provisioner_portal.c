// SPDX-License-Identifier: MIT
#include <string.h>

#include "constant_time.h"
#include "provisioner_window.h"

/// Copies text that is known to end, as much as there is room for.
static void copy_text(char *out, size_t capacity, const char *text)
{
    const size_t size = strlen(text);
    const size_t copied = size < capacity ? size : capacity - 1;
    memcpy(out, text, copied);
    out[copied] = '\0';
}

static size_t networks(void *ctx, bool refresh, struct wifi_network *networks_out, size_t capacity,
                       bool *is_cached)
{
    struct provisioner *provisioner = ctx;
    const struct wifi *wifi = provisioner->parts.wifi;

    if (refresh || !provisioner->has_scanned) {
        provisioner_scan(provisioner);
    }
    *is_cached = provisioner->is_scanning || !refresh;
    return wifi->networks(wifi->ctx, networks_out, capacity);
}

/// Credentials or a token are being tried right now.
static bool is_trying(const struct provisioner *provisioner)
{
    const bool has_token = provisioner->facts.submission.token[0] != '\0';
    switch (provisioner->state) {
    case PROVISIONING_WIFI_CONNECTING:
    case PROVISIONING_WIFI_CONNECTED:
        return provisioner->facts.has_trial;
    case PROVISIONING_CHECK_CERTIFICATES:
        return true;
    case PROVISIONING_SUBMIT_CSR:
        // While the server cannot be reached a person may give another network or token.
        return has_token && provisioner->keeper.errand != CERTIFICATE_KEEPER_IDLE;
    case PROVISIONING_INIT:
    case PROVISIONING_CHECK_PROVISIONING:
        return true;
    case PROVISIONING_AP_MODE:
    case PROVISIONING_MQTT_CONNECTING:
    case PROVISIONING_MQTT_CONNECTED:
    case PROVISIONING_STATE_COUNT:
        break;
    }
    return false;
}

_Static_assert((int)PORTAL_TOKEN_LIMIT <= (int)PROVISIONING_TOKEN_LIMIT,
               "what the portal takes can be kept");

static bool is_for_another(const struct provisioner *provisioner, const char *device_id)
{
    const struct provisioning_identity *identity = &provisioner->facts.identity;
    const char *own =
        identity->is_certified ? identity->device_id : provisioner->parts.device.device_id;
    return device_id[0] != '\0' && own[0] != '\0' && strcmp(own, device_id) != 0;
}

static enum status submit(void *ctx, const struct portal_submission *submission)
{
    struct provisioner *provisioner = ctx;
    struct provisioning_submission kept = { .wifi = submission->wifi };

    if (!provisioner->is_window_open) {
        return STATUS_MISSING;
    }
    if (is_trying(provisioner)) {
        return STATUS_BUSY;
    }
    if (is_for_another(provisioner, submission->device_id)) {
        return STATUS_INVALID;
    }
    copy_text(kept.device_id, sizeof kept.device_id, submission->device_id);
    copy_text(kept.token, sizeof kept.token, submission->token);
    const enum status status = provisioning_facts_submit(&provisioner->facts, &kept);
    constant_time_wipe(&kept, sizeof kept);
    if (status == STATUS_OK) {
        provisioner->reason = NULL;
        provisioner->has_fallen_back = false;
        provisioner_raise(provisioner, PROVISIONING_SUBMITTED);
    }
    return status == STATUS_OK || status == STATUS_INVALID ? status : STATUS_IO;
}

static enum portal_progress progress_of(const struct provisioner *provisioner)
{
    switch (provisioner->state) {
    case PROVISIONING_WIFI_CONNECTING:
        return provisioner->facts.has_trial ? PORTAL_PROVISIONING : PORTAL_DISCONNECTED;
    case PROVISIONING_WIFI_CONNECTED:
    case PROVISIONING_CHECK_CERTIFICATES:
    case PROVISIONING_SUBMIT_CSR:
    case PROVISIONING_MQTT_CONNECTING:
    case PROVISIONING_MQTT_CONNECTED:
        return PORTAL_CONNECTED;
    case PROVISIONING_INIT:
    case PROVISIONING_CHECK_PROVISIONING:
    case PROVISIONING_AP_MODE:
    case PROVISIONING_STATE_COUNT:
        break;
    }
    return PORTAL_PROVISIONING;
}

static void status(void *ctx, struct portal_status *out)
{
    const struct provisioner *provisioner = ctx;

    *out = (struct portal_status){ .progress = progress_of(provisioner),
                                   .state = provisioning_state_name(provisioner->state),
                                   .reason = provisioner->reason };
    copy_text(out->address, sizeof out->address, provisioner->address);
}

static void facts(void *ctx, struct portal_facts *out)
{
    const struct provisioner *provisioner = ctx;
    const struct provisioner_device *device = &provisioner->parts.device;

    *out = (struct portal_facts){
        .port = device->portal_port,
        .is_open = provisioner->is_window_open,
        .is_hotspot_safe = strlen(device->hotspot_password) >= WIFI_PASSWORD_LEAST,
        .are_plain_taken = device->allow_plain,
    };
    if (provisioner->is_window_open && provisioner->window_end_ms > provisioner->now_ms) {
        out->closes_in_s = (uint32_t)((provisioner->window_end_ms - provisioner->now_ms) / 1000);
    }
    copy_text(out->device_id, sizeof out->device_id, provisioner_device_id(provisioner));
    copy_text(out->address, sizeof out->address, device->hotspot_address);
    copy_text(out->origin, sizeof out->origin, device->portal_origin);
}

static void failed(void *ctx)
{
    provisioner_window_count_failure(ctx);
}

struct portal_host provisioner_portal_host(struct provisioner *provisioner)
{
    return (struct portal_host){ .networks = networks,
                                 .submit = submit,
                                 .status = status,
                                 .facts = facts,
                                 .failed = failed,
                                 .ctx = provisioner };
}

// SPDX-License-Identifier: MIT
#include "provisioner.h"

#include <string.h>

#include "provisioner_window.h"

void provisioner_init(struct provisioner *provisioner, const struct provisioner_parts *parts)
{
    *provisioner = (struct provisioner){ .parts = *parts, .state = PROVISIONING_INIT };
    back_off_init(&provisioner->wifi_back_off, parts->entropy, PROVISIONER_WIFI_FIRST_MS,
                  PROVISIONER_WIFI_LIMIT_MS);
    const struct certificate_keeper_parts keeper = {
        .facts = &provisioner->facts,
        .keystore = parts->keystore,
        .http = parts->http,
        .csr = parts->csr,
        .clock = parts->clock,
        .entropy = parts->entropy,
        .crypto = parts->crypto,
        .attester = parts->attester,
        .protocol = parts->protocol,
    };
    certificate_keeper_init(&provisioner->keeper, &keeper);
}

/// What a person tried last and what came of it stays to be read until he tries again.
static void forget_reason(struct provisioner *provisioner)
{
    if (!provisioner->has_fallen_back) {
        provisioner->reason = NULL;
    }
}

static void complain(struct provisioner *provisioner, const char *reason)
{
    provisioner->reason = reason;
    provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_TROUBLE, reason);
}

static const char *reason_of(enum wifi_reason reason)
{
    switch (reason) {
    case WIFI_REASON_AUTH_FAILED:
        return "auth_failed";
    case WIFI_REASON_NOT_FOUND:
        return "not_found";
    case WIFI_REASON_NO_ADDRESS:
        return "no_address";
    case WIFI_REASON_LOST:
        return "lost";
    case WIFI_REASON_NONE:
    case WIFI_REASON_RADIO:
        break;
    }
    return "radio";
}

static void leave_wifi(struct provisioner *provisioner)
{
    const struct wifi *wifi = provisioner->parts.wifi;

    wifi->disconnect(wifi->ctx);
    provisioner->is_trying = false;
    provisioner->address[0] = '\0';
    certificate_keeper_pause(&provisioner->keeper);
}

/// What each state begins with.
static void enter(struct provisioner *provisioner, enum provisioning_state from)
{
    provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_STATE,
                              provisioning_state_name(provisioner->state));
    switch (provisioner->state) {
    case PROVISIONING_CHECK_PROVISIONING:
        leave_wifi(provisioner);
        break;
    case PROVISIONING_AP_MODE:
        leave_wifi(provisioner);
        if (!provisioner->is_window_open) {
            provisioner_window_open(provisioner);
        }
        break;
    case PROVISIONING_WIFI_CONNECTING:
        if (from != PROVISIONING_CHECK_PROVISIONING) {
            leave_wifi(provisioner);
        }
        provisioner->next_ms = provisioner->now_ms;
        break;
    case PROVISIONING_MQTT_CONNECTING:
        if (from != PROVISIONING_MQTT_CONNECTED) {
            provisioner->failed_sessions = 0;
            provisioner->identity_number++;
        }
        break;
    case PROVISIONING_INIT:
    case PROVISIONING_WIFI_CONNECTED:
    case PROVISIONING_CHECK_CERTIFICATES:
    case PROVISIONING_SUBMIT_CSR:
    case PROVISIONING_MQTT_CONNECTED:
    case PROVISIONING_STATE_COUNT:
        break;
    }
}

void provisioner_raise(struct provisioner *provisioner, enum provisioning_event event)
{
    const enum provisioning_state from = provisioner->state;

    provisioner->state = provisioning_next(from, event);
    // New credentials begin a new try even where the last one is still under way.
    if (provisioner->state != from || event == PROVISIONING_SUBMITTED) {
        enter(provisioner, from);
    }
}

static void read_facts(struct provisioner *provisioner)
{
    if (provisioner->now_ms < provisioner->next_ms) {
        return;
    }
    const enum status status =
        provisioning_facts_load(&provisioner->facts, provisioner->parts.values);
    if (status == STATUS_IO) {
        complain(provisioner, "storage_failed");
        provisioner->next_ms = provisioner->now_ms + PROVISIONER_STORAGE_MS;
        return;
    }
    if (provisioner->facts.is_resetting &&
        provisioning_facts_finish_reset(&provisioner->facts, provisioner->parts.keystore) !=
            STATUS_OK) {
        complain(provisioner, "storage_failed");
        provisioner->next_ms = provisioner->now_ms + PROVISIONER_STORAGE_MS;
        return;
    }
    if (status == STATUS_CORRUPT) {
        complain(provisioner, "storage_damaged");
    }
    provisioner_raise(provisioner, PROVISIONING_STARTED);
}

/// An attempt with the credentials in hand has ended badly.
static void fail_wifi(struct provisioner *provisioner, const char *reason)
{
    const struct provisioning_facts *facts = &provisioner->facts;
    const bool was_trial = facts->has_trial;

    leave_wifi(provisioner);
    complain(provisioner, reason);
    if (was_trial) {
        if (provisioning_facts_drop_submission(&provisioner->facts) != STATUS_OK) {
            // They stay, and are tried again: after a pause, since storage has its troubles.
            provisioner->next_ms = provisioner->now_ms + PROVISIONER_STORAGE_MS;
            return;
        }
        if (provisioning_facts_outlook(facts) == PROVISIONING_BARE) {
            provisioner_raise(provisioner, PROVISIONING_WIFI_REFUSED);
            return;
        }
        provisioner->has_fallen_back = true;
        provisioner->next_ms = provisioner->now_ms;
        return;
    }
    provisioner->next_ms = provisioner->now_ms + back_off_fail(&provisioner->wifi_back_off);
}

static void mind_connecting(struct provisioner *provisioner)
{
    const struct provisioning_facts *facts = &provisioner->facts;
    const struct wifi *wifi = provisioner->parts.wifi;

    if (provisioner->is_trying) {
        if (provisioner->now_ms >= provisioner->try_end_ms) {
            fail_wifi(provisioner, "timed_out");
        }
        return;
    }
    if (provisioner->now_ms < provisioner->next_ms) {
        return;
    }
    const enum status status =
        wifi->connect(wifi->ctx, facts->has_trial ? &facts->submission.wifi : &facts->network);
    if (status == STATUS_OK) {
        provisioner->is_trying = true;
        provisioner->try_end_ms = provisioner->now_ms + PROVISIONER_TRY_MS;
    } else if (status == STATUS_BUSY) {
        provisioner->next_ms = provisioner->now_ms + PROVISIONER_SLEEP_MS; // A scan ends soon.
    } else {
        fail_wifi(provisioner, "radio");
    }
}

static void take_wifi_event(struct provisioner *provisioner, const struct wifi_event *event)
{
    switch (event->kind) {
    case WIFI_EVENT_SCANNED:
        provisioner->is_scanning = false;
        provisioner->has_scanned = true;
        break;
    case WIFI_EVENT_CONNECTED:
        if (provisioner->state == PROVISIONING_WIFI_CONNECTING && provisioner->is_trying) {
            provisioner->is_trying = false;
            memcpy(provisioner->address, event->address, sizeof provisioner->address);
            provisioner->address[sizeof provisioner->address - 1] = '\0';
            back_off_succeed(&provisioner->wifi_back_off);
            provisioner_raise(provisioner, PROVISIONING_WIFI_UP);
        }
        break;
    case WIFI_EVENT_FAILED:
        if (provisioner->state == PROVISIONING_WIFI_CONNECTING && provisioner->is_trying) {
            fail_wifi(provisioner, reason_of(event->reason));
        }
        break;
    case WIFI_EVENT_LOST:
        if (provisioner->address[0] != '\0') {
            complain(provisioner, "lost");
            provisioner_raise(provisioner, PROVISIONING_WIFI_DOWN);
        }
        break;
    }
}

static void take_wifi_events(struct provisioner *provisioner)
{
    const struct wifi *wifi = provisioner->parts.wifi;
    struct wifi_event event;

    while (wifi->next_event(wifi->ctx, &event) == STATUS_OK) {
        take_wifi_event(provisioner, &event);
    }
    if (provisioner->is_scanning && provisioner->now_ms >= provisioner->scan_end_ms) {
        provisioner->is_scanning = false;
    }
}

/// The network is up: what it took is worth keeping.
static void mind_connected(struct provisioner *provisioner)
{
    if (provisioner->now_ms < provisioner->next_ms) {
        return;
    }
    if (provisioner->facts.has_trial &&
        provisioning_facts_prove(&provisioner->facts) != STATUS_OK) {
        complain(provisioner, "storage_failed");
        provisioner->next_ms = provisioner->now_ms + PROVISIONER_STORAGE_MS;
        return;
    }
    forget_reason(provisioner);
    provisioner_raise(provisioner, PROVISIONING_NETWORK_READY);
}

static void mind_enrolment(struct provisioner *provisioner)
{
    struct certificate_keeper *keeper = &provisioner->keeper;
    const enum certificate_keeper_news news = certificate_keeper_step(
        keeper, true, provisioner_device_id(provisioner), provisioner->now_ms);

    switch (news) {
    case CERTIFICATE_KEEPER_QUIET:
        break;
    case CERTIFICATE_KEEPER_ENROLLED:
    case CERTIFICATE_KEEPER_RENEWED:
        forget_reason(provisioner);
        provisioner_raise(provisioner, PROVISIONING_CERTIFIED);
        break;
    case CERTIFICATE_KEEPER_FAILED:
        complain(provisioner, certificate_keeper_reason(keeper));
        break;
    case CERTIFICATE_KEEPER_DENIED:
        complain(provisioner, certificate_keeper_reason(keeper));
        // A certificate that is in force goes on counting, whatever became of the token.
        if (certificate_keeper_is_certified(keeper)) {
            provisioner_raise(provisioner, PROVISIONING_CERTIFIED);
        } else if (!provisioner->facts.identity.is_certified) {
            provisioner_raise(provisioner, PROVISIONING_DENIED);
        }
        break;
    }
}

/// With a certificate in force: renews it in time, and notices when it no longer counts.
static void mind_certificate(struct provisioner *provisioner)
{
    struct certificate_keeper *keeper = &provisioner->keeper;
    const bool has_token = provisioner->facts.submission.token[0] != '\0';

    if (!certificate_keeper_is_certified(keeper)) {
        complain(provisioner, "certificate_expired");
        provisioner_raise(provisioner, PROVISIONING_UNCERTIFIED);
        return;
    }
    if (has_token && provisioner->failed_sessions >= PROVISIONER_SESSION_LIMIT) {
        // A person gave a token, and the broker does not take the certificate: enrol anew.
        provisioner_raise(provisioner, PROVISIONING_UNCERTIFIED);
        return;
    }
    const enum certificate_keeper_news news = certificate_keeper_step(
        keeper, false, provisioner_device_id(provisioner), provisioner->now_ms);
    if (news == CERTIFICATE_KEEPER_RENEWED) {
        provisioner->identity_number++;
    } else if (news == CERTIFICATE_KEEPER_FAILED) {
        // The session is what a person cares for; a late renewal only goes to the log.
        provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_TROUBLE,
                                  certificate_keeper_reason(keeper));
    }
}

/// Does what the state asks for; several states may pass in one step.
static void mind_state(struct provisioner *provisioner)
{
    switch (provisioner->state) {
    case PROVISIONING_INIT:
        read_facts(provisioner);
        break;
    case PROVISIONING_CHECK_PROVISIONING:
        provisioner_raise(provisioner, provisioning_facts_outlook(&provisioner->facts));
        break;
    case PROVISIONING_WIFI_CONNECTING:
        mind_connecting(provisioner);
        break;
    case PROVISIONING_WIFI_CONNECTED:
        mind_connected(provisioner);
        break;
    case PROVISIONING_CHECK_CERTIFICATES:
        provisioner_raise(provisioner, certificate_keeper_is_certified(&provisioner->keeper)
                                           ? PROVISIONING_CERTIFIED
                                           : PROVISIONING_UNCERTIFIED);
        break;
    case PROVISIONING_SUBMIT_CSR:
        mind_enrolment(provisioner);
        break;
    case PROVISIONING_MQTT_CONNECTING:
    case PROVISIONING_MQTT_CONNECTED:
        mind_certificate(provisioner);
        break;
    case PROVISIONING_AP_MODE:
    case PROVISIONING_STATE_COUNT:
        break;
    }
}

uint32_t provisioner_step(struct provisioner *provisioner, uint64_t now_ms)
{
    provisioner->now_ms = now_ms;
    take_wifi_events(provisioner);
    const enum provisioning_state before = provisioner->state;
    mind_state(provisioner);
    provisioner_window_mind(provisioner);
    return provisioner->state == before ? PROVISIONER_SLEEP_MS : 0;
}

enum provisioning_state provisioner_state(const struct provisioner *provisioner)
{
    return provisioner->state;
}

bool provisioner_identity(const struct provisioner *provisioner, enum keystore_slot *slot,
                          unsigned *number)
{
    *slot = provisioner->facts.identity.slot;
    *number = provisioner->identity_number;
    return provisioner->state == PROVISIONING_MQTT_CONNECTING ||
           provisioner->state == PROVISIONING_MQTT_CONNECTED;
}

const char *provisioner_device_id(const struct provisioner *provisioner)
{
    const struct provisioning_facts *facts = &provisioner->facts;

    if (facts->identity.is_certified) {
        return facts->identity.device_id;
    }
    return facts->submission.device_id[0] != '\0' ? facts->submission.device_id
                                                  : provisioner->parts.device.device_id;
}

void provisioner_session_is_up(struct provisioner *provisioner)
{
    if (provisioner->state != PROVISIONING_MQTT_CONNECTING) {
        return;
    }
    provisioner->failed_sessions = 0;
    forget_reason(provisioner);
    if (!provisioner->has_fallen_back) {
        provisioner_window_close(provisioner);
    }
    // Neither is worth more than a word in the log: a token that stays is of no use to anybody, and
    // a count that stays is cleared by the button.
    if ((provisioner->facts.submission.token[0] != '\0' &&
         provisioning_facts_drop_submission(&provisioner->facts) != STATUS_OK) ||
        provisioning_facts_clear_failures(&provisioner->facts) != STATUS_OK) {
        provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_TROUBLE, "storage_failed");
    }
    provisioner_raise(provisioner, PROVISIONING_MQTT_UP);
}

void provisioner_session_is_down(struct provisioner *provisioner)
{
    if (provisioner->state == PROVISIONING_MQTT_CONNECTING) {
        provisioner->failed_sessions++;
        if (!provisioner->has_fallen_back) {
            provisioner->reason = "broker_unreachable";
        }
    }
    provisioner_raise(provisioner, PROVISIONING_MQTT_DOWN);
}

void provisioner_open_window(struct provisioner *provisioner)
{
    if (provisioner->state != PROVISIONING_INIT &&
        provisioning_facts_clear_failures(&provisioner->facts) != STATUS_OK) {
        complain(provisioner, "storage_failed");
    }
    provisioner_window_open(provisioner);
}

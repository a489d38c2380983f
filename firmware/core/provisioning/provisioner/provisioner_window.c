// SPDX-License-Identifier: MIT
#include "provisioner_window.h"

static void tell(struct provisioner *provisioner, const char *text)
{
    provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_WINDOW, text);
}

void provisioner_scan(struct provisioner *provisioner)
{
    const struct wifi *wifi = provisioner->parts.wifi;

    if (!provisioner->is_scanning && wifi->scan(wifi->ctx) == STATUS_OK) {
        provisioner->is_scanning = true;
        provisioner->scan_end_ms = provisioner->now_ms + PROVISIONER_SCAN_MS;
    }
}

void provisioner_window_open(struct provisioner *provisioner)
{
    if (provisioner->facts.failures >= PROVISIONER_FAILURE_LIMIT) {
        return;
    }
    provisioner->window_end_ms = provisioner->now_ms + PROVISIONER_WINDOW_MS;
    provisioner->hotspot_ms = 0;
    if (!provisioner->is_window_open) {
        provisioner->is_window_open = true;
        tell(provisioner, "open");
        provisioner_scan(provisioner);
    }
    provisioner_window_mind(provisioner);
}

void provisioner_window_close(struct provisioner *provisioner)
{
    const struct wifi *wifi = provisioner->parts.wifi;

    if (provisioner->is_window_open) {
        provisioner->is_window_open = false;
        tell(provisioner, "closed");
    }
    if (provisioner->is_hotspot_up) {
        provisioner->is_hotspot_up = false;
        wifi->close_hotspot(wifi->ctx);
    }
}

static void open_hotspot(struct provisioner *provisioner)
{
    const struct provisioner_device *device = &provisioner->parts.device;
    const struct wifi *wifi = provisioner->parts.wifi;

    if (provisioner->now_ms < provisioner->hotspot_ms) {
        return;
    }
    if (wifi->open_hotspot(wifi->ctx, device->hotspot_ssid, device->hotspot_password) ==
        STATUS_OK) {
        provisioner->is_hotspot_up = true;
        return;
    }
    provisioner->hotspot_ms = provisioner->now_ms + PROVISIONER_STORAGE_MS;
    provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_TROUBLE, "hotspot_failed");
}

void provisioner_window_mind(struct provisioner *provisioner)
{
    if (provisioner->is_window_open && provisioner->now_ms >= provisioner->window_end_ms) {
        provisioner_window_close(provisioner);
    }
    if (provisioner->is_window_open && !provisioner->is_hotspot_up) {
        open_hotspot(provisioner);
    }
}

void provisioner_window_count_failure(struct provisioner *provisioner)
{
    if (provisioner->state == PROVISIONING_INIT) {
        return; // The window is closed, and the count not known yet.
    }
    provisioner->parts.notice(provisioner->parts.ctx, PROVISIONER_TROUBLE, "wrong_code");
    // A failure that cannot be counted closes the window as well: fail closed.
    const enum status status = provisioning_facts_count_failure(&provisioner->facts);
    if (status != STATUS_OK || provisioner->facts.failures >= PROVISIONER_FAILURE_LIMIT) {
        provisioner_window_close(provisioner);
    }
}

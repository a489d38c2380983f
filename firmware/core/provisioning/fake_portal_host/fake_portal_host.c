// SPDX-License-Identifier: MIT
#include "fake_portal_host.h"

#include <string.h>

static size_t networks(void *ctx, bool refresh, struct wifi_network *out, size_t capacity,
                       bool *is_cached)
{
    struct fake_portal_host *fake = ctx;
    const size_t count = fake->network_count < capacity ? fake->network_count : capacity;
    fake->scans += refresh ? 1 : 0;
    *is_cached = fake->is_cached;
    memcpy(out, fake->networks, count * sizeof out[0]);
    return count;
}

static enum status submit(void *ctx, const struct portal_submission *submission)
{
    struct fake_portal_host *fake = ctx;
    if (fake->answer == STATUS_OK) {
        fake->submissions++;
        fake->last = *submission;
    }
    return fake->answer;
}

static void tell_status(void *ctx, struct portal_status *status)
{
    const struct fake_portal_host *fake = ctx;
    *status = fake->status;
}

static void tell_facts(void *ctx, struct portal_facts *facts)
{
    const struct fake_portal_host *fake = ctx;
    *facts = fake->facts;
}

static void failed(void *ctx)
{
    struct fake_portal_host *fake = ctx;
    fake->failures++;
}

void fake_portal_host_add(struct fake_portal_host *fake, const char *ssid, size_t size,
                          int rssi_dbm, unsigned channel, bool secure)
{
    if (fake->network_count == WIFI_NETWORK_LIMIT || size > WIFI_SSID_LIMIT) {
        return;
    }
    struct wifi_network *network = &fake->networks[fake->network_count++];
    *network = (struct wifi_network){ .ssid_size = (uint8_t)size,
                                      .channel = (uint8_t)channel,
                                      .rssi_dbm = (int8_t)rssi_dbm,
                                      .secure = secure };
    memcpy(network->ssid, ssid, size);
}

void fake_portal_host_init(struct fake_portal_host *fake)
{
    *fake = (struct fake_portal_host){
        .host = { networks, submit, tell_status, tell_facts, failed, fake },
        .status = { .progress = PORTAL_PROVISIONING, .state = "AP_MODE" },
        .facts = { .device_id = "meter-1",
                   .address = "192.168.4.1",
                   .port = 80,
                   .is_open = true,
                   .closes_in_s = 840,
                   .is_hotspot_safe = true,
                   .are_plain_taken = true },
    };
    fake_portal_host_add(fake, "Statsnapp", 9, -45, 6, true);
    fake_portal_host_add(fake, "Guests", 6, -71, 11, false);
}

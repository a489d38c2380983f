// SPDX-License-Identifier: MIT
#include "simulated_radio.h"

#include <stdio.h>
#include <string.h>

void simulated_radio_init(struct simulated_radio *radio, const struct radio_script *script)
{
    *radio = (struct simulated_radio){ .script = *script };
    simulated_radio_advance(radio, 0);
}

static struct wifi_event *happen(struct simulated_radio *radio, enum wifi_event_kind kind,
                                 enum wifi_reason reason)
{
    if (radio->event_count == SIMULATED_RADIO_EVENTS) {
        // Nobody listens; the newest matter most.
        memmove(radio->events, radio->events + 1, (--radio->event_count) * sizeof radio->events[0]);
    }
    struct wifi_event *event = &radio->events[radio->event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    return event;
}

/// Drops what was said about an attempt or a connection that is over.
static void forget_station_events(struct simulated_radio *radio)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < radio->event_count; i++) {
        if (radio->events[i].kind == WIFI_EVENT_SCANNED) {
            radio->events[kept++] = radio->events[i];
        }
    }
    radio->event_count = kept;
}

static void end_attempt(struct simulated_radio *radio, enum wifi_reason reason)
{
    radio->station = SIMULATED_RADIO_IDLE;
    (void)happen(radio, WIFI_EVENT_FAILED, reason);
}

static void seek(struct simulated_radio *radio)
{
    const struct wifi_credentials *wanted = &radio->credentials;

    for (unsigned i = 0; i < radio->script.network_count; i++) {
        const struct radio_network *network = &radio->script.networks[i];
        if (network->is_on && network->ssid_size == wanted->ssid_size &&
            memcmp(network->ssid, wanted->ssid, wanted->ssid_size) == 0) {
            radio->network = (uint8_t)i;
            radio->station = SIMULATED_RADIO_JOINING;
            radio->next_ms += network->join_ms;
            return;
        }
    }
    end_attempt(radio, WIFI_REASON_NOT_FOUND);
}

static void join(struct simulated_radio *radio)
{
    const struct radio_network *network = &radio->script.networks[radio->network];

    if (strcmp(network->password, radio->credentials.password) != 0) {
        end_attempt(radio, WIFI_REASON_AUTH_FAILED);
        return;
    }
    radio->station = SIMULATED_RADIO_ASKING;
    const bool is_late = network->never_dhcp || network->dhcp_ms > SIMULATED_RADIO_DHCP_LIMIT_MS;
    radio->next_ms += is_late ? SIMULATED_RADIO_DHCP_LIMIT_MS : network->dhcp_ms;
}

static void take_address(struct simulated_radio *radio)
{
    const struct radio_network *network = &radio->script.networks[radio->network];

    if (network->never_dhcp || network->dhcp_ms > SIMULATED_RADIO_DHCP_LIMIT_MS) {
        end_attempt(radio, WIFI_REASON_NO_ADDRESS);
        return;
    }
    radio->station = SIMULATED_RADIO_CONNECTED;
    struct wifi_event *event = happen(radio, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    (void)snprintf(event->address, sizeof event->address, "192.168.%u.23", radio->network + 77u);
}

static void list(struct simulated_radio *radio)
{
    radio->is_scanning = false;
    radio->found_count = 0;
    for (unsigned i = 0; i < radio->script.network_count; i++) {
        const struct radio_network *network = &radio->script.networks[i];
        if (!network->is_on) {
            continue;
        }
        struct wifi_network found = { .ssid_size = network->ssid_size,
                                      .channel = network->channel,
                                      .rssi_dbm = network->rssi_dbm,
                                      .secure = network->password[0] != '\0' };
        memcpy(found.ssid, network->ssid, network->ssid_size);
        unsigned place = radio->found_count++;
        for (; place > 0 && radio->found[place - 1].rssi_dbm < found.rssi_dbm; place--) {
            radio->found[place] = radio->found[place - 1];
        }
        radio->found[place] = found;
    }
    (void)happen(radio, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
}

/// A network has gone: whoever used it notices.
static void lose(struct simulated_radio *radio, unsigned network)
{
    if (radio->network != network || radio->station < SIMULATED_RADIO_JOINING) {
        return;
    }
    if (radio->station == SIMULATED_RADIO_CONNECTED) {
        radio->station = SIMULATED_RADIO_IDLE;
        (void)happen(radio, WIFI_EVENT_LOST, WIFI_REASON_LOST);
    } else {
        end_attempt(radio, WIFI_REASON_LOST);
    }
}

static void carry_out(struct simulated_radio *radio, const struct radio_change *change)
{
    struct radio_network *network = &radio->script.networks[change->network];

    switch (change->kind) {
    case RADIO_CHANGE_OFF:
        network->is_on = false;
        lose(radio, change->network);
        break;
    case RADIO_CHANGE_ON:
        network->is_on = true;
        break;
    case RADIO_CHANGE_PASSWORD:
        memcpy(network->password, change->after.password, sizeof network->password);
        break;
    case RADIO_CHANGE_DHCP:
        network->dhcp_ms = change->after.dhcp_ms;
        network->never_dhcp = change->after.never_dhcp;
        break;
    case RADIO_CHANGE_RSSI:
        network->rssi_dbm = change->after.rssi_dbm;
        break;
    }
}

/// Ends the present part of an attempt.
static void go_on(struct simulated_radio *radio)
{
    switch (radio->station) {
    case SIMULATED_RADIO_SEEKING:
        seek(radio);
        break;
    case SIMULATED_RADIO_JOINING:
        join(radio);
        break;
    case SIMULATED_RADIO_ASKING:
        take_address(radio);
        break;
    case SIMULATED_RADIO_IDLE:
    case SIMULATED_RADIO_CONNECTED:
        break;
    }
}

static bool is_attempting(const struct simulated_radio *radio)
{
    return radio->station != SIMULATED_RADIO_IDLE && radio->station != SIMULATED_RADIO_CONNECTED;
}

void simulated_radio_advance(struct simulated_radio *radio, uint64_t now_ms)
{
    enum { NOTHING, CHANGE, SCAN, STATION } first;

    // One thing after the other, in the order of their times.
    do {
        uint64_t first_ms = now_ms;
        first = NOTHING;
        if (radio->changes_done < radio->script.change_count &&
            radio->script.changes[radio->changes_done].at_ms <= first_ms) {
            first = CHANGE;
            first_ms = radio->script.changes[radio->changes_done].at_ms;
        }
        if (radio->is_scanning && radio->scan_end_ms <= first_ms) {
            first = SCAN;
            first_ms = radio->scan_end_ms;
        }
        if (is_attempting(radio) && radio->next_ms <= first_ms) {
            first = STATION;
            first_ms = radio->next_ms;
        }
        radio->now_ms = first_ms;
        if (first == CHANGE) {
            carry_out(radio, &radio->script.changes[radio->changes_done++]);
        } else if (first == SCAN) {
            list(radio);
        } else if (first == STATION) {
            go_on(radio);
        }
    } while (first != NOTHING);
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    struct simulated_radio *radio = ctx;
    const size_t size = strlen(ssid);

    if (strlen(password) < WIFI_PASSWORD_LEAST || size == 0 || size > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    memcpy(radio->hotspot_ssid, ssid, size + 1);
    radio->hotspot = true;
    return STATUS_OK;
}

static void close_hotspot(void *ctx)
{
    struct simulated_radio *radio = ctx;
    radio->hotspot = false;
}

static enum status scan(void *ctx)
{
    struct simulated_radio *radio = ctx;

    if (radio->is_scanning || is_attempting(radio)) {
        return STATUS_BUSY;
    }
    radio->is_scanning = true;
    radio->scan_end_ms = radio->now_ms + radio->script.scan_ms;
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    const struct simulated_radio *radio = ctx;
    const size_t count = radio->found_count < capacity ? radio->found_count : capacity;
    memcpy(out, radio->found, count * sizeof *out);
    return count;
}

static void disconnect(void *ctx)
{
    struct simulated_radio *radio = ctx;
    radio->station = SIMULATED_RADIO_IDLE;
    forget_station_events(radio);
}

static enum status connect(void *ctx, const struct wifi_credentials *credentials)
{
    struct simulated_radio *radio = ctx;

    if (credentials->ssid_size == 0 || credentials->ssid_size > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    if (radio->is_scanning) {
        return STATUS_BUSY;
    }
    disconnect(radio);
    radio->credentials = *credentials;
    radio->station = SIMULATED_RADIO_SEEKING;
    radio->next_ms = radio->now_ms + radio->script.scan_ms;
    return STATUS_OK;
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    struct simulated_radio *radio = ctx;

    if (radio->event_count == 0) {
        return STATUS_MISSING;
    }
    *event = radio->events[0];
    memmove(radio->events, radio->events + 1, (--radio->event_count) * sizeof radio->events[0]);
    return STATUS_OK;
}

struct wifi simulated_radio_seam(struct simulated_radio *radio)
{
    return (struct wifi){ .open_hotspot = open_hotspot,
                          .close_hotspot = close_hotspot,
                          .scan = scan,
                          .networks = networks,
                          .connect = connect,
                          .disconnect = disconnect,
                          .next_event = next_event,
                          .ctx = radio };
}

bool simulated_radio_has_hotspot(const struct simulated_radio *radio)
{
    return radio->hotspot;
}

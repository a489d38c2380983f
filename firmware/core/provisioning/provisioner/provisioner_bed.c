// SPDX-License-Identifier: MIT
#include "provisioner_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fleet_fake fake;
struct fake_radio radio;
struct provisioner provisioner;
struct portal_host host;
uint64_t now_ms;
const char *device_name;
char last_trouble[64];

void happen(enum wifi_event_kind kind, enum wifi_reason reason)
{
    struct wifi_event *event = &radio.events[radio.event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    if (kind == WIFI_EVENT_CONNECTED) {
        memcpy(event->address, "192.168.1.9", 12);
    }
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    (void)ctx;
    assert_string_equal(ssid, "Ohm-000001");
    assert_string_equal(password, "of-this-device");
    assert_false(radio.hotspot);
    radio.hotspot = true;
    radio.hotspot_opened++;
    return STATUS_OK;
}

static void close_hotspot(void *ctx)
{
    (void)ctx;
    radio.hotspot = false;
}

static enum status scan(void *ctx)
{
    (void)ctx;
    radio.scans++;
    happen(WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    (void)ctx;
    assert_true(capacity > 0);
    if (radio.scans == 0) {
        return 0;
    }
    out[0] = (struct wifi_network){ .ssid = "home", .ssid_size = 4, .rssi_dbm = -50 };
    return 1;
}

static enum status connect(void *ctx, const struct wifi_credentials *credentials)
{
    (void)ctx;
    radio.attempts++;
    radio.is_up = false;
    radio.event_count = 0;
    radio.is_trying = true;
    radio.tried = *credentials;
    radio.answer_ms = now_ms + JOIN_MS;
    return STATUS_OK;
}

static void disconnect(void *ctx)
{
    (void)ctx;
    radio.is_trying = false;
    radio.is_up = false;
    radio.event_count = 0;
}

static void mind_radio(void)
{
    if (!radio.is_trying || radio.never_answers || now_ms < radio.answer_ms) {
        return;
    }
    const bool is_home =
        radio.is_there && radio.tried.ssid_size == 4 && memcmp(radio.tried.ssid, "home", 4) == 0;
    radio.is_trying = false;
    if (!is_home) {
        happen(WIFI_EVENT_FAILED, WIFI_REASON_NOT_FOUND);
    } else if (strcmp(radio.tried.password, "password1") != 0) {
        happen(WIFI_EVENT_FAILED, WIFI_REASON_AUTH_FAILED);
    } else if (radio.failure != WIFI_REASON_NONE) {
        happen(WIFI_EVENT_FAILED, radio.failure);
    } else {
        radio.is_up = true;
        happen(WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
    }
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    (void)ctx;
    if (radio.event_count == 0) {
        return STATUS_MISSING;
    }
    *event = radio.events[0];
    radio.event_count--;
    memmove(radio.events, radio.events + 1, radio.event_count * sizeof radio.events[0]);
    return STATUS_OK;
}

static const struct wifi wifi = { .open_hotspot = open_hotspot,
                                  .close_hotspot = close_hotspot,
                                  .scan = scan,
                                  .networks = networks,
                                  .connect = connect,
                                  .disconnect = disconnect,
                                  .next_event = next_event };

static void notice(void *ctx, enum provisioner_notice kind, const char *text)
{
    (void)ctx;
    if (kind == PROVISIONER_TROUBLE) {
        memset(last_trouble, 0, sizeof last_trouble);
        memcpy(last_trouble, text, strlen(text));
    }
}

void boot(void)
{
    const struct provisioner_parts parts = {
        .device = { .device_id = device_name,
                    .hotspot_ssid = "Ohm-000001",
                    .hotspot_password = "of-this-device",
                    .hotspot_address = "192.168.4.1",
                    .portal_port = 80,
                    .allow_plain = true,
                    .portal_origin = "" },
        .values = &fake.key_value,
        .keystore = &fake.keystore,
        .wifi = &wifi,
        .http = &fake.http,
        .csr = &fake.csr,
        .clock = &fake.clock,
        .entropy = &fake.entropy,
        .crypto = &fake.crypto,
        .attester = &fake.attester,
        .notice = notice,
    };
    radio = (struct fake_radio){ .is_there = true };
    now_ms = 0;
    provisioner_init(&provisioner, &parts);
    host = provisioner_portal_host(&provisioner);
}

int start(void **state)
{
    (void)state;
    device_name = "meter-1";
    fleet_fake_init(&fake, "token-1");
    boot();
    return 0;
}

void run(uint64_t duration_ms)
{
    for (const uint64_t end_ms = now_ms + duration_ms; now_ms < end_ms && !fake.is_dead;) {
        now_ms += STEP_MS;
        mind_radio();
        while (provisioner_step(&provisioner, now_ms) == 0) {
        }
    }
}

void run_to(enum provisioning_state wanted)
{
    for (unsigned i = 0; i < 36000 && provisioner_state(&provisioner) != wanted; i++) {
        run(STEP_MS);
    }
    assert_string_equal(provisioning_state_name(provisioner_state(&provisioner)),
                        provisioning_state_name(wanted));
}

enum status submit(const char *ssid, const char *password, const char *id, const char *token)
{
    static struct portal_submission submission;
    submission = (struct portal_submission){ .wifi = { .ssid_size = (uint8_t)strlen(ssid) } };
    memcpy(submission.wifi.ssid, ssid, strlen(ssid));
    memcpy(submission.wifi.password, password, strlen(password));
    memcpy(submission.device_id, id, strlen(id));
    memcpy(submission.token, token, strlen(token));
    return host.submit(host.ctx, &submission);
}

struct portal_status status_of(void)
{
    struct portal_status status;
    host.status(host.ctx, &status);
    return status;
}

struct portal_facts facts_of(void)
{
    struct portal_facts facts;
    host.facts(host.ctx, &facts);
    return facts;
}

void provision(void)
{
    run_to(PROVISIONING_AP_MODE);
    assert_int_equal(submit("home", "password1", "meter-1", "token-1"), STATUS_OK);
    run_to(PROVISIONING_MQTT_CONNECTING);
    provisioner_session_is_up(&provisioner);
    run_to(PROVISIONING_MQTT_CONNECTED);
}

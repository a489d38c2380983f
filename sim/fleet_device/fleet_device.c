// SPDX-License-Identifier: MIT
#include "fleet_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>
#include <openssl/rand.h>

#include "fleet_identity.h"

enum {
    KEEPALIVE_S = 60,
    REASON_NOT_AUTHORISED = 5, // CONNACK of MQTT 3.1.1, section 3.2.2.3.
    READING_US = 1000000,
    BATCH_CAPACITY = 4096,
    ACK_TEXT_LIMIT = 256,
};

static void subscribe_to_acks(struct mosquitto *session, void *ctx, int reason)
{
    struct fleet_device *device = ctx;
    char topic[FLEET_ID_SIZE + 32];

    device->refused = reason == REASON_NOT_AUTHORISED;
    device->counts.refusals += device->refused ? 1u : 0u;
    device->let_in = reason == 0;
    if (reason != 0) {
        return;
    }
    (void)snprintf(topic, sizeof topic, "energy_meter/%s/ack", device->id);
    (void)mosquitto_subscribe(session, NULL, topic, 1);
}

static void note_subscribed(struct mosquitto *session, void *ctx, int message_id, int count,
                            const int *granted)
{
    struct fleet_device *device = ctx;
    (void)session;
    (void)message_id;
    device->subscribed = count == 1 && granted[0] < 0x80;
}

static void note_taken(struct mosquitto *session, void *ctx, int message_id)
{
    struct fleet_device *device = ctx;
    (void)session;
    (void)message_id;
    device->counts.taken++;
}

static void note_lost(struct mosquitto *session, void *ctx, int reason)
{
    struct fleet_device *device = ctx;
    (void)session;
    (void)reason;
    device->counts.disconnects += device->let_in ? 1u : 0u;
    device->let_in = false;
    device->subscribed = false;
}

static void take_watermark(struct fleet_device *device, uint64_t watermark)
{
    if (watermark <= device->watermark || watermark >= device->sent_end) {
        return;
    }
    if (device->oldest_unacknowledged_seq <= watermark) {
        const uint64_t latency_us = device->now_us - device->oldest_unacknowledged_us;
        device->counts.latency_us_sum += latency_us;
        device->counts.latency_count++;
        if (latency_us > device->counts.latency_us_max) {
            device->counts.latency_us_max = latency_us;
        }
        device->oldest_unacknowledged_seq = UINT64_MAX;
    }
    device->watermark = watermark;
    // After a rewind the server may have more than was sent again.
    if (device->next_seq <= watermark) {
        device->next_seq = watermark + 1;
    }
    device->counts.acknowledged = watermark;
}

/// Finds the number behind `"watermark":`. The full parser is the device's; a load generator that
/// spent its time on parsing would measure itself.
static void read_ack(struct mosquitto *session, void *ctx, const struct mosquitto_message *message)
{
    static const char member[] = "\"watermark\":";
    struct fleet_device *device = ctx;
    char text[ACK_TEXT_LIMIT];
    (void)session;

    if (message->payloadlen <= 0 || (size_t)message->payloadlen >= sizeof text) {
        return;
    }
    memcpy(text, message->payload, (size_t)message->payloadlen);
    text[message->payloadlen] = '\0';
    const char *found = strstr(text, member);
    if (found != NULL) {
        take_watermark(device, strtoull(found + strlen(member), NULL, 10));
    }
}

static void fill_reading(struct fleet_device *device)
{
    struct reading *reading = &device->reading;
    *reading = (struct reading){
        .window_us = READING_US, .frequency_mhz = 50000, .channels = 0xff, .connected = 0xff
    };
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        reading->channel[channel] = (struct reading_channel){
            .voltage_10mv = 23012,
            .current_100ua = 10000 + 1000 * channel,
            .active_power_10mw = 22500 + (int32_t)(2250 * channel),
            .reactive_power_10mvar = 4800,
            .apparent_power_10mva = 23012 + 2301 * channel,
            .power_factor_1e4 = 9777,
            .fundamental_voltage_10mv = 23008,
            .fundamental_current_100ua = 9990 + 1000 * channel,
            .fundamental_power_10mw = 22490 + (int32_t)(2250 * channel),
        };
    }
}

enum status fleet_device_open(struct fleet_device *device, const char *id, SSL_CTX *tls,
                              uint64_t window)
{
    *device = (struct fleet_device){ .tls = tls,
                                     .next_seq = 1,
                                     .sent_end = 1,
                                     .window = window,
                                     .oldest_unacknowledged_seq = UINT64_MAX };
    if (strlen(id) >= sizeof device->id) {
        return STATUS_INVALID;
    }
    (void)snprintf(device->id, sizeof device->id, "%s", id);
    fill_reading(device);
    return RAND_bytes(device->journal_id, sizeof device->journal_id) == 1 ? STATUS_OK : STATUS_IO;
}

static enum status begin_session(struct fleet_device *device)
{
    device->session = mosquitto_new(device->id, true, device);
    if (device->session == NULL ||
        mosquitto_void_option(device->session, MOSQ_OPT_SSL_CTX, device->tls) != MOSQ_ERR_SUCCESS) {
        return STATUS_IO;
    }
    (void)mosquitto_int_option(device->session, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    (void)mosquitto_max_inflight_messages_set(device->session, 0);
    mosquitto_connect_callback_set(device->session, subscribe_to_acks);
    mosquitto_subscribe_callback_set(device->session, note_subscribed);
    mosquitto_publish_callback_set(device->session, note_taken);
    mosquitto_disconnect_callback_set(device->session, note_lost);
    mosquitto_message_callback_set(device->session, read_ack);
    return STATUS_OK;
}

/// libmosquitto would send again by itself what it still has; the journal decides that here.
void fleet_device_drop(struct fleet_device *device)
{
    if (device->session != NULL) {
        mosquitto_destroy(device->session);
        device->session = NULL;
    }
    device->let_in = false;
    device->subscribed = false;
}

void fleet_device_close(struct fleet_device *device)
{
    if (device->session != NULL) {
        (void)mosquitto_disconnect(device->session);
    }
    fleet_device_drop(device);
    fleet_identity_close(device->tls);
    *device = (struct fleet_device){ 0 };
}

enum status fleet_device_connect(struct fleet_device *device, const char *host, int port)
{
    fleet_device_drop(device);
    fleet_device_rewind(device);
    enum status status = begin_session(device);
    if (status == STATUS_OK &&
        mosquitto_connect(device->session, host, port, KEEPALIVE_S) != MOSQ_ERR_SUCCESS) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        fleet_device_drop(device);
    }
    return status;
}

int fleet_device_socket(const struct fleet_device *device)
{
    return device->session == NULL ? -1 : mosquitto_socket(device->session);
}

bool fleet_device_wants_write(const struct fleet_device *device)
{
    return device->session != NULL && mosquitto_want_write(device->session);
}

enum status fleet_device_service(struct fleet_device *device, bool readable, bool writable,
                                 uint64_t now_us)
{
    int result = MOSQ_ERR_SUCCESS;

    if (device->session == NULL) {
        return STATUS_IO;
    }
    device->now_us = now_us;
    if (readable) {
        result = mosquitto_loop_read(device->session, 1);
    }
    if (result == MOSQ_ERR_SUCCESS && writable) {
        result = mosquitto_loop_write(device->session, 1);
    }
    if (result == MOSQ_ERR_SUCCESS && !readable && !writable) {
        result = mosquitto_loop_misc(device->session);
    }
    return result == MOSQ_ERR_SUCCESS ? STATUS_OK : STATUS_IO;
}

void fleet_device_rewind(struct fleet_device *device)
{
    device->next_seq = device->watermark + 1;
}

bool fleet_device_can_publish(const struct fleet_device *device)
{
    return device->subscribed && device->next_seq - 1 - device->watermark < device->window;
}

enum status fleet_device_publish(struct fleet_device *device, uint64_t now_us)
{
    uint8_t payload[BATCH_CAPACITY];
    size_t size = 0;
    char topic[FLEET_ID_SIZE + 32];
    struct record record = { .kind = RECORD_KIND_READING, .reading = device->reading };
    struct batch_header header = {
        .boot_id = 1, .first_seq = device->next_seq, .oldest_seq = device->watermark + 1, .count = 1
    };

    memcpy(header.journal_id, device->journal_id, sizeof header.journal_id);
    record.reading.uptime_ms = device->next_seq * (READING_US / 1000);
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        struct reading_channel *registers = &record.reading.channel[channel];
        registers->import_mj = (int64_t)(device->next_seq * 225000);
        registers->reactive_mvars[0] = (int64_t)(device->next_seq * 48000);
        record.reading.total.import_mj[0] += registers->import_mj;
        record.reading.total.reactive_mvars[0] += registers->reactive_mvars[0];
    }
    enum status status = batch_encode(&header, &record, payload, sizeof payload, &size);
    if (status != STATUS_OK) {
        return status;
    }
    (void)snprintf(topic, sizeof topic, "energy_meter/%s/batch", device->id);
    if (mosquitto_publish(device->session, NULL, topic, (int)size, payload, 1, false) !=
        MOSQ_ERR_SUCCESS) {
        return STATUS_IO;
    }
    if (device->oldest_unacknowledged_seq == UINT64_MAX) {
        device->oldest_unacknowledged_seq = device->next_seq;
        device->oldest_unacknowledged_us = now_us;
    }
    device->next_seq++;
    device->sent_end = device->next_seq > device->sent_end ? device->next_seq : device->sent_end;
    device->counts.published++;
    return STATUS_OK;
}

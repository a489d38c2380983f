// SPDX-License-Identifier: MIT
#include "fake_fleet.h"

#include <string.h>

#include "json_writer.h"

enum { ACK_PERIOD_MS = 1000 };

static bool chance(struct fake_fleet *fleet, uint32_t one_in)
{
    fleet->random = fleet->random * 1664525u + 1013904223u;
    return fleet->unwell && (fleet->random >> 8) % one_in == 0;
}

static void drop_session(struct fake_fleet *fleet)
{
    fleet->connected = false;
    fleet->connecting = false;
    fleet->tells_loss = true;
    fleet->inbox_count = 0;
    fleet->subscriptions = 0;
}

/// Counts a call. @return false  the session is gone.
static bool survives(struct fake_fleet *fleet)
{
    if (fleet->connected && (fleet->calls_left == 0 || chance(fleet, 400))) {
        fleet->calls_left = FAKE_FLEET_NEVER;
        drop_session(fleet);
    }
    if (fleet->calls_left > 0) {
        fleet->calls_left--;
    }
    return fleet->connected;
}

static enum status start_connect(void *ctx, const struct mqtt_will *will)
{
    struct fake_fleet *fleet = ctx;
    fleet->connects++;
    fleet->connected = false;
    fleet->connecting = true;
    fleet->inbox_count = 0;
    strncpy(fleet->will, will->payload, sizeof fleet->will - 1);
    return STATUS_OK;
}

static bool ends_in(const char *topic, const char *leaf)
{
    const size_t topic_size = strlen(topic);
    const size_t leaf_size = strlen(leaf);
    return topic_size > leaf_size && topic[topic_size - leaf_size - 1] == '/' &&
           strcmp(topic + topic_size - leaf_size, leaf) == 0;
}

static void put_message(struct fake_message *message, const char *topic, const void *payload,
                        size_t size, bool retained)
{
    *message = (struct fake_message){ .retained = retained };
    strncpy(message->topic, topic, sizeof message->topic - 1);
    message->size = size < FAKE_FLEET_TEXT - 1 ? size : FAKE_FLEET_TEXT - 1;
    memcpy(message->payload, payload, message->size);
}

static void store(struct fake_fleet *fleet, const void *payload, size_t size)
{
    struct batch_header *header = &fleet->header;

    if (fleet->deaf || chance(fleet, 3) ||
        batch_decode(payload, size, header, fleet->records) != STATUS_OK) {
        return;
    }
    fleet->batches++;
    memcpy(fleet->journal_id, header->journal_id, sizeof fleet->journal_id);
    for (uint32_t i = 0; i < header->count; i++) {
        const uint64_t seq = header->first_seq + i;
        if (seq < FAKE_FLEET_RECORDS) {
            fleet->repeats += fleet->stored[seq];
            fleet->stored[seq] = true;
        }
    }
    while (fleet->watermark + 1 < FAKE_FLEET_RECORDS && fleet->stored[fleet->watermark + 1]) {
        fleet->watermark++;
    }
    fleet->ack_due = true;
}

static enum status publish(void *ctx, const char *topic, const void *payload, size_t size, int qos,
                           bool retain, int *message_id)
{
    struct fake_fleet *fleet = ctx;

    if (!survives(fleet)) {
        return STATUS_IO;
    }
    if (chance(fleet, 20)) {
        return STATUS_BUSY;
    }
    *message_id = ++fleet->next_id;
    fleet->published_id = qos > 0 ? *message_id : 0;
    if (ends_in(topic, "batch")) {
        store(fleet, payload, size);
    } else {
        put_message(&fleet->sent[fleet->sent_count++ % FAKE_FLEET_SENT], topic, payload, size,
                    retain);
    }
    return STATUS_OK;
}

static enum status subscribe(void *ctx, const char *topic, int qos)
{
    struct fake_fleet *fleet = ctx;
    (void)topic;
    (void)qos;
    if (!survives(fleet)) {
        return STATUS_IO;
    }
    fleet->subscriptions++;
    return STATUS_OK;
}

static enum status next_event(void *ctx, struct mqtt_event *event)
{
    struct fake_fleet *fleet = ctx;

    if (fleet->tells_loss) {
        fleet->tells_loss = false;
        *event =
            (struct mqtt_event){ .kind = MQTT_SESSION_DISCONNECTED, .reason = "the wire broke" };
        return STATUS_OK;
    }
    if (fleet->connecting && fleet->refuses) {
        fleet->connecting = false;
        *event = (struct mqtt_event){ .kind = MQTT_SESSION_DISCONNECTED, .reason = "refused" };
        return STATUS_OK;
    }
    if (fleet->connecting) {
        fleet->connecting = false;
        fleet->connected = true;
        *event = (struct mqtt_event){ .kind = MQTT_SESSION_CONNECTED };
        return STATUS_OK;
    }
    if (fleet->published_id != 0) {
        *event = (struct mqtt_event){ .kind = MQTT_SESSION_PUBLISHED,
                                      .message_id = fleet->published_id };
        fleet->published_id = 0;
        return STATUS_OK;
    }
    if (fleet->inbox_count == 0) {
        return STATUS_MISSING;
    }
    // Where the network repeats, the message stays for another time, behind newer ones.
    const unsigned which = chance(fleet, 2) ? fleet->inbox_count - 1 : 0;
    fleet->in_hand = fleet->inbox[which];
    if (!chance(fleet, 4)) {
        memmove(&fleet->inbox[which], &fleet->inbox[which + 1],
                (fleet->inbox_count - which - 1) * sizeof fleet->inbox[0]);
        fleet->inbox_count--;
    }
    *event = (struct mqtt_event){ .kind = MQTT_SESSION_MESSAGE,
                                  .topic = fleet->in_hand.topic,
                                  .payload = (const uint8_t *)fleet->in_hand.payload,
                                  .payload_size = fleet->in_hand.size,
                                  .retained = fleet->in_hand.retained };
    return STATUS_OK;
}

static void disconnect(void *ctx)
{
    struct fake_fleet *fleet = ctx;
    fleet->disconnects++;
    drop_session(fleet);
    fleet->tells_loss = false;
}

void fake_fleet_init(struct fake_fleet *fleet, uint32_t seed)
{
    *fleet = (struct fake_fleet){ .calls_left = FAKE_FLEET_NEVER, .random = seed };
}

struct mqtt_session fake_fleet_session(struct fake_fleet *fleet)
{
    return (struct mqtt_session){ .connect = start_connect,
                                  .publish = publish,
                                  .subscribe = subscribe,
                                  .next_event = next_event,
                                  .disconnect = disconnect,
                                  .ctx = fleet };
}

void fake_fleet_send(struct fake_fleet *fleet, const char *topic, const char *payload)
{
    if (fleet->connected && fleet->inbox_count < FAKE_FLEET_INBOX) {
        put_message(&fleet->inbox[fleet->inbox_count++], topic, payload, strlen(payload), false);
    }
}

void fake_fleet_step(struct fake_fleet *fleet, uint64_t now_ms, int64_t utc_ms)
{
    static const char digits[] = "0123456789abcdef";
    char id[2 * JOURNAL_ID_SIZE + 1] = "";
    char text[256];
    size_t size = 0;
    struct json_writer json;

    if (!fleet->ack_due || fleet->deaf || now_ms - fleet->acked_ms < ACK_PERIOD_MS) {
        return;
    }
    fleet->ack_due = false;
    fleet->acked_ms = now_ms;
    for (unsigned i = 0; i < JOURNAL_ID_SIZE; i++) {
        id[2 * i] = digits[fleet->journal_id[i] >> 4];
        id[2 * i + 1] = digits[fleet->journal_id[i] & 0x0F];
    }
    json_writer_init(&json, text, sizeof text);
    json_writer_begin_object(&json, NULL);
    json_writer_string(&json, "journal_id", id);
    json_writer_unsigned(&json, "watermark", fleet->watermark);
    json_writer_integer(&json, "utc_ms", utc_ms);
    json_writer_end_object(&json);
    if (json_writer_finish(&json, &size) == STATUS_OK && !chance(fleet, 3)) {
        fake_fleet_send(fleet, "energy_meter/meter-1/ack", text);
    }
}

const struct fake_message *fake_fleet_last(const struct fake_fleet *fleet, const char *leaf)
{
    for (unsigned i = 0; i < FAKE_FLEET_SENT && i < fleet->sent_count; i++) {
        const struct fake_message *message =
            &fleet->sent[(fleet->sent_count - 1 - i) % FAKE_FLEET_SENT];
        if (ends_in(message->topic, leaf)) {
            return message;
        }
    }
    return NULL;
}

unsigned fake_fleet_count(const struct fake_fleet *fleet, const char *leaf)
{
    unsigned count = 0;
    for (unsigned i = 0; i < FAKE_FLEET_SENT && i < fleet->sent_count; i++) {
        count += ends_in(fleet->sent[i].topic, leaf);
    }
    return count;
}

void fake_fleet_forget_sent(struct fake_fleet *fleet)
{
    fleet->sent_count = 0;
}

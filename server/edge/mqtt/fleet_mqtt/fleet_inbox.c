// SPDX-License-Identifier: MIT
#include "fleet_inbox.h"

#include <mosquitto.h>
#include <stdio.h>

#include "fleet_payloads.h"
#include "fleet_topics.h"

static uint64_t now_ms(const struct fleet_inbox *inbox)
{
    return inbox->fleet_host->monotonic_ms(inbox->fleet_host->ctx);
}

static void count(const struct fleet_inbox *inbox, enum fleet_counter counter)
{
    fleet_counters_add(inbox->counters, counter, 1);
}

void fleet_inbox_note(struct fleet_inbox *inbox, const char *device_id, const char *what)
{
    unsigned suppressed;
    if (!device_traffic_may_log(inbox->traffic, device_id, now_ms(inbox), &suppressed)) {
        return;
    }
    if (suppressed > 0) {
        fleet_log_line(inbox->log, FLEET_LOG_WARNING,
                       "%s: %s (and %u more lines about it were left out)", device_id, what,
                       suppressed);
    } else {
        fleet_log_line(inbox->log, FLEET_LOG_WARNING, "%s: %s", device_id, what);
    }
}

static void note_verdict(struct fleet_inbox *inbox, const char *device_id, enum fleet_topic topic,
                         enum payload_verdict verdict)
{
    char what[96];
    const char *cause = "";
    switch (verdict) {
    case PAYLOAD_OK:
        return;
    case PAYLOAD_MALFORMED:
        count(inbox, FLEET_COUNTER_REFUSED_MALFORMED);
        cause = "is malformed";
        break;
    case PAYLOAD_OVERSIZED:
        count(inbox, FLEET_COUNTER_REFUSED_OVERSIZED);
        cause = "is too large";
        break;
    case PAYLOAD_WRONG_DEVICE:
        count(inbox, FLEET_COUNTER_REFUSED_WRONG_DEVICE);
        cause = "names another device";
        break;
    }
    (void)snprintf(what, sizeof what, "its %s %s: refused", fleet_topic_word(topic), cause);
    fleet_inbox_note(inbox, device_id, what);
}

static void take_batch(struct fleet_inbox *inbox, const char *device_id,
                       const struct mosquitto_message *message)
{
    if (message->payloadlen > BATCH_SIZE_LIMIT) {
        note_verdict(inbox, device_id, FLEET_TOPIC_BATCH, PAYLOAD_OVERSIZED);
        return;
    }
    // The room was asked for before the socket was read; one read may bring several messages.
    if (intake_offer_batch(inbox->intake, device_id, message->payload,
                           (size_t)message->payloadlen) != STATUS_OK) {
        count(inbox, FLEET_COUNTER_REFUSED_STORAGE);
    }
}

static enum payload_verdict take_command_result(struct fleet_inbox *inbox, const char *device_id,
                                                const char *text, size_t size)
{
    struct command_result result;
    const enum payload_verdict verdict =
        payload_read_command_result(text, size, device_id, &result);
    if (verdict != PAYLOAD_OK) {
        return verdict;
    }
    if (result.relay_mask_known &&
        device_registry_report_relays(inbox->devices, device_id, result.relay_mask) != STATUS_OK) {
        return PAYLOAD_OK;
    }
    // A result that nobody waits for any more is normal: it came late, or twice.
    const enum status status = command_tracker_finish(inbox->commands, device_id, &result);
    (void)status;
    return verdict;
}

static enum payload_verdict take_text(struct fleet_inbox *inbox, const char *device_id,
                                      enum fleet_topic topic,
                                      const struct mosquitto_message *message)
{
    const char *text = message->payload != NULL ? message->payload : "";
    const size_t size = (size_t)message->payloadlen;
    enum payload_verdict verdict = PAYLOAD_OK;
    enum status status = STATUS_OK;
    uint8_t relay_mask;
    struct device_status_report report;
    struct reading reading;
    switch (topic) {
    case FLEET_TOPIC_RELAY_STATUS:
        verdict = payload_read_relay_status(text, size, device_id, &relay_mask);
        if (verdict == PAYLOAD_OK) {
            status = device_registry_report_relays(inbox->devices, device_id, relay_mask);
        }
        break;
    case FLEET_TOPIC_SYSTEM_STATUS:
        verdict = payload_read_system_status(text, size, device_id, &report);
        if (verdict == PAYLOAD_OK) {
            report.retained = message->retain;
            status = device_registry_report_status(inbox->devices, device_id, &report);
        }
        break;
    case FLEET_TOPIC_COMMAND_RESULT:
        verdict = take_command_result(inbox, device_id, text, size);
        break;
    case FLEET_TOPIC_DATA:
        verdict = payload_read_data(text, size, device_id, &reading);
        if (verdict == PAYLOAD_OK) {
            status = intake_offer_data(inbox->intake, device_id, &reading);
        }
        break;
    case FLEET_TOPIC_BATCH:
    case FLEET_TOPIC_REALTIME:
    case FLEET_TOPIC_COUNT:
        break;
    }
    if (status == STATUS_FULL) {
        count(inbox, FLEET_COUNTER_REFUSED_STORAGE);
    }
    return verdict;
}

static bool may_take(const struct fleet_inbox *inbox, enum fleet_topic topic, const char *device_id)
{
    return topic == FLEET_TOPIC_COMMAND_RESULT
               ? device_traffic_take_result(inbox->traffic, device_id, now_ms(inbox))
               : device_traffic_take(inbox->traffic, device_id, now_ms(inbox));
}

void fleet_inbox_take(struct fleet_inbox *inbox, const struct mosquitto_message *message)
{
    enum fleet_topic topic;
    char device_id[DEVICE_ID_SIZE];
    count(inbox, FLEET_COUNTER_MESSAGES_RECEIVED);
    if (!fleet_topic_parse(message->topic, inbox->lab_device, &topic, device_id)) {
        count(inbox, FLEET_COUNTER_REFUSED_TOPIC);
        return;
    }
    if (!may_take(inbox, topic, device_id)) {
        count(inbox, FLEET_COUNTER_REFUSED_FLOOD);
        fleet_inbox_note(inbox, device_id, "it sends more messages than it may; some are dropped");
        return;
    }
    // A retained status and a last will say nothing about life, so they are no sign of it.
    if (topic != FLEET_TOPIC_SYSTEM_STATUS &&
        device_registry_seen(inbox->devices, device_id) != STATUS_OK) {
        fleet_inbox_note(inbox, device_id, "there are too many devices");
    }
    if (topic == FLEET_TOPIC_BATCH) {
        take_batch(inbox, device_id, message);
    } else {
        note_verdict(inbox, device_id, topic, take_text(inbox, device_id, topic, message));
    }
    // Relays are told on change and once a minute; after a restart of this server nobody waits.
    if (device_registry_should_ask_relays(inbox->devices, device_id)) {
        inbox->ask_relays(inbox->ctx, device_id);
    }
}

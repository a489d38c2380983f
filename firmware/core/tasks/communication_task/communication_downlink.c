// SPDX-License-Identifier: MIT
#include "communication_downlink.h"

#include "base64url.h"
#include "json_reader.h"
#include "signed_command.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000, SERVER_TIME_UNCERTAINTY_MS = 2000 };

static void refuse(struct communication_task *task, const char *text)
{
    task->counters.bad_messages++;
    task->parts.notice(task->parts.ctx, COMMUNICATION_BAD_MESSAGE, text);
}

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

static void take_ack(struct communication_task *task, const struct mqtt_event *message,
                     uint64_t now_us)
{
    struct json_reader json;
    char id[2 * JOURNAL_ID_SIZE + 1];
    int64_t watermark = 0;
    int64_t utc_ms = 0;

    if (json_reader_open(&json, message->payload, message->payload_size) != STATUS_OK ||
        json_reader_string(&json, "journal_id", id, sizeof id) != STATUS_OK ||
        json_reader_integer(&json, "watermark", &watermark) != STATUS_OK || watermark < 0) {
        refuse(task, "ack: not as agreed");
        return;
    }
    // A watermark of 0 says that nothing is stored yet.
    if (!same(id, task->journal_id) ||
        (watermark > 0 &&
         !delivery_acknowledge(&task->delivery, (uint64_t)watermark, now_us / US_PER_MS))) {
        task->counters.bad_acks++;
        task->parts.notice(task->parts.ctx, COMMUNICATION_BAD_ACK,
                           same(id, task->journal_id) ? "ack: above what was sent"
                                                      : "ack: for another journal");
        return;
    }
    // Only what speaks of our own journal may tell the time.
    if (json_reader_integer(&json, "utc_ms", &utc_ms) == STATUS_OK) {
        const struct anchor observed = { .uptime_ms = now_us / US_PER_MS,
                                         .utc_ms = utc_ms,
                                         .uncertainty_ms = SERVER_TIME_UNCERTAINTY_MS,
                                         .source = ANCHOR_SOURCE_SERVER };
        task->server_time = observed;
        task->server_time_due = true;
    }
    if ((uint64_t)watermark > task->release_watermark) {
        task->release_watermark = (uint64_t)watermark;
    }
}

/// Hands a request to the button task.
static enum status post(struct communication_task *task, struct relay_request *request, uint32_t id,
                        enum communication_source source)
{
    request->id = id;
    request->source = (uint32_t)source;
    const enum status status = relay_mailbox_post(task->parts.mailbox, request);
    if (status == STATUS_OK) {
        task->requests_under_way++;
    }
    return status;
}

/// Hands a request to the processing task.
static void post_metering(struct communication_task *task, const struct metering_request *request,
                          uint8_t mask)
{
    struct metering_mailbox *mailbox = task->parts.metering;
    if (mailbox == NULL) {
        command_history_settle(&task->history, request->id, COMMAND_INVALID,
                               "this device does not calibrate", mask);
    } else if (metering_mailbox_post(mailbox, request) != STATUS_OK) {
        command_history_settle(&task->history, request->id, COMMAND_BUSY, "too many at once", mask);
    } else {
        command_history_measures(&task->history, request);
        task->metering_under_way = true;
    }
}

/// Answers a command that comes again. One about the measurement is told how that is now; while
/// the processing task is busy with another, without that.
static void repeat(struct communication_task *task, struct command_record *record)
{
    const struct metering_request request = { .id = record->ticket,
                                              .action = record->telling,
                                              .channel = record->channel };
    task->counters.repeated_commands++;
    if (record->settled && record->measures &&
        metering_mailbox_post(task->parts.metering, &request) == STATUS_OK) {
        task->metering_under_way = true;
        record->reply_due = false;
    }
}

/// Tells whether the payload carries the fleet's signature.
static bool is_signed(const struct communication_task *task, const struct mqtt_event *message)
{
    const struct communication_parts *parts = &task->parts;
    return parts->crypto != NULL && parts->command_key != NULL &&
           signed_command_verify(parts->crypto, parts->command_key, message->payload,
                                 message->payload_size) == STATUS_OK;
}

/// Whether the device obeys the message at all. What is refused leaves no trace among the commands
/// that were answered, so that nobody pushes out of there what must not be done twice.
static bool may_command(struct communication_task *task, const struct mqtt_event *message)
{
    if (task->parts.settings->require_signed_commands != 0 && !is_signed(task, message)) {
        refuse(task, "an order without the signature of the fleet's key");
        return false;
    }
    return true;
}

/// Lets the device report on itself, and settles the command with that.
static void attest(struct communication_task *task, uint32_t ticket,
                   const uint8_t nonce[ATTESTER_NONCE_SIZE], uint8_t mask)
{
    static const char opening[] = "{\"report\":\"";
    static const char closing[] = "\"}";
    const struct attester *attester = task->parts.attester;
    uint8_t message[ATTESTER_MESSAGE_LIMIT];
    size_t size = 0;

    if (attester == NULL) {
        command_history_settle(&task->history, ticket, COMMAND_INVALID,
                               "this device has no identity to report with", mask);
        return;
    }
    const enum status status = attester->report(attester->ctx, nonce, message, &size);
    if (status != STATUS_OK) {
        command_history_settle(&task->history, ticket, command_outcome_of(status),
                               "the report could not be signed", mask);
        return;
    }
    char *out = task->report;
    for (size_t i = 0; opening[i] != '\0'; i++) {
        *out++ = opening[i];
    }
    base64url_encode(message, size, out);
    out += BASE64URL_LENGTH(size);
    for (size_t i = 0; i < sizeof closing; i++) {
        *out++ = closing[i];
    }
    task->attested = ticket;
    task->has_report = true;
    command_history_settle(&task->history, ticket, COMMAND_DONE, "", mask);
}

static bool only_tells(enum metering_action action)
{
    return action == METERING_TELL || action == METERING_LINEARITY_TELL ||
           action == METERING_DEMAND_TELL;
}

/// After somebody opened the case, only what tells something, and what clears it, is obeyed.
static bool is_barred(const struct communication_task *task, const struct native_command *command)
{
    return button_task_tamper(task->parts.button).latched && command->kind == COMMAND_METERING &&
           !only_tells(command->metering.action);
}

_Static_assert(COMMUNICATION_REPORT_SIZE > BASE64URL_LENGTH(ATTESTER_MESSAGE_LIMIT) + 14,
               "any report has room");

static void take_native(struct communication_task *task, const struct mqtt_event *message,
                        uint64_t now_us)
{
    struct native_command command;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;
    const uint8_t mask = button_task_relays(task->parts.button).mask;

    if (command_parse_native(message->payload, message->payload_size,
                             task->parts.settings->device_id, &command) != STATUS_OK) {
        refuse(task, "command: not as agreed");
        return;
    }
    struct command_record *record = command_history_repeats(&task->history, command.cmd_id);
    if (record != NULL) {
        repeat(task, record);
        return;
    }
    task->counters.commands++;
    const uint32_t ticket = command_history_add(&task->history, command.cmd_id);
    if (command.fault != NULL) {
        command_history_settle(&task->history, ticket, COMMAND_INVALID, command.fault, mask);
    } else if (!timekeeper_utc_ms(&task->timekeeper, now_us / US_PER_MS, &utc_ms,
                                  &uncertainty_ms)) {
        command_history_settle(&task->history, ticket, COMMAND_REFUSED, "the time is not known",
                               mask);
    } else if (utc_ms >= command.expires_s * 1000) {
        command_history_settle(&task->history, ticket, COMMAND_EXPIRED, "came too late", mask);
    } else if (command.kind == COMMAND_TAMPER_CLEAR && !is_signed(task, message)) {
        command_history_settle(&task->history, ticket, COMMAND_REFUSED,
                               "this needs the signature of the fleet's key", mask);
    } else if (is_barred(task, &command)) {
        command_history_settle(&task->history, ticket, COMMAND_REFUSED,
                               "the case was opened: that must be cleared first", mask);
    } else if (command.kind == COMMAND_ATTEST) {
        attest(task, ticket, command.nonce, mask);
    } else if (command.kind == COMMAND_METERING) {
        command.metering.id = ticket;
        command.metering.utc_s = utc_ms / 1000;
        post_metering(task, &command.metering, mask);
    } else if (post(task, &command.request, ticket, COMMUNICATION_NATIVE) != STATUS_OK) {
        command_history_settle(&task->history, ticket, COMMAND_BUSY, "too many at once", mask);
    }
}

static void wish(struct communication_task *task, enum communication_wish wanted)
{
    if (button_task_tamper(task->parts.button).latched) {
        refuse(task, "commands: the case was opened, and that must be cleared first");
    } else {
        task->wish = wanted;
    }
}

static void execute(struct communication_task *task, struct command *command)
{
    task->counters.commands++;
    switch (command->kind) {
    case COMMAND_SWITCH:
        if (post(task, &command->request, 0, COMMUNICATION_COMPATIBLE) != STATUS_OK) {
            refuse(task, "relay_control: too many at once");
        }
        break;
    case COMMAND_GET_RELAY_STATUS:
        task->relay_status_due = true;
        break;
    case COMMAND_GET_SYSTEM_STATUS:
        task->system_status_due = true;
        break;
    case COMMAND_RESTART:
        wish(task, COMMUNICATION_RESTART);
        break;
    case COMMAND_RESET_WIFI:
        wish(task, COMMUNICATION_RESET_WIFI);
        break;
    case COMMAND_METERING: // Native only, as the next two.
    case COMMAND_ATTEST:
    case COMMAND_TAMPER_CLEAR:
        break;
    }
}

static void take_relay_control(struct communication_task *task, const struct mqtt_event *message)
{
    struct command command;
    if (command_parse_relay_control(message->payload, message->payload_size, &command) !=
        STATUS_OK) {
        refuse(task, "relay_control: not as agreed");
        return;
    }
    execute(task, &command);
}

static void take_text(struct communication_task *task, const struct mqtt_event *message)
{
    struct command command;
    if (command_parse_text(message->payload, message->payload_size, &command) != STATUS_OK) {
        refuse(task, "commands: no such word");
        return;
    }
    execute(task, &command);
}

static void take_lease(struct communication_task *task, const struct mqtt_event *message,
                       uint64_t now_us)
{
    struct json_reader json;
    int64_t seconds = 0;

    if (json_reader_open(&json, message->payload, message->payload_size) != STATUS_OK ||
        json_reader_integer(&json, "realtime_s", &seconds) != STATUS_OK || seconds < 0) {
        refuse(task, "lease: not as agreed");
        return;
    }
    if (seconds > COMMUNICATION_LEASE_LIMIT_S) {
        seconds = COMMUNICATION_LEASE_LIMIT_S;
    }
    task->lease_end_us = now_us + (uint64_t)seconds * US_PER_S;
}

enum status communication_downlink_subscribe(struct communication_task *task)
{
    const struct mqtt_session *session = task->parts.session;

    for (int topic = TOPIC_FIRST_DOWN; topic < TOPIC_COUNT; topic++) {
        char name[TOPICS_NAME_SIZE];
        topics_name(&task->topics, (enum topic)topic, name);
        const enum status status =
            session->subscribe(session->ctx, name, topics_qos((enum topic)topic));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

void communication_downlink_take(struct communication_task *task, const struct mqtt_event *message,
                                 uint64_t now_us)
{
    enum topic topic = TOPIC_COUNT;

    if (topics_find_down(&task->topics, message->topic, &topic) != STATUS_OK) {
        refuse(task, "a message on an unknown topic");
        return;
    }
    // What the broker kept from earlier is not meant for now.
    if (message->retained) {
        refuse(task, "a retained message, which is never obeyed");
        return;
    }
    switch (topic) {
    case TOPIC_ACK:
        take_ack(task, message, now_us);
        break;
    case TOPIC_COMMAND:
        if (may_command(task, message)) {
            take_native(task, message, now_us);
        }
        break;
    case TOPIC_RELAY_CONTROL:
        if (may_command(task, message)) {
            take_relay_control(task, message);
        }
        break;
    case TOPIC_COMMANDS:
        if (may_command(task, message)) {
            take_text(task, message);
        }
        break;
    case TOPIC_LEASE:
        take_lease(task, message, now_us);
        break;
    case TOPIC_BATCH:
    case TOPIC_DATA:
    case TOPIC_REALTIME:
    case TOPIC_RELAY_STATUS:
    case TOPIC_SYSTEM_STATUS:
    case TOPIC_COMMAND_RESULT:
    case TOPIC_COUNT:
        break;
    }
}

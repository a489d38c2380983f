// SPDX-License-Identifier: MIT
#include "communication_uplink.h"

#include "communication_downlink.h"

enum { US_PER_MS = 1000, OBSERVE_US = 1000000, LEASE_CADENCE_MS = 1000 };

static enum status publish(struct communication_task *task, enum topic topic, const void *payload,
                           size_t size, bool retain, int *message_id)
{
    const struct mqtt_session *session = task->parts.session;
    char name[TOPICS_NAME_SIZE];
    int ignored = 0;

    topics_name(&task->topics, topic, name);
    return session->publish(session->ctx, name, payload, size, topics_qos(topic), retain,
                            message_id != NULL ? message_id : &ignored);
}

void communication_uplink_begin(struct communication_task *task, uint64_t now_us)
{
    const struct settings *settings = task->parts.settings;

    delivery_restart(&task->delivery, task->journal_oldest, now_us / US_PER_MS);
    task->relay_status_due = true;
    task->system_status_due = true;
    task->data_us = now_us + (uint64_t)settings->data_ms * US_PER_MS;
    task->realtime_us = now_us;
    task->lease_end_us = now_us;
}

/// Keeps `*anchor` in the journal when the timekeeper asks for it. The lock is held.
static void observe(struct communication_task *task, const struct anchor *anchor)
{
    struct record record = { .kind = RECORD_KIND_ANCHOR, .anchor = *anchor };
    uint64_t seq = 0;

    if (!timekeeper_observe(&task->timekeeper, anchor)) {
        return;
    }
    if (journal_append(task->parts.journal, task->parts.boot_id, &record, &seq) == STATUS_OK) {
        timekeeper_anchored(&task->timekeeper, anchor);
    } else {
        task->parts.notice(task->parts.ctx, COMMUNICATION_STORAGE, "an anchor could not be kept");
    }
}

static void observe_clocks(struct communication_task *task, uint64_t now_us)
{
    const struct clock *clock = task->parts.clock;
    struct anchor host = { .uptime_ms = now_us / US_PER_MS, .source = ANCHOR_SOURCE_HOST };

    if (task->server_time_due) {
        task->server_time_due = false;
        observe(task, &task->server_time);
    }
    if (now_us >= task->observe_us) {
        task->observe_us = now_us + OBSERVE_US;
        if (clock->utc_ms(clock->ctx, &host.utc_ms, &host.uncertainty_ms)) {
            observe(task, &host);
        }
    }
}

void communication_uplink_mind_journal(struct communication_task *task, uint64_t now_us)
{
    const struct lock *lock = task->parts.journal_lock;
    struct journal *journal = task->parts.journal;

    if (!lock->try_acquire(lock->ctx)) {
        return;
    }
    if (task->release_watermark > 0) {
        if (journal_release(journal, task->release_watermark) != STATUS_OK) {
            task->parts.notice(task->parts.ctx, COMMUNICATION_STORAGE,
                               "an acknowledgement could not be noted");
        }
        task->release_watermark = 0;
    }
    observe_clocks(task, now_us);
    task->journal_oldest = journal_oldest_seq(journal);
    task->journal_next = journal_next_seq(journal);
    task->has_reading = journal_latest_reading(journal, &task->reading) == STATUS_OK;
    lock->release(lock->ctx);
}

/// Reads a run of records of one boot. The lock is held. @return their number.
static uint32_t read_run(struct communication_task *task, const struct delivery_batch *wanted,
                         uint32_t *boot_id)
{
    uint32_t count = 0;

    while (count < wanted->count && count < COMMUNICATION_RECORDS) {
        uint32_t boot = 0;
        const enum status status = journal_read(task->parts.journal, wanted->first_seq + count,
                                                &task->records[count], &boot);
        if (status != STATUS_OK) {
            if (count == 0 && status != STATUS_MISSING) {
                task->parts.notice(task->parts.ctx, COMMUNICATION_STORAGE,
                                   status == STATUS_CORRUPT ? "records are damaged and given up"
                                                            : "records cannot be read");
            }
            break;
        }
        if (count > 0 && boot != *boot_id) {
            break;
        }
        *boot_id = boot;
        count++;
    }
    return count;
}

/// Encodes as many of the records as fit. @return their number, 0 when not even one does.
static uint32_t encode(struct communication_task *task, struct batch_header *header, size_t *size)
{
    while (header->count > 0 && batch_encode(header, task->records, task->batch, sizeof task->batch,
                                             size) != STATUS_OK) {
        header->count /= 2;
    }
    return header->count;
}

/// Sends one batch. @return false  there is nothing more to send now.
static bool send_batch(struct communication_task *task, uint64_t now_ms)
{
    const struct lock *lock = task->parts.journal_lock;
    struct batch_header header = { .count = 0 };
    struct delivery_batch wanted;
    size_t size = 0;

    if (!delivery_next(&task->delivery, task->journal_oldest, task->journal_next, now_ms,
                       &wanted) ||
        !lock->try_acquire(lock->ctx)) {
        return false;
    }
    header.first_seq = wanted.first_seq;
    header.count = read_run(task, &wanted, &header.boot_id);
    header.oldest_seq = journal_oldest_seq(task->parts.journal);
    task->journal_oldest = header.oldest_seq;
    lock->release(lock->ctx);

    for (unsigned i = 0; i < JOURNAL_ID_SIZE; i++) {
        header.journal_id[i] = journal_id(task->parts.journal)[i];
    }
    if (encode(task, &header, &size) == 0 ||
        publish(task, TOPIC_BATCH, task->batch, size, false, NULL) != STATUS_OK) {
        return false;
    }
    task->counters.batches++;
    delivery_sent(&task->delivery, header.first_seq, header.count, now_ms);
    return true;
}

/// What is to be told besides the outcome of a command, or NULL.
static const char *detail_of(const struct communication_task *task,
                             const struct command_record *record)
{
    const struct metering_answer *answer =
        task->metering_answered ? metering_mailbox_peek(task->parts.metering) : NULL;
    if (task->has_report && task->attested == record->ticket) {
        return task->report;
    }
    return answer != NULL && answer->id == record->ticket && answer->detail_size > 0
               ? answer->detail
               : NULL;
}

static void send_results(struct communication_task *task)
{
    struct command_record *record = command_history_due(&task->history);

    for (; record != NULL; record = command_history_due(&task->history)) {
        const struct command_result_payload result = {
            .cmd_id = record->cmd_id,
            .status = command_outcome_name(record->outcome),
            .reason = record->reason,
            .relay_mask = record->relay_mask,
            .detail = detail_of(task, record),
        };
        size_t size = 0;
        if (payloads_command_result(&result, task->text, sizeof task->text, &size) != STATUS_OK ||
            publish(task, TOPIC_COMMAND_RESULT, task->text, size, false, NULL) != STATUS_OK) {
            return;
        }
        record->reply_due = false;
    }
    if (task->metering_answered) {
        task->metering_answered = false;
        metering_mailbox_release(task->parts.metering);
    }
}

static void send_relay_status(struct communication_task *task, uint64_t now_us)
{
    const struct relay_status_payload status = {
        .device_id = task->parts.settings->device_id,
        .uptime_us = now_us,
        .changed_us = task->relay_changed_us,
        .relay_mask = button_task_relays(task->parts.button).mask,
    };
    size_t size = 0;

    if (payloads_relay_status(&status, task->text, sizeof task->text, &size) == STATUS_OK &&
        publish(task, TOPIC_RELAY_STATUS, task->text, size, false, NULL) == STATUS_OK) {
        task->relay_status_due = false;
        task->relay_status_us =
            now_us + (uint64_t)task->parts.settings->relay_status_ms * US_PER_MS;
    }
}

static void send_system_status(struct communication_task *task, uint64_t now_us)
{
    const struct tamper_view tamper = button_task_tamper(task->parts.button);
    struct system_status_payload status = {
        .device_id = task->parts.settings->device_id,
        .version = task->parts.version,
        .journal_id = task->journal_id,
        .uptime_us = now_us,
        .journal_depth = task->journal_next - task->journal_oldest,
        .boot_id = task->parts.boot_id,
        .packet_counter = task->packet_id,
        .reference_voltage_10mv =
            task->has_reading ? payloads_reference_voltage_10mv(&task->reading) : 0,
        .relay_mask = button_task_relays(task->parts.button).mask,
        .network_up = true,
        .communication_running = true,
        .has_tamper_switch = tamper.fitted && tamper.known,
        .tampered = tamper.latched,
        .case_open = tamper.open,
        .tamper_count = tamper.count,
    };
    size_t size = 0;

    task->parts.describe(task->parts.ctx, &status);
    if (payloads_system_status(&status, task->text, sizeof task->text, &size) == STATUS_OK &&
        publish(task, TOPIC_SYSTEM_STATUS, task->text, size, true, NULL) == STATUS_OK) {
        task->system_status_due = false;
        task->system_status_us =
            now_us + (uint64_t)task->parts.settings->system_status_ms * US_PER_MS;
    }
}

static void send_data(struct communication_task *task, uint64_t now_us)
{
    const struct data_payload data = { .device_id = task->parts.settings->device_id,
                                       .reading = &task->reading,
                                       .uptime_us = now_us,
                                       .packet_id = task->packet_id + 1 };
    size_t size = 0;

    if (payloads_data(&data, task->text, sizeof task->text, &size) == STATUS_OK &&
        publish(task, TOPIC_DATA, task->text, size, false, NULL) == STATUS_OK) {
        task->packet_id++;
        task->data_us = now_us + (uint64_t)task->parts.settings->data_ms * US_PER_MS;
    }
}

static void send_realtime(struct communication_task *task, uint64_t now_us, uint32_t cadence_ms)
{
    const struct realtime_payload realtime = {
        .device_id = task->parts.settings->device_id,
        .reading = &task->reading,
        .uptime_us = now_us,
        .relay_mask = button_task_relays(task->parts.button).mask,
    };
    size_t size = 0;

    if (payloads_realtime(&realtime, task->text, sizeof task->text, &size) == STATUS_OK &&
        publish(task, TOPIC_REALTIME, task->text, size, false, NULL) == STATUS_OK) {
        task->realtime_us = now_us + (uint64_t)cadence_ms * US_PER_MS;
    }
}

void communication_uplink_publish(struct communication_task *task, uint64_t now_us)
{
    const struct settings *settings = task->parts.settings;
    const uint32_t realtime_ms =
        settings->realtime_ms != 0 ? settings->realtime_ms : LEASE_CADENCE_MS;
    const bool realtime_wanted = settings->realtime_ms != 0 || now_us < task->lease_end_us;

    send_results(task);
    if (task->relay_status_due || now_us >= task->relay_status_us) {
        send_relay_status(task, now_us);
    }
    if (!task->farewell_sent && (task->system_status_due || now_us >= task->system_status_us)) {
        send_system_status(task, now_us);
    }
    if (task->has_reading && settings->data_ms != 0 && now_us >= task->data_us) {
        send_data(task, now_us);
    }
    if (task->has_reading && realtime_wanted && now_us >= task->realtime_us) {
        send_realtime(task, now_us, realtime_ms);
    }
    while (send_batch(task, now_us / US_PER_MS)) {
    }
}

static void take_metering(struct communication_task *task, uint8_t mask)
{
    const struct metering_answer *answer =
        task->metering_under_way ? metering_mailbox_peek(task->parts.metering) : NULL;
    if (answer != NULL) {
        task->metering_under_way = false;
        task->metering_answered = true;
        command_history_settle(&task->history, answer->id, command_outcome_of(answer->status),
                               answer->reason, mask);
    }
}

/// Settles a native command by what the button task says.
static void settle(struct communication_task *task, const struct relay_result *result)
{
    enum command_outcome outcome = command_outcome_of(result->status);
    const char *reason = "";

    if (outcome == COMMAND_BUSY && result->tampered) {
        outcome = COMMAND_REFUSED;
        reason = button_task_tamper(task->parts.button).open
                     ? "the case is open: close it, then clear that"
                     : "the case was opened: that must be cleared first";
    } else if (outcome == COMMAND_BUSY) {
        reason = "a relay is in its dwell time";
    } else if (outcome == COMMAND_FAILED) {
        reason = "the register does not answer";
    } else if (result->status == STATUS_MISSING) {
        reason = "there is nothing to clear";
    } else if (result->status == STATUS_INVALID && result->tampered) {
        reason = "the case was opened another number of times";
    } else if (result->status == STATUS_INVALID) {
        reason = "this device has no such relay";
    }
    command_history_settle(&task->history, result->id, outcome, reason, result->mask);
}

/// Tells at once that the case was opened, closed or cleared.
static void mind_tamper(struct communication_task *task)
{
    const struct tamper_view now = button_task_tamper(task->parts.button);
    const struct tamper_view *before = &task->tamper;

    if (now.known != before->known || now.latched != before->latched || now.open != before->open ||
        now.count != before->count) {
        task->system_status_due = true;
        task->tamper = now;
    }
}

void communication_uplink_take_results(struct communication_task *task, uint64_t now_us)
{
    const struct relay_state relays = button_task_relays(task->parts.button);
    struct relay_result result;

    while (relay_mailbox_take_result(task->parts.mailbox, &result)) {
        task->requests_under_way--;
        task->relay_status_due = true;
        if (result.source == COMMUNICATION_NATIVE) {
            settle(task, &result);
        }
    }
    take_metering(task, relays.mask);
    mind_tamper(task);
    if (relays.changes != task->relay_changes) {
        task->relay_changes = relays.changes;
        task->relay_changed_us = now_us;
        task->relay_status_due = true;
    }
}

void communication_uplink_say_offline(struct communication_task *task)
{
    const char *offline = payloads_offline();
    size_t size = 0;

    while (offline[size] != '\0') {
        size++;
    }
    task->farewell_sent =
        publish(task, TOPIC_SYSTEM_STATUS, offline, size, true, &task->farewell_id) == STATUS_OK;
}

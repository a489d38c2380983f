// SPDX-License-Identifier: MIT
#include "intake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byte_queue.h"

enum { GATHER_SIZE = 32768 }; ///< Bytes in the queue that are worth waking up for within a group.

enum message_kind { MESSAGE_BATCH, MESSAGE_DATA };

/// Stands before the payload in the queue.
struct message_head {
    enum message_kind kind;
    char device_id[DEVICE_ID_SIZE];
    int64_t received_ms;
};

enum { FINDING_CAPACITY = 128 };

/// What became of one message of the group.
struct group_entry {
    char device_id[DEVICE_ID_SIZE];
    struct ingest_outcome outcome;
};

struct intake {
    struct intake_options options;
    struct byte_queue *queue;
    struct ingest *ingest;
    struct group_entry *group; ///< INTAKE_COMMIT_BATCHES of them.
    size_t group_count;
    struct ingest_listener listener;
    struct stored_finding *finding; ///< FINDING_CAPACITY of them: what the group found out.
    size_t finding_count;
    uint64_t retry_ms; ///< Until then the store is left alone; 0: it works.
    bool told_failing; ///< What the sink was told last.
    uint64_t quiet_ms; ///< Until then the sink is told no change.
    pthread_mutex_t mutex;
    char reason[FLEET_REASON_SIZE]; ///< Guarded by the mutex; empty: well.
};

/// Remembers events and spectra until the commit. Those beyond the room are in the store all the
/// same; only whoever follows live does not hear of them.
static void note_finding(void *ctx, const char *device_id,
                         const uint8_t journal_id[JOURNAL_ID_SIZE], const struct finding_row *row)
{
    struct intake *intake = ctx;
    if (row->record->kind == RECORD_KIND_WAVEFORM) {
        for (size_t i = 0; i < intake->finding_count; i++) {
            struct stored_finding *event = &intake->finding[i];
            event->has_waveform =
                event->has_waveform ||
                (event->record.kind == RECORD_KIND_EVENT && event->boot_id == row->boot_id &&
                 finding_subject(&event->record) == finding_subject(row->record) &&
                 strcmp(event->device_id, device_id) == 0);
        }
    }
    if ((row->record->kind != RECORD_KIND_EVENT && row->record->kind != RECORD_KIND_SPECTRUM) ||
        intake->finding_count == FINDING_CAPACITY) {
        return;
    }
    struct stored_finding *finding = &intake->finding[intake->finding_count++];
    *finding = (struct stored_finding){ .seq = row->seq,
                                        .boot_id = row->boot_id,
                                        .time_ms = row->time_ms,
                                        .time_source = row->time_source,
                                        .record = *row->record };
    memcpy(finding->journal_id, journal_id, JOURNAL_ID_SIZE);
    (void)device_id_parse(device_id, strlen(device_id), finding->device_id);
}

struct intake *intake_open(const struct intake_options *options)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) {
        return NULL;
    }
    intake->options = *options;
    (void)pthread_mutex_init(&intake->mutex, NULL);
    intake->queue = byte_queue_open(options->queue_size);
    intake->ingest = ingest_open(options->writer, options->counters);
    intake->group = calloc(INTAKE_COMMIT_BATCHES, sizeof *intake->group);
    intake->finding = calloc(FINDING_CAPACITY, sizeof *intake->finding);
    if (intake->queue == NULL || intake->ingest == NULL || intake->group == NULL ||
        intake->finding == NULL) {
        intake_close(intake);
        return NULL;
    }
    intake->listener = (struct ingest_listener){ .found = note_finding, .ctx = intake };
    ingest_listen(intake->ingest, &intake->listener);
    return intake;
}

void intake_close(struct intake *intake)
{
    if (intake != NULL) {
        byte_queue_close(intake->queue);
        ingest_close(intake->ingest);
        free(intake->group);
        free(intake->finding);
        (void)pthread_mutex_destroy(&intake->mutex);
        free(intake);
    }
}

bool intake_has_room(struct intake *intake, size_t size)
{
    return byte_queue_has_room(intake->queue, sizeof(struct message_head) + size);
}

static enum status offer(struct intake *intake, enum message_kind kind, const char *device_id,
                         const void *body, size_t size)
{
    const struct fleet_host *host = intake->options.host;
    struct message_head head = { .kind = kind, .received_ms = host->utc_ms(host->ctx) };
    if (!device_id_parse(device_id, strlen(device_id), head.device_id)) {
        return STATUS_INVALID;
    }
    return byte_queue_offer(intake->queue, &head, sizeof head, body, size) ? STATUS_OK
                                                                           : STATUS_FULL;
}

enum status intake_offer_batch(struct intake *intake, const char *device_id, const void *payload,
                               size_t size)
{
    return offer(intake, MESSAGE_BATCH, device_id, payload, size);
}

enum status intake_offer_data(struct intake *intake, const char *device_id,
                              const struct reading *reading)
{
    return offer(intake, MESSAGE_DATA, device_id, reading, sizeof *reading);
}

static uint64_t now_ms(const struct intake *intake)
{
    return intake->options.host->monotonic_ms(intake->options.host->ctx);
}

static enum status take_message(struct intake *intake, const uint8_t *message, size_t size)
{
    struct message_head head;
    struct group_entry *entry = &intake->group[intake->group_count];
    memcpy(&head, message, sizeof head);
    memcpy(entry->device_id, head.device_id, DEVICE_ID_SIZE);
    enum status status;
    if (head.kind == MESSAGE_BATCH) {
        status = ingest_take_batch(intake->ingest, head.device_id, message + sizeof head,
                                   size - sizeof head, head.received_ms, &entry->outcome);
    } else {
        struct reading reading;
        memcpy(&reading, message + sizeof head, sizeof reading);
        status = ingest_take_data(intake->ingest, head.device_id, &reading, head.received_ms,
                                  &entry->outcome);
    }
    intake->group_count++;
    return status;
}

/// Tells the sink of a change, unless it was told of one lately. Only the writing thread changes
/// the reason, so it may read it without the mutex.
static void tell_state(struct intake *intake)
{
    const bool failing = intake->reason[0] != '\0';
    const uint64_t time_ms = now_ms(intake);
    if (failing != intake->told_failing && time_ms >= intake->quiet_ms) {
        intake->told_failing = failing;
        intake->quiet_ms = time_ms + INTAKE_TELL_MS;
        intake->options.sink->store_changed(intake->options.sink->ctx, intake->reason);
    }
}

static void set_reason(struct intake *intake, const char *reason)
{
    (void)pthread_mutex_lock(&intake->mutex);
    (void)snprintf(intake->reason, sizeof intake->reason, "%s", reason);
    (void)pthread_mutex_unlock(&intake->mutex);
    tell_state(intake);
}

/// Gives up the group: nothing of it is acknowledged, so the devices will send it again.
static void give_up(struct intake *intake)
{
    char reason[FLEET_REASON_SIZE];
    const struct fleet_writer *writer = intake->options.writer;
    (void)snprintf(reason, sizeof reason, "the store failed: %s", writer->error(writer->ctx));
    writer->rollback(writer->ctx);
    ingest_rolled_back(intake->ingest);
    fleet_counters_add(intake->options.counters, FLEET_COUNTER_COMMITS_FAILED, 1);
    fleet_counters_add(intake->options.counters, FLEET_COUNTER_REFUSED_STORAGE,
                       intake->group_count);
    intake->group_count = 0;
    intake->finding_count = 0;
    intake->retry_ms = now_ms(intake) + INTAKE_RETRY_MS;
    set_reason(intake, reason);
}

/// Tells the registry the newest reading of each device in the group: walking backwards, the first
/// one met is it. Devices met are marked in a small hash table.
static void report_readings(struct intake *intake)
{
    enum { SLOTS = INTAKE_COMMIT_BATCHES * 2 };
    uint16_t slot[SLOTS] = { 0 }; // Index into the group plus one.
    for (size_t i = intake->group_count; i-- > 0;) {
        const struct group_entry *entry = &intake->group[i];
        if (!entry->outcome.has_latest) {
            continue;
        }
        size_t at = 5381;
        for (const char *c = entry->device_id; *c != '\0'; c++) {
            at = at * 33 + (uint8_t)*c;
        }
        at %= SLOTS;
        while (slot[at] != 0 &&
               strcmp(intake->group[slot[at] - 1].device_id, entry->device_id) != 0) {
            at = (at + 1) % SLOTS;
        }
        if (slot[at] == 0) {
            slot[at] = (uint16_t)(i + 1);
            device_registry_report_reading(intake->options.devices, &entry->outcome.latest,
                                           entry->outcome.unacknowledged_data);
        }
    }
}

static void tell_outcomes(struct intake *intake)
{
    const struct intake_sink *sink = intake->options.sink;
    for (size_t i = 0; i < intake->group_count; i++) {
        const struct group_entry *entry = &intake->group[i];
        if (entry->outcome.acknowledge) {
            sink->acknowledge(sink->ctx, entry->device_id, &entry->outcome);
        }
        if (entry->outcome.kind == INGEST_HOLE || entry->outcome.kind == INGEST_MALFORMED ||
            entry->outcome.has_gap || entry->outcome.new_journal) {
            sink->note(sink->ctx, entry->device_id, &entry->outcome);
        }
    }
    report_readings(intake);
    for (size_t i = 0; i < intake->finding_count; i++) {
        device_registry_report_finding(intake->options.devices, &intake->finding[i]);
    }
    intake->group_count = 0;
    intake->finding_count = 0;
}

static void commit_group(struct intake *intake)
{
    const struct fleet_writer *writer = intake->options.writer;
    if (writer->commit(writer->ctx) != STATUS_OK) {
        give_up(intake);
        return;
    }
    ingest_committed(intake->ingest);
    fleet_counters_add(intake->options.counters, FLEET_COUNTER_COMMITS, 1);
    intake->retry_ms = 0;
    set_reason(intake, "");
    tell_outcomes(intake);
}

/// Stores `message` and what comes within the time of a group.
static void store_group(struct intake *intake, const void *message, size_t size)
{
    const struct fleet_writer *writer = intake->options.writer;
    const uint64_t deadline_ms = now_ms(intake) + INTAKE_COMMIT_MS;
    enum status status = writer->begin(writer->ctx);
    while (message != NULL && status == STATUS_OK) {
        status = take_message(intake, message, size);
        if (intake->group_count == INTAKE_COMMIT_BATCHES || now_ms(intake) >= deadline_ms) {
            break;
        }
        message = byte_queue_take(intake->queue, 0, &size);
        if (message == NULL) {
            byte_queue_gather(intake->queue, GATHER_SIZE, deadline_ms);
            message = byte_queue_take(intake->queue, 0, &size);
        }
    }
    if (status == STATUS_OK) {
        commit_group(intake);
    } else {
        give_up(intake);
    }
}

/// Looks whether the store works again, without waiting for a message to store.
static void try_store(struct intake *intake)
{
    const struct fleet_writer *writer = intake->options.writer;
    if (writer->begin(writer->ctx) == STATUS_OK && writer->try_disk(writer->ctx) == STATUS_OK) {
        commit_group(intake);
    } else {
        give_up(intake);
    }
}

static bool is_failing(const struct intake *intake)
{
    return intake->retry_ms != 0;
}

/// When there is something to do although no message comes.
static uint64_t next_ms(const struct intake *intake)
{
    if (is_failing(intake)) {
        return intake->retry_ms;
    }
    return intake->told_failing ? intake->quiet_ms : UINT64_MAX;
}

void intake_run(struct intake *intake)
{
    size_t size = 0;
    for (;;) {
        const void *message = byte_queue_take(intake->queue, next_ms(intake), &size);
        if (message == NULL && byte_queue_is_stopped(intake->queue)) {
            return;
        }
        if (message != NULL && is_failing(intake)) {
            fleet_counters_add(intake->options.counters, FLEET_COUNTER_REFUSED_STORAGE, 1);
        } else if (message != NULL) {
            store_group(intake, message, size);
        }
        byte_queue_release(intake->queue);
        if (is_failing(intake) && now_ms(intake) >= intake->retry_ms) {
            try_store(intake);
        }
        tell_state(intake);
    }
}

void intake_stop(struct intake *intake)
{
    byte_queue_stop(intake->queue);
}

bool intake_is_well(struct intake *intake, char reason[FLEET_REASON_SIZE])
{
    (void)pthread_mutex_lock(&intake->mutex);
    memcpy(reason, intake->reason, FLEET_REASON_SIZE);
    (void)pthread_mutex_unlock(&intake->mutex);
    return reason[0] == '\0';
}

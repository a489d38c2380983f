// SPDX-License-Identifier: MIT
#include "ingest.h"

#include <stdlib.h>
#include <string.h>

#include "delivery_rule.h"
#include "meter_intake.h"
#include "record_fields.h"

enum { DATA_BATCH_CAPACITY = 1024 };

struct ingest {
    const struct fleet_writer *writer;
    struct fleet_counters *counters;
    const struct ingest_listener *listener;
    struct meter_intake *
        *slot; ///< Hash table by device_id, open addressing; capacity a power of two.
    size_t capacity;
    size_t count;
    struct meter_intake **touched; ///< Devices of the transaction under way; as long as `slot`.
    size_t touched_count;
    struct record records[BATCH_RECORD_LIMIT];
    struct record scratch[BATCH_RECORD_LIMIT]; ///< For devices that catch up.
};

struct ingest *ingest_open(const struct fleet_writer *writer, struct fleet_counters *counters)
{
    struct ingest *ingest = calloc(1, sizeof *ingest);
    if (ingest != NULL) {
        ingest->writer = writer;
        ingest->counters = counters;
    }
    return ingest;
}

void ingest_listen(struct ingest *ingest, const struct ingest_listener *listener)
{
    ingest->listener = listener;
}

void ingest_close(struct ingest *ingest)
{
    if (ingest == NULL) {
        return;
    }
    for (size_t i = 0; i < ingest->capacity; i++) {
        free(ingest->slot[i]);
    }
    free(ingest->slot);
    free(ingest->touched);
    free(ingest);
}

/// FNV-1a.
static size_t hash(const char *text)
{
    uint64_t value = 14695981039346656037u;
    for (; *text != '\0'; text++) {
        value = (value ^ (uint8_t)*text) * 1099511628211u;
    }
    return (size_t)value;
}

static size_t position(struct meter_intake *const *slot, size_t capacity, const char *device_id)
{
    size_t at = hash(device_id) & (capacity - 1);
    while (slot[at] != NULL && strcmp(slot[at]->device_id, device_id) != 0) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool make_room(struct ingest *ingest)
{
    if (ingest->count * 2 < ingest->capacity) {
        return true;
    }
    const size_t capacity = ingest->capacity == 0 ? 64 : ingest->capacity * 2;
    struct meter_intake **slot = calloc(capacity, sizeof *slot);
    struct meter_intake **touched = realloc(ingest->touched, capacity * sizeof *touched);
    if (touched != NULL) {
        ingest->touched = touched;
    }
    if (slot == NULL || touched == NULL) {
        free(slot);
        return false;
    }
    for (size_t i = 0; i < ingest->capacity; i++) {
        if (ingest->slot[i] != NULL) {
            slot[position(slot, capacity, ingest->slot[i]->device_id)] = ingest->slot[i];
        }
    }
    free(ingest->slot);
    ingest->slot = slot;
    ingest->capacity = capacity;
    return true;
}

/// Takes a device out of the table; the entries after it close the hole.
static void drop(struct ingest *ingest, const char *device_id)
{
    size_t at = position(ingest->slot, ingest->capacity, device_id);
    free(ingest->slot[at]);
    ingest->slot[at] = NULL;
    ingest->count--;
    for (at = (at + 1) & (ingest->capacity - 1); ingest->slot[at] != NULL;
         at = (at + 1) & (ingest->capacity - 1)) {
        struct meter_intake *moved = ingest->slot[at];
        ingest->slot[at] = NULL;
        ingest->slot[position(ingest->slot, ingest->capacity, moved->device_id)] = moved;
    }
}

static void touch(struct ingest *ingest, struct meter_intake *meter)
{
    if (!meter->touched) {
        meter->touched = true;
        ingest->touched[ingest->touched_count++] = meter;
    }
}

/// Finds a device, or loads it. @return NULL  the store failed, or there is no memory.
static struct meter_intake *open_meter(struct ingest *ingest, const char *device_id, int64_t now_ms,
                                       bool unacknowledged_data)
{
    if (!make_room(ingest)) {
        return NULL;
    }
    const size_t at = position(ingest->slot, ingest->capacity, device_id);
    if (ingest->slot[at] != NULL) {
        touch(ingest, ingest->slot[at]);
        return ingest->slot[at];
    }
    struct meter_intake *meter = calloc(1, sizeof *meter);
    if (meter == NULL) {
        return NULL;
    }
    meter->writer = ingest->writer;
    meter->counters = ingest->counters;
    meter->listener = ingest->listener;
    meter->scratch = ingest->scratch;
    if (!device_id_parse(device_id, strlen(device_id), meter->device_id) ||
        meter_intake_load(meter, now_ms, unacknowledged_data) != STATUS_OK) {
        free(meter);
        return NULL;
    }
    ingest->slot[at] = meter;
    ingest->count++;
    meter->touched = false;
    touch(ingest, meter);
    return meter;
}

void ingest_rolled_back(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->touched_count; i++) {
        drop(ingest, ingest->touched[i]->device_id);
    }
    ingest->touched_count = 0;
}

void ingest_committed(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->touched_count; i++) {
        ingest->touched[i]->touched = false;
    }
    ingest->touched_count = 0;
}

static void bound_uptimes(struct batch_row *row, const struct record *records)
{
    row->first_uptime_ms = UINT64_MAX;
    for (uint32_t i = row->skip; i < row->skip + row->count; i++) {
        const uint64_t uptime_ms = record_uptime_ms(&records[i]);
        row->first_uptime_ms = uptime_ms < row->first_uptime_ms ? uptime_ms : row->first_uptime_ms;
        row->last_uptime_ms = uptime_ms > row->last_uptime_ms ? uptime_ms : row->last_uptime_ms;
    }
}

/// Fills in the newest reading of the batch, placed in time as well as is known now.
static void note_latest(const struct meter_intake *meter, const struct batch_row *row,
                        const struct record *records, struct ingest_outcome *outcome)
{
    const struct anchor arrival = { .uptime_ms = row->last_uptime_ms, .utc_ms = row->received_ms };
    const struct anchor *anchor = meter->placed ? &meter->fold.anchor : &arrival;
    for (uint32_t i = row->count; i-- > 0;) {
        const struct record *record = &records[row->skip + i];
        if (record->kind != RECORD_KIND_READING) {
            continue;
        }
        outcome->has_latest = true;
        outcome->latest = (struct stored_reading){
            .seq = row->first_seq + i,
            .boot_id = row->boot_id,
            .time_ms = anchor_time_ms(anchor, record->reading.uptime_ms),
            .time_source = anchor->source,
            .reading = record->reading,
        };
        memcpy(outcome->latest.device_id, meter->device_id, DEVICE_ID_SIZE);
        memcpy(outcome->latest.journal_id, meter->journal.journal_id, JOURNAL_ID_SIZE);
        return;
    }
}

/// Keeps a decided batch and says what became of it.
static enum status keep(struct ingest *ingest, struct meter_intake *meter,
                        const struct batch_header *header, const struct delivery_decision *decision,
                        struct batch_row *row, struct ingest_outcome *outcome)
{
    outcome->new_journal = !meter->has_journal || memcmp(meter->journal.journal_id,
                                                         header->journal_id, JOURNAL_ID_SIZE) != 0;
    enum status status = meter_intake_select(meter, header->journal_id, true, row->received_ms);
    if (status == STATUS_OK && decision->has_gap) {
        outcome->has_gap = true;
        outcome->gap = (struct seq_range){ decision->gap_first_seq, decision->gap_last_seq };
        status = meter->writer->add_gap(meter->writer->ctx, meter->journal.journal_no, outcome->gap,
                                        row->received_ms);
    }
    row->journal_no = meter->journal.journal_no;
    row->boot_id = header->boot_id;
    row->skip = decision->skip;
    row->count = header->count - decision->skip;
    row->first_seq = header->first_seq + decision->skip;
    bound_uptimes(row, ingest->records);
    if (status == STATUS_OK) {
        status = meter_intake_append(meter, row, ingest->records);
    }
    if (status != STATUS_OK) {
        return status;
    }
    outcome->kind = INGEST_STORED;
    outcome->acknowledge = true;
    outcome->watermark = meter->journal.watermark;
    note_latest(meter, row, ingest->records, outcome);
    fleet_counters_add(ingest->counters, FLEET_COUNTER_BATCHES_STORED, 1);
    fleet_counters_add(ingest->counters, FLEET_COUNTER_READINGS_STORED, row->count);
    if (decision->has_gap) {
        fleet_counters_add(ingest->counters, FLEET_COUNTER_GAPS_RECORDED, 1);
    }
    if (decision->skip > 0) {
        fleet_counters_add(ingest->counters, FLEET_COUNTER_BATCHES_TRIMMED, 1);
    }
    return STATUS_OK;
}

/// Finds the watermark of any journal of the device without changing anything.
static enum status watermark_of(struct meter_intake *meter,
                                const uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t *watermark)
{
    *watermark = 0;
    if (meter->has_journal && memcmp(meter->journal.journal_id, journal_id, JOURNAL_ID_SIZE) == 0) {
        *watermark = meter->journal.watermark;
        return STATUS_OK;
    }
    struct journal_record journal;
    const enum status status =
        meter->writer->find_journal(meter->writer->ctx, meter->device_no, journal_id, &journal);
    if (status == STATUS_OK) {
        *watermark = journal.watermark;
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Takes records that are decoded into ingest->records.
static enum status take(struct ingest *ingest, struct meter_intake *meter,
                        const struct batch_header *header, struct batch_row *row,
                        struct ingest_outcome *outcome)
{
    uint64_t watermark = 0;
    const enum status status = watermark_of(meter, header->journal_id, &watermark);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(outcome->journal_id, header->journal_id, JOURNAL_ID_SIZE);
    outcome->watermark = watermark;

    const struct delivery_decision decision = delivery_decide(watermark, header);
    switch (decision.kind) {
    case DELIVERY_KEEP:
        return keep(ingest, meter, header, &decision, row, outcome);
    case DELIVERY_DUPLICATE:
        outcome->kind = INGEST_DUPLICATE;
        outcome->acknowledge = true;
        fleet_counters_add(ingest->counters, FLEET_COUNTER_BATCHES_DUPLICATE, 1);
        return STATUS_OK;
    case DELIVERY_HOLE:
        outcome->kind = INGEST_HOLE;
        outcome->acknowledge = true;
        fleet_counters_add(ingest->counters, FLEET_COUNTER_REFUSED_HOLE, 1);
        return STATUS_OK;
    case DELIVERY_NONSENSE:
        break;
    }
    outcome->kind = INGEST_MALFORMED;
    fleet_counters_add(ingest->counters, FLEET_COUNTER_REFUSED_MALFORMED, 1);
    return STATUS_OK;
}

enum status ingest_take_batch(struct ingest *ingest, const char *device_id, const uint8_t *payload,
                              size_t size, int64_t received_ms, struct ingest_outcome *outcome)
{
    struct batch_header header;
    *outcome = (struct ingest_outcome){ .kind = INGEST_MALFORMED };
    if (size > BATCH_SIZE_LIMIT) {
        fleet_counters_add(ingest->counters, FLEET_COUNTER_REFUSED_OVERSIZED, 1);
        return STATUS_OK;
    }
    if (batch_decode(payload, size, &header, ingest->records) != STATUS_OK) {
        fleet_counters_add(ingest->counters, FLEET_COUNTER_REFUSED_MALFORMED, 1);
        return STATUS_OK;
    }
    struct meter_intake *meter = open_meter(ingest, device_id, received_ms, false);
    if (meter == NULL) {
        return STATUS_IO;
    }
    struct batch_row row = { .received_ms = received_ms, .payload = payload, .size = size };
    enum status status = take(ingest, meter, &header, &row, outcome);
    if (status == STATUS_OK && outcome->kind == INGEST_STORED && meter->unacknowledged_data) {
        status = meter->writer->set_acknowledged(meter->writer->ctx, meter->device_no);
        meter->unacknowledged_data = false;
    }
    return status;
}

/// Builds the batch that a device without batches would have sent.
static enum status take_as_batch(struct ingest *ingest, struct meter_intake *meter,
                                 const struct reading *reading, int64_t received_ms,
                                 struct ingest_outcome *outcome)
{
    static const uint8_t data_journal[JOURNAL_ID_SIZE] = "unacknowledged";
    const bool first = !meter->has_journal;
    const uint64_t watermark = first ? 0 : meter->journal.watermark;
    const struct meter_state *state = &meter->fold.state;
    if (state->has_last && reading->uptime_ms == state->uptime_ms) {
        outcome->kind = INGEST_IGNORED; // The same message twice.
        return STATUS_OK;
    }
    const bool rebooted = state->has_last && reading->uptime_ms < state->uptime_ms;
    struct batch_header header = {
        .boot_id = first ? 1 : meter->journal.boot_id + (rebooted ? 1u : 0u),
        .first_seq = watermark + 1,
        .oldest_seq = watermark + 1,
        .count = 2,
    };
    memcpy(header.journal_id, data_journal, JOURNAL_ID_SIZE);
    ingest->records[0] = (struct record){ .kind = RECORD_KIND_ANCHOR,
                                          .anchor = { .uptime_ms = reading->uptime_ms,
                                                      .utc_ms = received_ms,
                                                      .source = ANCHOR_SOURCE_NONE } };
    ingest->records[1] = (struct record){ .kind = RECORD_KIND_READING, .reading = *reading };

    uint8_t payload[DATA_BATCH_CAPACITY];
    struct batch_row row = { .received_ms = received_ms, .payload = payload };
    if (batch_encode(&header, ingest->records, payload, sizeof payload, &row.size) != STATUS_OK) {
        outcome->kind = INGEST_MALFORMED;
        fleet_counters_add(ingest->counters, FLEET_COUNTER_REFUSED_MALFORMED, 1);
        return STATUS_OK;
    }
    const enum status status = take(ingest, meter, &header, &row, outcome);
    outcome->acknowledge = false;
    outcome->unacknowledged_data = true;
    return status;
}

enum status ingest_take_data(struct ingest *ingest, const char *device_id,
                             const struct reading *reading, int64_t received_ms,
                             struct ingest_outcome *outcome)
{
    *outcome = (struct ingest_outcome){ .kind = INGEST_IGNORED };
    struct meter_intake *meter = open_meter(ingest, device_id, received_ms, true);
    if (meter == NULL) {
        return STATUS_IO;
    }
    if (meter->first_data_ms == 0) {
        meter->first_data_ms = received_ms;
    }
    // A device that sends batches too must not be counted twice, so `data` waits for a first batch.
    const bool patience_ended = received_ms - meter->first_data_ms >= INGEST_DATA_PATIENCE_MS;
    if (!meter->unacknowledged_data || (!meter->has_journal && !patience_ended)) {
        return STATUS_OK;
    }
    return take_as_batch(ingest, meter, reading, received_ms, outcome);
}

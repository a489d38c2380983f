// SPDX-License-Identifier: MIT
#include "meter_intake.h"

#include <string.h>

#include "boot_guess.h"
#include "ingest.h"

static enum status sink_minute(void *ctx, int64_t start_ms,
                               const struct rollup rows[ROLLUP_ROW_COUNT])
{
    struct meter_intake *meter = ctx;
    meter->minute_ended = true;
    return meter->writer->merge_minute(meter->writer->ctx, meter->device_no, start_ms, rows);
}

static enum status sink_notice(void *ctx, const struct meter_notice *notice)
{
    struct meter_intake *meter = ctx;
    fleet_counters_add(meter->counters,
                       notice->event == METER_EVENT_RESET    ? FLEET_COUNTER_METER_RESETS
                       : notice->event == METER_EVENT_GLITCH ? FLEET_COUNTER_METER_GLITCHES
                                                             : FLEET_COUNTER_METER_SWAPS_SUSPECTED,
                       1);
    return meter->writer->add_notice(
        meter->writer->ctx, meter->device_no, notice,
        &meter->fold.state.segment[notice->channel][notice->direction]);
}

static struct meter_fold_sink sink_of(struct meter_intake *meter)
{
    return (struct meter_fold_sink){ sink_minute, sink_notice, meter };
}

/// Merges the open minute and keeps the state up to the watermark.
static enum status keep_state(struct meter_intake *meter)
{
    const struct meter_fold_sink sink = sink_of(meter);
    enum status status = meter_fold_flush(&meter->fold, &sink);
    if (status == STATUS_OK) {
        status = meter->writer->save_meter(meter->writer->ctx, meter->device_no,
                                           meter->journal.journal_no, meter->journal.watermark,
                                           &meter->fold.state);
    }
    if (status == STATUS_OK) {
        meter->journal.rolled_seq = meter->journal.watermark;
        meter->minute_ended = false;
    }
    return status;
}

static enum status fold_records(struct meter_intake *meter, const struct batch_row *row,
                                const struct record *records)
{
    const struct meter_fold_sink sink = sink_of(meter);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < row->count && status == STATUS_OK; i++) {
        status = meter_fold_take(&meter->fold, row->boot_id, row->first_seq + i,
                                 &records[row->skip + i], &sink);
    }
    return status;
}

static enum status fold_stored(void *ctx, const struct batch_row *row)
{
    struct meter_intake *meter = ctx;
    struct batch_header header;
    if (batch_decode(row->payload, row->size, &header, meter->scratch) != STATUS_OK ||
        row->skip + row->count > header.count) {
        return STATUS_CORRUPT;
    }
    struct anchor anchor;
    const enum status status = meter->writer->find_anchor(meter->writer->ctx, row->journal_no,
                                                          row->boot_id, row->first_seq, &anchor);
    if (status != STATUS_OK) {
        return status;
    }
    meter_fold_set_anchor(&meter->fold, &anchor);
    return fold_records(meter, row, meter->scratch);
}

/// Folds everything stored after the kept state. Boots without an anchor get a guessed one first.
static enum status catch_up(struct meter_intake *meter)
{
    if (meter->journal.rolled_seq == 0) {
        meter_fold_begin_journal(&meter->fold);
    }
    enum status status = boot_guess_place(meter->writer, &meter->journal);
    if (status == STATUS_OK) {
        status = meter->writer->replay(meter->writer->ctx, meter->journal.journal_no,
                                       meter->journal.rolled_seq, fold_stored, meter);
    }
    meter->waiting = false;
    return status == STATUS_OK ? keep_state(meter) : status;
}

/// Looks whether the boot of the journal's last record has an anchor, and takes it as in force.
static enum status find_place(struct meter_intake *meter, uint64_t seq)
{
    struct anchor anchor;
    const enum status status = meter->writer->find_anchor(
        meter->writer->ctx, meter->journal.journal_no, meter->journal.boot_id, seq, &anchor);
    meter->placed = status == STATUS_OK;
    if (meter->placed) {
        meter_fold_set_anchor(&meter->fold, &anchor);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Begins to wait for a place in time: the state is kept first, so that it ends where waiting
/// begins.
static enum status begin_waiting(struct meter_intake *meter, int64_t now_ms)
{
    if (meter->waiting) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (meter->journal.rolled_seq < meter->journal.watermark) {
        status = keep_state(meter);
    }
    meter->waiting = true;
    meter->waiting_since_ms = now_ms;
    return status;
}

/// Folds what the journal holds beyond its kept state, or begins to wait for its place in time.
static enum status settle(struct meter_intake *meter, int64_t now_ms)
{
    const enum status status = find_place(meter, meter->journal.watermark);
    if (status != STATUS_OK || meter->journal.rolled_seq == meter->journal.watermark) {
        return status;
    }
    if (meter->placed) {
        return catch_up(meter);
    }
    meter->waiting = true;
    meter->waiting_since_ms = now_ms;
    return STATUS_OK;
}

enum status meter_intake_load(struct meter_intake *meter, int64_t now_ms, bool unacknowledged_data)
{
    struct device_slot slot;
    enum status status = meter->writer->open_device(meter->writer->ctx, meter->device_id, now_ms,
                                                    unacknowledged_data, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    meter->device_no = slot.device_no;
    meter->unacknowledged_data = slot.unacknowledged_data;
    meter->has_journal = slot.has_journal;
    meter->journal = slot.newest;
    meter->touched = true;
    meter_fold_init(&meter->fold, &slot.meter);
    if (!slot.has_journal) {
        return STATUS_OK;
    }
    return settle(meter, now_ms);
}

enum status meter_intake_select(struct meter_intake *meter,
                                const uint8_t journal_id[JOURNAL_ID_SIZE], bool may_add,
                                int64_t now_ms)
{
    if (meter->has_journal && memcmp(meter->journal.journal_id, journal_id, JOURNAL_ID_SIZE) == 0) {
        return STATUS_OK;
    }
    struct journal_record journal;
    enum status status =
        meter->writer->find_journal(meter->writer->ctx, meter->device_no, journal_id, &journal);
    if (status == STATUS_MISSING && !may_add) {
        return STATUS_MISSING;
    }
    // Settle the journal that is left, so that the kept state contains all of it.
    if ((status == STATUS_OK || status == STATUS_MISSING) && meter->has_journal) {
        const enum status settled = meter->waiting ? catch_up(meter) : keep_state(meter);
        status = settled == STATUS_OK ? status : settled;
    }
    if (status == STATUS_MISSING) {
        status = meter->writer->add_journal(meter->writer->ctx, meter->device_no, journal_id,
                                            now_ms, &journal);
        meter_fold_begin_journal(&meter->fold);
    } else if (status == STATUS_OK) {
        status =
            meter->writer->select_journal(meter->writer->ctx, meter->device_no, journal.journal_no);
    }
    if (status != STATUS_OK) {
        return status;
    }
    meter->journal = journal;
    meter->has_journal = true;
    return settle(meter, now_ms);
}

/// Keeps the anchors among the records that count.
static enum status keep_anchors(struct meter_intake *meter, const struct batch_row *row,
                                const struct record *records, bool *any)
{
    enum status status = STATUS_OK;
    *any = false;
    for (uint32_t i = 0; i < row->count && status == STATUS_OK; i++) {
        const struct record *record = &records[row->skip + i];
        if (record->kind == RECORD_KIND_ANCHOR) {
            *any = true;
            status = meter->writer->add_anchor(meter->writer->ctx, row->journal_no, row->boot_id,
                                               row->first_seq + i, &record->anchor);
        }
    }
    return status;
}

/// Keeps one record as a finding, with its place in time as well as it is known.
static enum status keep_finding(struct meter_intake *meter, const struct batch_row *row,
                                uint64_t seq, const struct record *record)
{
    struct anchor anchor;
    enum status status =
        meter->writer->find_anchor(meter->writer->ctx, row->journal_no, row->boot_id, seq, &anchor);
    const bool placed = status == STATUS_OK;
    if (status == STATUS_MISSING) {
        anchor = (struct anchor){ .uptime_ms = row->last_uptime_ms, .utc_ms = row->received_ms };
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct finding_row finding = {
        .device_no = meter->device_no,
        .journal_no = row->journal_no,
        .boot_id = row->boot_id,
        .seq = seq,
        .placed = placed,
        .time_ms = anchor_time_ms(&anchor, finding_uptime_ms(record)),
        .time_source = anchor.source,
        .record = record,
    };
    if (meter->listener != NULL) {
        meter->listener->found(meter->listener->ctx, meter->device_id, meter->journal.journal_id,
                               &finding);
    }
    return meter->writer->add_finding(meter->writer->ctx, &finding);
}

static enum status keep_findings(struct meter_intake *meter, const struct batch_row *row,
                                 const struct record *records)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < row->count && status == STATUS_OK; i++) {
        const struct record *record = &records[row->skip + i];
        if (finding_is_kind(record->kind)) {
            status = keep_finding(meter, row, row->first_seq + i, record);
        }
    }
    return status;
}

enum status meter_intake_append(struct meter_intake *meter, const struct batch_row *row,
                                const struct record *records)
{
    enum status status = STATUS_OK;
    if (row->boot_id != meter->journal.boot_id || meter->journal.watermark == 0) {
        meter->journal.boot_id = row->boot_id;
        status = find_place(meter, row->first_seq);
    }
    bool any_anchor = false;
    const bool was_placed = meter->placed;
    if (status == STATUS_OK) {
        status = keep_anchors(meter, row, records, &any_anchor);
    }
    meter->placed = was_placed || any_anchor;
    if (status == STATUS_OK && !meter->placed) {
        status = begin_waiting(meter, row->received_ms);
    }
    if (status == STATUS_OK) {
        status = meter->writer->append(meter->writer->ctx, row);
    }
    if (status == STATUS_OK) {
        status = keep_findings(meter, row, records);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!was_placed && any_anchor && !meter->waiting) {
        status = find_place(meter, row->first_seq);
    }

    meter->journal.watermark = row->first_seq + row->count - 1;
    if (status == STATUS_OK && meter->waiting) {
        const bool patience_ended = row->received_ms - meter->waiting_since_ms > INGEST_HOLD_MS;
        if (!meter->placed && !patience_ended) {
            return STATUS_OK;
        }
        status = catch_up(meter);
        return status == STATUS_OK ? find_place(meter, meter->journal.watermark) : status;
    }
    if (status == STATUS_OK) {
        status = fold_records(meter, row, records);
    }
    return status == STATUS_OK && meter->minute_ended ? keep_state(meter) : status;
}

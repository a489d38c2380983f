// SPDX-License-Identifier: MIT
#include <string.h>

#include "batch_rows.h"
#include "store_findings.h"
#include "store_parts.h"
#include "store_runs.h"

/// Numbers beyond a signed 64-bit column end at its limit.
static sqlite3_int64 column(uint64_t value)
{
    return value > (uint64_t)INT64_MAX ? INT64_MAX : (sqlite3_int64)value;
}

static enum status begin(void *ctx)
{
    struct sqlite_fleet_store *store = ctx;
    return sqlite_connection_run_plain(&store->write, FLEET_STATEMENT_BEGIN);
}

static void rollback(void *ctx)
{
    struct sqlite_fleet_store *store = ctx;
    char first[SQLITE_CONNECTION_ERROR_SIZE];
    memcpy(first, store->write.error,
           sizeof first); // What failed first is what people want to know.
    const struct sqlite_probe *probe = store->write.probe;
    store->write.probe = NULL;
    if (sqlite3_get_autocommit(store->write.db) == 0) {
        (void)sqlite3_exec(store->write.db, "ROLLBACK", NULL, NULL, NULL);
    }
    // When even this fails, the tails stay empty and the next begin() fails as well.
    const enum status status = store_load_tails(store);
    store->write.probe = probe;
    if (status == STATUS_OK) {
        memcpy(store->write.error, first, sizeof first);
    }
}

static enum status save_watermark(void *ctx, struct batch_tail *tail)
{
    struct sqlite_fleet_store *store = ctx;
    if (!tail->dirty) {
        return STATUS_OK;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_WATERMARK);
    (void)sqlite3_bind_int64(statement, 1, tail->journal_no);
    (void)sqlite3_bind_int64(statement, 2, column(tail->watermark));
    (void)sqlite3_bind_int64(statement, 3, tail->boot_id);
    return sqlite_connection_run(&store->write, statement);
}

static enum status commit(void *ctx)
{
    struct sqlite_fleet_store *store = ctx;
    enum status status = batch_tails_each(store->tails, save_watermark, store);
    if (status == STATUS_OK) {
        status = store_runs_before_commit(store);
    }
    if (status == STATUS_OK) {
        status = sqlite_connection_run_plain(&store->write, FLEET_STATEMENT_COMMIT);
    }
    if (status == STATUS_OK) {
        batch_tails_committed(store->tails);
    }
    return status;
}

static enum status open_device(void *ctx, const char *device_id, int64_t now_ms,
                               bool unacknowledged_data, struct device_slot *slot)
{
    struct sqlite_fleet_store *store = ctx;
    enum status status = store_read_device(&store->write, device_id, slot);
    if (status != STATUS_MISSING) {
        return status;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_DEVICE);
    (void)sqlite3_bind_text(statement, 1, device_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, now_ms);
    (void)sqlite3_bind_int(statement, 3, unacknowledged_data ? 1 : 0);
    status = sqlite_connection_run(&store->write, statement);
    *slot = (struct device_slot){ .device_no = sqlite3_last_insert_rowid(store->write.db),
                                  .unacknowledged_data = unacknowledged_data };
    return status;
}

static enum status set_acknowledged(void *ctx, int64_t device_no)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_ACKNOWLEDGED);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    return sqlite_connection_run(&store->write, statement);
}

static enum status select_journal(void *ctx, int64_t device_no, int64_t journal_no)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_NEWEST_JOURNAL);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_int64(statement, 2, journal_no);
    return sqlite_connection_run(&store->write, statement);
}

static enum status find_journal(void *ctx, int64_t device_no,
                                const uint8_t journal_id[JOURNAL_ID_SIZE],
                                struct journal_record *journal)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_FIND_JOURNAL);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_blob(statement, 2, journal_id, JOURNAL_ID_SIZE, SQLITE_STATIC);
    const enum status status = sqlite_connection_step(&store->write, statement);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t run_seq;
    store_read_journal(statement, journal, &run_seq);
    (void)sqlite3_reset(statement);
    // The transaction under way may have moved the watermark already.
    const struct batch_tail *tail = batch_tails_get(store->tails, journal->journal_no);
    if (tail != NULL && tail->dirty) {
        journal->watermark = tail->watermark;
        journal->boot_id = tail->boot_id;
    }
    return STATUS_OK;
}

static enum status add_journal(void *ctx, int64_t device_no,
                               const uint8_t journal_id[JOURNAL_ID_SIZE], int64_t now_ms,
                               struct journal_record *journal)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_JOURNAL);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_blob(statement, 2, journal_id, JOURNAL_ID_SIZE, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, now_ms);
    const enum status status = sqlite_connection_run(&store->write, statement);
    *journal = (struct journal_record){ .journal_no = sqlite3_last_insert_rowid(store->write.db) };
    memcpy(journal->journal_id, journal_id, JOURNAL_ID_SIZE);
    return status == STATUS_OK ? select_journal(store, device_no, journal->journal_no) : status;
}

static enum status append(void *ctx, const struct batch_row *row)
{
    struct sqlite_fleet_store *store = ctx;
    struct batch_tail *tail = batch_tails_get(store->tails, row->journal_no);
    sqlite3_stmt *statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_BATCH);
    (void)sqlite3_bind_int64(statement, 1, store->next_batch_no);
    (void)sqlite3_bind_int64(statement, 2, row->journal_no);
    (void)sqlite3_bind_int64(statement, 3, row->boot_id);
    (void)sqlite3_bind_int64(statement, 4, column(row->first_seq));
    (void)sqlite3_bind_int64(statement, 5, row->skip);
    (void)sqlite3_bind_int64(statement, 6, row->count);
    (void)sqlite3_bind_int64(statement, 7, column(row->first_uptime_ms));
    (void)sqlite3_bind_int64(statement, 8, column(row->last_uptime_ms));
    (void)sqlite3_bind_int64(statement, 9, row->received_ms);
    (void)sqlite3_bind_blob64(statement, 10, row->payload, row->size, SQLITE_STATIC);
    const enum status status = sqlite_connection_run(&store->write, statement);
    if (status != STATUS_OK || tail == NULL) {
        return STATUS_IO;
    }
    const struct batch_tail_entry entry = {
        .batch_no = store->next_batch_no++,
        .first_seq = row->first_seq,
        .first_uptime_ms = row->first_uptime_ms,
        .last_uptime_ms = row->last_uptime_ms,
        .count = row->count,
        .boot_id = row->boot_id,
    };
    if (batch_tails_append(store->tails, tail, &entry) != STATUS_OK) {
        return STATUS_IO;
    }
    tail->dirty = true;
    tail->watermark = row->first_seq + row->count - 1;
    tail->boot_id = row->boot_id;
    return tail->count - tail->run_count >= STORE_RUN_BATCH_LIMIT ? store_runs_make(store, tail)
                                                                  : STATUS_OK;
}

static enum status add_gap(void *ctx, int64_t journal_no, struct seq_range gap, int64_t now_ms)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_GAP);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    (void)sqlite3_bind_int64(statement, 2, column(gap.first_seq));
    (void)sqlite3_bind_int64(statement, 3, column(gap.last_seq));
    (void)sqlite3_bind_int64(statement, 4, now_ms);
    return sqlite_connection_run(&store->write, statement);
}

static enum status add_anchor(void *ctx, int64_t journal_no, uint32_t boot_id, uint64_t seq,
                              const struct anchor *anchor)
{
    struct sqlite_fleet_store *store = ctx;
    struct anchor present;
    enum status status = batch_rows_anchor(&store->write, journal_no, boot_id, seq, &present);
    if (status != STATUS_OK && status != STATUS_MISSING) {
        return status;
    }
    const bool first = status == STATUS_MISSING;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_ANCHOR);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    (void)sqlite3_bind_int64(statement, 2, boot_id);
    (void)sqlite3_bind_int64(statement, 3, column(seq));
    (void)sqlite3_bind_int64(statement, 4, column(anchor->uptime_ms));
    (void)sqlite3_bind_int64(statement, 5, anchor->utc_ms);
    (void)sqlite3_bind_int64(statement, 6, anchor->uncertainty_ms);
    (void)sqlite3_bind_int64(statement, 7, anchor->source);
    status = sqlite_connection_run(&store->write, statement);
    if (status == STATUS_OK && first) {
        status = store_runs_place(store, journal_no, boot_id);
    }
    return status == STATUS_OK && first ? store_findings_place(store, journal_no, boot_id, anchor)
                                        : status;
}

static enum status find_anchor(void *ctx, int64_t journal_no, uint32_t boot_id, uint64_t seq,
                               struct anchor *anchor)
{
    struct sqlite_fleet_store *store = ctx;
    return batch_rows_anchor(&store->write, journal_no, boot_id, seq, anchor);
}

static enum status replay(void *ctx, int64_t journal_no, uint64_t after_seq,
                          enum status (*visit)(void *visit_ctx, const struct batch_row *row),
                          void *visit_ctx)
{
    struct sqlite_fleet_store *store = ctx;
    struct batch_numbers numbers = { 0 };
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_RUNS_AFTER_SEQ);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    (void)sqlite3_bind_int64(statement, 2, column(after_seq));
    enum status status = batch_numbers_add_runs(&numbers, &store->write, statement);
    const struct batch_tail *tail = batch_tails_get(store->tails, journal_no);
    for (size_t i = 0; tail != NULL && i < tail->count && status == STATUS_OK; i++) {
        status = batch_numbers_add(&numbers, &tail->entry[i].batch_no, 1);
    }
    if (status == STATUS_OK) {
        status = batch_rows_visit(&store->write, journal_no, &numbers, after_seq, visit, visit_ctx);
    }
    batch_numbers_free(&numbers);
    return status;
}

static enum status merge_row(struct sqlite_fleet_store *store, int64_t device_no, int64_t width_ms,
                             int64_t start_ms, int channel, const struct rollup *row)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_MERGE_ROLLUP);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_int64(statement, 2, width_ms);
    (void)sqlite3_bind_int64(statement, 3, rollup_start_ms(start_ms, width_ms));
    (void)sqlite3_bind_int(statement, 4, channel);
    (void)sqlite3_bind_int64(statement, 5, row->measured_us);
    (void)sqlite3_bind_double(statement, 6, row->voltage_square_us);
    (void)sqlite3_bind_double(statement, 7, row->current_square_us);
    (void)sqlite3_bind_double(statement, 8, row->active_power_us);
    (void)sqlite3_bind_double(statement, 9, row->reactive_power_us);
    (void)sqlite3_bind_double(statement, 10, row->apparent_power_us);
    (void)sqlite3_bind_double(statement, 11, row->active_power_min);
    (void)sqlite3_bind_double(statement, 12, row->active_power_max);
    (void)sqlite3_bind_double(statement, 13, row->frequency_us);
    (void)sqlite3_bind_int64(statement, 14, row->frequency_measured_us);
    (void)sqlite3_bind_int64(statement, 15, row->import_mj);
    (void)sqlite3_bind_int64(statement, 16, row->export_mj);
    (void)sqlite3_bind_int64(statement, 17, row->quality);
    return sqlite_connection_run(&store->write, statement);
}

static enum status merge_minute(void *ctx, int64_t device_no, int64_t start_ms,
                                const struct rollup rows[ROLLUP_ROW_COUNT])
{
    static const int64_t width_ms[] = { ROLLUP_MINUTE_MS, ROLLUP_HOUR_MS };
    enum status status = STATUS_OK;
    for (unsigned width = 0; width < 2; width++) {
        for (int i = 0; i < ROLLUP_ROW_COUNT && status == STATUS_OK; i++) {
            const int channel = i == READING_CHANNEL_COUNT ? TELEMETRY_CHANNEL_TOTAL : i;
            if (rows[i].measured_us > 0) {
                status = merge_row(ctx, device_no, width_ms[width], start_ms, channel, &rows[i]);
            }
        }
    }
    return status;
}

static enum status add_notice(void *ctx, int64_t device_no, const struct meter_notice *notice,
                              const struct meter_segment *segment)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_NOTICE);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_int64(statement, 2, column(notice->seq));
    (void)sqlite3_bind_int(statement, 3, notice->channel);
    (void)sqlite3_bind_int(statement, 4, (int)notice->direction);
    (void)sqlite3_bind_int(statement, 5, (int)notice->event);
    (void)sqlite3_bind_int64(statement, 6, notice->time_ms);
    (void)sqlite3_bind_int64(statement, 7, segment->number);
    (void)sqlite3_bind_int64(statement, 8, segment->lifetime_mj);
    (void)sqlite3_bind_int64(statement, 9, segment->register_mj);
    return sqlite_connection_run(&store->write, statement);
}

static enum status save_register(struct sqlite_fleet_store *store, int64_t device_no, int channel,
                                 int direction, const struct meter_segment *segment)
{
    if (!segment->known) {
        return STATUS_OK;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SAVE_REGISTER);
    (void)sqlite3_bind_int64(statement, 1, device_no);
    (void)sqlite3_bind_int(statement, 2, channel);
    (void)sqlite3_bind_int(statement, 3, direction);
    (void)sqlite3_bind_int(statement, 4, segment->reset_expected ? 1 : 0);
    (void)sqlite3_bind_int64(statement, 5, segment->number);
    (void)sqlite3_bind_int64(statement, 6, segment->lifetime_mj);
    (void)sqlite3_bind_int64(statement, 7, segment->register_mj);
    (void)sqlite3_bind_int(statement, 8, segment->held_count);
    (void)sqlite3_bind_int64(statement, 9, segment->held_first_mj);
    (void)sqlite3_bind_int64(statement, 10, segment->held_last_mj);
    (void)sqlite3_bind_int64(statement, 11, segment->held_allowed_mj);
    return sqlite_connection_run(&store->write, statement);
}

static enum status save_meter(void *ctx, int64_t device_no, int64_t journal_no, uint64_t rolled_seq,
                              const struct meter_state *meter)
{
    struct sqlite_fleet_store *store = ctx;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_ROLLED);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    (void)sqlite3_bind_int64(statement, 2, column(rolled_seq));
    enum status status = sqlite_connection_run(&store->write, statement);
    if (status == STATUS_OK) {
        statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_SAVE_DEVICE_METER);
        (void)sqlite3_bind_int64(statement, 1, device_no);
        (void)sqlite3_bind_int(statement, 2, meter->has_last ? 1 : 0);
        (void)sqlite3_bind_int64(statement, 3, meter->boot_id);
        (void)sqlite3_bind_int64(statement, 4, column(meter->uptime_ms));
        (void)sqlite3_bind_int64(statement, 5, meter->time_ms);
        status = sqlite_connection_run(&store->write, statement);
    }
    for (int channel = 0; channel < ROLLUP_ROW_COUNT && status == STATUS_OK; channel++) {
        for (int direction = 0; direction < METER_DIRECTION_COUNT && status == STATUS_OK;
             direction++) {
            status = save_register(store, device_no, channel, direction,
                                   &meter->segment[channel][direction]);
        }
    }
    struct batch_tail *tail = batch_tails_get(store->tails, journal_no);
    return status == STATUS_OK && tail != NULL ? store_runs_make(store, tail) : status;
}

static enum status try_disk(void *ctx)
{
    struct sqlite_fleet_store *store = ctx;
    return sqlite_connection_run_plain(&store->write, FLEET_STATEMENT_TRY_DISK);
}

static const char *error(void *ctx)
{
    return sqlite_fleet_store_error(ctx);
}

void store_writer_bind(struct sqlite_fleet_store *store)
{
    store->writer = (struct fleet_writer){
        .begin = begin,
        .commit = commit,
        .rollback = rollback,
        .open_device = open_device,
        .set_acknowledged = set_acknowledged,
        .find_journal = find_journal,
        .add_journal = add_journal,
        .select_journal = select_journal,
        .append = append,
        .add_gap = add_gap,
        .add_anchor = add_anchor,
        .add_finding = store_findings_add,
        .find_anchor = find_anchor,
        .replay = replay,
        .merge_minute = merge_minute,
        .add_notice = add_notice,
        .save_meter = save_meter,
        .try_disk = try_disk,
        .error = error,
        .ctx = store,
    };
}

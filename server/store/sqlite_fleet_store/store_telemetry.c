// SPDX-License-Identifier: MIT
#include "store_telemetry.h"

#include <stdlib.h>

#include "batch_walk.h"
#include "store_presets.h"
#include "store_query.h"

/// Buckets being filled.
struct series {
    const struct telemetry_query *query;
    struct rollup *bucket;
    size_t count;
    struct meter_state state; ///< Of the raw walk: makes energies of registers.
};

static int row_of(int channel)
{
    return channel == TELEMETRY_CHANNEL_TOTAL ? READING_CHANNEL_COUNT : channel;
}

static struct rollup *bucket_at(const struct series *series, int64_t time_ms)
{
    if (time_ms < series->query->start_ms || time_ms >= series->query->end_ms) {
        return NULL;
    }
    return &series->bucket[(time_ms - series->query->start_ms) / series->query->bucket_ms];
}

static enum status add_reading(struct series *series, const struct placed_reading *placed)
{
    struct rollup_sample samples[ROLLUP_ROW_COUNT];
    const enum status status = meter_state_take(&series->state, placed, samples, NULL);
    const struct rollup_sample *sample = &samples[row_of(series->query->channel)];
    // A window that ends exactly at the start of a bucket belongs to the bucket before.
    struct rollup *bucket = bucket_at(series, placed->time_ms - 1);
    if (bucket != NULL && sample->window_us > 0) {
        rollup_add(bucket, sample);
    }
    return status;
}

static enum status add_batch(void *ctx, const struct walked_batch *batch)
{
    struct series *series = ctx;
    struct anchor anchor = batch->anchor;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < batch->row->count && status == STATUS_OK; i++) {
        const struct record *record = &batch->records[i];
        if (record->kind == RECORD_KIND_ANCHOR) {
            anchor = record->anchor;
        }
        if (record->kind != RECORD_KIND_READING) {
            continue;
        }
        const struct placed_reading placed = {
            .boot_id = batch->row->boot_id,
            .seq = batch->row->first_seq + i,
            .time_ms = anchor_time_ms(&anchor, record->reading.uptime_ms),
            .reading = &record->reading,
        };
        status = add_reading(series, &placed);
    }
    return status;
}

/// Lists the runs that may hold readings of the range, and the one before for its last registers.
static enum status list_range(const struct store_query *query, const struct query_journal *journal,
                              const struct telemetry_query *range, struct batch_numbers *numbers)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_RUN_BEFORE_TIME);
    (void)sqlite3_bind_int64(statement, 1, journal->journal.journal_no);
    (void)sqlite3_bind_int64(statement, 2, range->start_ms);
    enum status status = batch_numbers_add_runs(numbers, query->connection, statement);
    if (status != STATUS_OK) {
        return status;
    }
    statement = sqlite_connection_statement(query->connection, FLEET_STATEMENT_RUNS_IN_TIME);
    (void)sqlite3_bind_int64(statement, 1, journal->journal.journal_no);
    (void)sqlite3_bind_int64(statement, 2, range->start_ms);
    (void)sqlite3_bind_int64(statement, 3, range->end_ms);
    status = batch_numbers_add_runs(numbers, query->connection, statement);
    return status == STATUS_OK
               ? batch_numbers_add(numbers, journal->tail.batch_no, journal->tail.count)
               : status;
}

static enum status sum_readings(const struct store_query *query, struct series *series)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < query->journal_count && status == STATUS_OK; i++) {
        struct batch_numbers numbers = { 0 };
        status = list_range(query, &query->journal[i], series->query, &numbers);
        if (status == STATUS_OK) {
            status = batch_walk(query->connection, query->journal[i].journal.journal_no, &numbers,
                                0, add_batch, series);
        }
        batch_numbers_free(&numbers);
    }
    return status;
}

static enum status merge_minute(void *ctx, int64_t start_ms,
                                const struct rollup rows[ROLLUP_ROW_COUNT])
{
    const struct series *series = ctx;
    struct rollup *bucket = bucket_at(series, start_ms);
    if (bucket != NULL) {
        rollup_merge(bucket, &rows[row_of(series->query->channel)]);
    }
    return STATUS_OK;
}

static enum status ignore_notice(void *ctx, const struct meter_notice *notice)
{
    (void)ctx, (void)notice;
    return STATUS_OK;
}

static struct rollup read_rollup(sqlite3_stmt *statement)
{
    return (struct rollup){
        .measured_us = sqlite3_column_int64(statement, 1),
        .voltage_square_us = sqlite3_column_double(statement, 2),
        .current_square_us = sqlite3_column_double(statement, 3),
        .active_power_us = sqlite3_column_double(statement, 4),
        .reactive_power_us = sqlite3_column_double(statement, 5),
        .apparent_power_us = sqlite3_column_double(statement, 6),
        .active_power_min = sqlite3_column_double(statement, 7),
        .active_power_max = sqlite3_column_double(statement, 8),
        .frequency_us = sqlite3_column_double(statement, 9),
        .frequency_measured_us = sqlite3_column_int64(statement, 10),
        .import_mj = sqlite3_column_int64(statement, 11),
        .export_mj = sqlite3_column_int64(statement, 12),
        .quality = (uint32_t)sqlite3_column_int64(statement, 13),
    };
}

static int64_t width_for(int64_t start_ms, int64_t end_ms, int64_t bucket_ms)
{
    const bool whole_hours = start_ms % ROLLUP_HOUR_MS == 0 && end_ms % ROLLUP_HOUR_MS == 0 &&
                             bucket_ms % ROLLUP_HOUR_MS == 0;
    return whole_hours ? ROLLUP_HOUR_MS : ROLLUP_MINUTE_MS;
}

static enum status sum_rollups(const struct store_query *query, struct series *series)
{
    const struct telemetry_query *range = series->query;
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_READ_ROLLUPS);
    (void)sqlite3_bind_int64(statement, 1, query->device.device_no);
    (void)sqlite3_bind_int64(statement, 2,
                             width_for(range->start_ms, range->end_ms, range->bucket_ms));
    (void)sqlite3_bind_int64(statement, 3, range->start_ms);
    (void)sqlite3_bind_int64(statement, 4, range->end_ms);
    (void)sqlite3_bind_int(statement, 5, range->channel);
    enum status status;
    while ((status = sqlite_connection_step(query->connection, statement)) == STATUS_OK) {
        const struct rollup part = read_rollup(statement);
        struct rollup *bucket = bucket_at(series, sqlite3_column_int64(statement, 0));
        if (bucket != NULL) {
            rollup_merge(bucket, &part);
        }
    }
    if (status != STATUS_MISSING) {
        return status;
    }
    const struct meter_fold_sink sink = { merge_minute, ignore_notice, series };
    struct meter_state state;
    return store_query_fold_tail(query, &sink, &state);
}

static bool is_valid(const struct telemetry_query *query)
{
    return query->bucket_ms > 0 && query->end_ms > query->start_ms &&
           query->channel >= TELEMETRY_CHANNEL_TOTAL && query->channel < READING_CHANNEL_COUNT &&
           (query->bucket_ms < TELEMETRY_MINUTE_MS ||
            query->bucket_ms % TELEMETRY_MINUTE_MS == 0) &&
           query->start_ms > INT64_MIN / 4 && query->end_ms < INT64_MAX / 4 &&
           (query->end_ms - query->start_ms - 1) / query->bucket_ms < TELEMETRY_POINT_LIMIT;
}

enum status store_telemetry(void *ctx, const struct telemetry_query *query,
                            struct telemetry_point *points, size_t *count)
{
    if (!is_valid(query)) {
        return STATUS_INVALID;
    }
    struct store_query snapshot;
    enum status status = store_query_begin(ctx, query->device_id, &snapshot);
    if (status != STATUS_OK) {
        return status;
    }
    struct series series = { .query = query };
    series.count = (size_t)((query->end_ms - query->start_ms - 1) / query->bucket_ms) + 1;
    series.bucket = calloc(series.count, sizeof *series.bucket);
    if (series.bucket == NULL) {
        status = STATUS_IO;
    } else if (query->bucket_ms < TELEMETRY_MINUTE_MS) {
        status = sum_readings(&snapshot, &series);
    } else {
        status = sum_rollups(&snapshot, &series);
    }
    for (size_t i = 0; i < series.count && status == STATUS_OK; i++) {
        points[i].start_ms = query->start_ms + (int64_t)i * query->bucket_ms;
        rollup_to_point(&series.bucket[i], &points[i]);
    }
    *count = series.count;
    free(series.bucket);
    store_query_end(&snapshot);
    return status;
}

struct energy_sum {
    int64_t start_ms;
    int64_t end_ms;
    struct energy_report *report;
};

static enum status add_minute_energy(void *ctx, int64_t start_ms,
                                     const struct rollup rows[ROLLUP_ROW_COUNT])
{
    const struct energy_sum *sum = ctx;
    if (start_ms < sum->start_ms || start_ms >= sum->end_ms) {
        return STATUS_OK;
    }
    for (int i = 0; i < READING_CHANNEL_COUNT; i++) {
        sum->report->channel[i].import_mj += rows[i].import_mj;
        sum->report->channel[i].export_mj += rows[i].export_mj;
    }
    sum->report->total.import_mj += rows[READING_CHANNEL_COUNT].import_mj;
    sum->report->total.export_mj += rows[READING_CHANNEL_COUNT].export_mj;
    return STATUS_OK;
}

/// Adds what is stored of one width in [start_ms, end_ms).
static enum status sum_stored_energy(const struct store_query *query, int64_t width_ms,
                                     int64_t start_ms, int64_t end_ms, struct energy_report *report)
{
    if (start_ms >= end_ms) {
        return STATUS_OK;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_SUM_ENERGY);
    (void)sqlite3_bind_int64(statement, 1, query->device.device_no);
    (void)sqlite3_bind_int64(statement, 2, width_ms);
    (void)sqlite3_bind_int64(statement, 3, start_ms);
    (void)sqlite3_bind_int64(statement, 4, end_ms);
    enum status status;
    while ((status = sqlite_connection_step(query->connection, statement)) == STATUS_OK) {
        const int channel = sqlite3_column_int(statement, 0);
        struct channel_energy *energy = channel >= 0 && channel < READING_CHANNEL_COUNT
                                            ? &report->channel[channel]
                                            : &report->total;
        energy->import_mj += sqlite3_column_int64(statement, 1);
        energy->export_mj += sqlite3_column_int64(statement, 2);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Takes whole hours where the range has them, and minutes at its ends.
static enum status sum_all_energy(const struct store_query *query, int64_t start_ms, int64_t end_ms,
                                  struct energy_report *report)
{
    const int64_t first_hour_ms = rollup_start_ms(start_ms + ROLLUP_HOUR_MS - 1, ROLLUP_HOUR_MS);
    const int64_t last_hour_ms = rollup_start_ms(end_ms, ROLLUP_HOUR_MS);
    if (first_hour_ms >= last_hour_ms) {
        return sum_stored_energy(query, ROLLUP_MINUTE_MS, start_ms, end_ms, report);
    }
    enum status status =
        sum_stored_energy(query, ROLLUP_MINUTE_MS, start_ms, first_hour_ms, report);
    if (status == STATUS_OK) {
        status = sum_stored_energy(query, ROLLUP_HOUR_MS, first_hour_ms, last_hour_ms, report);
    }
    return status == STATUS_OK
               ? sum_stored_energy(query, ROLLUP_MINUTE_MS, last_hour_ms, end_ms, report)
               : status;
}

enum status store_energy(void *ctx, const char *device_id, int64_t start_ms, int64_t end_ms,
                         struct energy_report *report)
{
    *report = (struct energy_report){ 0 };
    if (start_ms <= INT64_MIN / 4 || end_ms >= INT64_MAX / 4) {
        return STATUS_INVALID;
    }
    struct store_query query;
    enum status status = store_query_begin(ctx, device_id, &query);
    if (status != STATUS_OK) {
        return status;
    }
    status = sum_all_energy(&query, start_ms, end_ms, report);
    struct energy_sum sum = { .start_ms = start_ms, .end_ms = end_ms, .report = report };
    const struct meter_fold_sink sink = { add_minute_energy, ignore_notice, &sum };
    struct meter_state state = { 0 };
    if (status == STATUS_OK) {
        status = store_query_fold_tail(&query, &sink, &state);
    }
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        report->lifetime[i].import_mj = state.segment[i][METER_IMPORT].lifetime_mj;
        report->lifetime[i].export_mj = state.segment[i][METER_EXPORT].lifetime_mj;
        report->channels |= (uint8_t)((state.segment[i][METER_IMPORT].known ? 1u : 0u) << i);
    }
    if (status == STATUS_OK) {
        status = store_presets_show(&query, report);
    }
    store_query_end(&query);
    return status;
}

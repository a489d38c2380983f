// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "batch_walk.h"
#include "store_findings.h"
#include "store_presets.h"
#include "store_query.h"
#include "store_telemetry.h"

/// Keeps the newest reading seen in a walk.
struct latest_search {
    bool found;
    struct stored_reading *latest;
};

static enum status note_latest(void *ctx, const struct walked_batch *batch)
{
    struct latest_search *search = ctx;
    struct anchor anchor = batch->anchor;
    for (uint32_t i = 0; i < batch->row->count; i++) {
        const struct record *record = &batch->records[i];
        if (record->kind == RECORD_KIND_ANCHOR) {
            anchor = record->anchor;
        }
        if (record->kind != RECORD_KIND_READING) {
            continue;
        }
        search->found = true;
        search->latest->seq = batch->row->first_seq + i;
        search->latest->boot_id = batch->row->boot_id;
        search->latest->time_ms = anchor_time_ms(&anchor, record->reading.uptime_ms);
        search->latest->time_source = anchor.source;
        search->latest->reading = record->reading;
    }
    return STATUS_OK;
}

/// Looks at ever more of the last batches, since the very last may hold anchors only.
static enum status search_latest(const struct store_query *query,
                                 const struct query_journal *journal, struct latest_search *search)
{
    struct batch_numbers numbers = { 0 };
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_LAST_RUN);
    (void)sqlite3_bind_int64(statement, 1, journal->journal.journal_no);
    enum status status = batch_numbers_add_runs(&numbers, query->connection, statement);
    if (status == STATUS_OK) {
        status = batch_numbers_add(&numbers, journal->tail.batch_no, journal->tail.count);
    }
    for (size_t count = 1; status == STATUS_OK && !search->found && numbers.count > 0; count *= 4) {
        const size_t taken = count < numbers.count ? count : numbers.count;
        const struct batch_numbers last = { .batch_no = &numbers.batch_no[numbers.count - taken],
                                            .count = taken };
        status = batch_walk(query->connection, journal->journal.journal_no, &last, 0, note_latest,
                            search);
        if (taken == numbers.count) {
            break;
        }
    }
    batch_numbers_free(&numbers);
    return status;
}

static enum status latest(void *ctx, const char *device_id, struct stored_reading *reading)
{
    struct store_query query;
    enum status status = store_query_begin(ctx, device_id, &query);
    if (status != STATUS_OK) {
        return status;
    }
    struct latest_search search = { .latest = reading };
    const struct query_journal *journal = store_query_newest(&query);
    if (journal != NULL) {
        *reading = (struct stored_reading){ 0 };
        (void)device_id_parse(device_id, strlen(device_id), reading->device_id);
        memcpy(reading->journal_id, journal->journal.journal_id, JOURNAL_ID_SIZE);
        status = search_latest(&query, journal, &search);
    }
    store_query_end(&query);
    return status == STATUS_OK && !search.found ? STATUS_MISSING : status;
}

/// Counts the records of a journal batch by batch and finds holes and doubles.
struct delivery_count {
    uint64_t next_seq;
    uint64_t stored;
    uint64_t doubled;
    struct seq_range *gap;
    size_t gap_count;
    size_t gap_capacity;
};

static enum status add_gap(struct delivery_count *count, uint64_t first_seq, uint64_t last_seq)
{
    if (count->gap_count == count->gap_capacity) {
        const size_t capacity = count->gap_capacity == 0 ? 8 : count->gap_capacity * 2;
        struct seq_range *grown = realloc(count->gap, capacity * sizeof *grown);
        if (grown == NULL) {
            return STATUS_IO;
        }
        count->gap = grown;
        count->gap_capacity = capacity;
    }
    count->gap[count->gap_count++] = (struct seq_range){ first_seq, last_seq };
    return STATUS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/// Goes over the rows themselves, so that it would see what the watermark hides.
static enum status count_rows(struct store_query *query, const struct batch_numbers *numbers,
                              struct delivery_count *count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < numbers->count && status == STATUS_OK; i++) {
        if (i > 0 && numbers->batch_no[i] == numbers->batch_no[i - 1]) {
            continue; // Went into a run after the tail was copied.
        }
        sqlite3_stmt *statement =
            sqlite_connection_statement(query->connection, FLEET_STATEMENT_GET_BATCH);
        (void)sqlite3_bind_int64(statement, 1, numbers->batch_no[i]);
        status = sqlite_connection_step(query->connection, statement);
        if (status == STATUS_MISSING) {
            status = STATUS_OK;
            continue;
        }
        const uint64_t records = (uint64_t)sqlite3_column_int64(statement, 2);
        const uint64_t first_seq = (uint64_t)sqlite3_column_int64(statement, 3);
        (void)sqlite3_reset(statement);
        const uint64_t last_seq = first_seq + records - 1;
        if (first_seq > count->next_seq && status == STATUS_OK) {
            status = add_gap(count, count->next_seq, first_seq - 1);
        }
        if (first_seq < count->next_seq) {
            const uint64_t end = last_seq < count->next_seq ? last_seq + 1 : count->next_seq;
            count->doubled += end - first_seq;
        }
        count->stored += records;
        count->next_seq = last_seq >= count->next_seq ? last_seq + 1 : count->next_seq;
    }
    return status;
}

static enum status count_journal(struct store_query *query, const struct query_journal *journal,
                                 struct delivery_count *count)
{
    struct batch_numbers numbers = { 0 };
    enum status status = store_query_after(query, journal, 0, &numbers);
    if (status == STATUS_OK && numbers.count > 0) {
        qsort(numbers.batch_no, numbers.count, sizeof numbers.batch_no[0], compare_numbers);
        status = count_rows(query, &numbers, count);
    }
    batch_numbers_free(&numbers);
    return status;
}

static enum status
deliveries(void *ctx, const char *device_id,
           void (*visit)(void *visit_ctx, const struct journal_delivery *delivery), void *visit_ctx)
{
    struct store_query query;
    enum status status = store_query_begin(ctx, device_id, &query);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < query.journal_count && status == STATUS_OK; i++) {
        struct delivery_count count = { .next_seq = 1 };
        status = count_journal(&query, &query.journal[i], &count);
        struct journal_delivery delivery = { .watermark = query.journal[i].journal.watermark,
                                             .stored = count.stored,
                                             .doubled = count.doubled,
                                             .gaps = count.gap,
                                             .gap_count = count.gap_count };
        memcpy(delivery.journal_id, query.journal[i].journal.journal_id, JOURNAL_ID_SIZE);
        if (status == STATUS_OK) {
            visit(visit_ctx, &delivery);
        }
        free(count.gap);
    }
    store_query_end(&query);
    return status;
}

static void read_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const void *text = sqlite3_column_blob(statement, column);
    const size_t length = (size_t)sqlite3_column_bytes(statement, column);
    const size_t taken = length < size ? length : size - 1;
    if (taken > 0) {
        memcpy(out, text, taken);
    }
    out[taken] = '\0';
}

static enum status devices(void *ctx,
                           void (*visit)(void *visit_ctx, const struct device_record *device),
                           void *visit_ctx)
{
    struct sqlite_connection *connection = store_reader_take(ctx);
    if (connection == NULL) {
        return STATUS_IO;
    }
    sqlite3_stmt *statement = sqlite_connection_statement(connection, FLEET_STATEMENT_LIST_DEVICES);
    enum status status;
    while ((status = sqlite_connection_step(connection, statement)) == STATUS_OK) {
        struct device_record record = {
            .first_seen_ms = sqlite3_column_int64(statement, 2),
            .unacknowledged_data = sqlite3_column_int(statement, 3) != 0,
        };
        read_text(statement, 0, record.device_id, sizeof record.device_id);
        read_text(statement, 1, record.name, sizeof record.name);
        visit(visit_ctx, &record);
    }
    store_reader_give(ctx, connection);
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum status rename_device(void *ctx, const char *device_id, const char *name)
{
    struct sqlite_connection *connection = store_reader_take(ctx);
    if (connection == NULL) {
        return STATUS_IO;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(connection, FLEET_STATEMENT_RENAME_DEVICE);
    (void)sqlite3_bind_text(statement, 1, device_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    enum status status = strlen(name) < DEVICE_NAME_SIZE
                             ? sqlite_connection_run(connection, statement)
                             : STATUS_INVALID;
    if (status == STATUS_OK && sqlite3_changes(connection->db) == 0) {
        status = STATUS_MISSING;
    }
    store_reader_give(ctx, connection);
    return status;
}

void store_queries_bind(struct sqlite_fleet_store *store)
{
    store->queries = (struct fleet_store){
        .latest = latest,
        .telemetry = store_telemetry,
        .energy = store_energy,
        .findings = store_findings,
        .finding = store_finding,
        .waveform = store_waveform,
        .preset = store_preset,
        .presets = store_presets,
        .deliveries = deliveries,
        .devices = devices,
        .rename_device = rename_device,
        .ctx = store,
    };
}

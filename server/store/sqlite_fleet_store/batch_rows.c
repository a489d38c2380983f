// SPDX-License-Identifier: MIT
#include "batch_rows.h"

#include <stdlib.h>
#include <string.h>

void batch_numbers_free(struct batch_numbers *numbers)
{
    free(numbers->batch_no);
    *numbers = (struct batch_numbers){ 0 };
}

enum status batch_numbers_add(struct batch_numbers *numbers, const int64_t *batch_no, size_t count)
{
    if (numbers->count + count > numbers->capacity) {
        size_t capacity = numbers->capacity == 0 ? 64 : numbers->capacity;
        while (capacity < numbers->count + count) {
            capacity *= 2;
        }
        int64_t *grown = realloc(numbers->batch_no, capacity * sizeof *grown);
        if (grown == NULL) {
            return STATUS_IO;
        }
        numbers->batch_no = grown;
        numbers->capacity = capacity;
    }
    if (count > 0) {
        memcpy(&numbers->batch_no[numbers->count], batch_no, count * sizeof *batch_no);
        numbers->count += count;
    }
    return STATUS_OK;
}

enum status batch_numbers_add_runs(struct batch_numbers *numbers,
                                   struct sqlite_connection *connection, sqlite3_stmt *statement)
{
    enum { BATCHES_COLUMN = 5 };
    enum status status;
    while ((status = sqlite_connection_step(connection, statement)) == STATUS_OK) {
        const void *blob = sqlite3_column_blob(statement, BATCHES_COLUMN);
        const size_t count =
            (size_t)sqlite3_column_bytes(statement, BATCHES_COLUMN) / sizeof(int64_t);
        // The blob has no alignment of its own, so it goes through bytes.
        const size_t before = numbers->count;
        int64_t zero = 0;
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            status = batch_numbers_add(numbers, &zero, 1);
        }
        if (status != STATUS_OK) {
            (void)sqlite3_reset(statement);
            return status;
        }
        if (count > 0) {
            memcpy(&numbers->batch_no[before], blob, count * sizeof(int64_t));
        }
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Reads a row and leaves out records up to `after_seq`. @return false  nothing is left of it.
static bool read_row(sqlite3_stmt *statement, uint64_t after_seq, struct batch_row *row)
{
    row->boot_id = (uint32_t)sqlite3_column_int64(statement, 0);
    row->skip = (uint32_t)sqlite3_column_int64(statement, 1);
    row->count = (uint32_t)sqlite3_column_int64(statement, 2);
    row->first_seq = (uint64_t)sqlite3_column_int64(statement, 3);
    row->first_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 4);
    row->last_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 5);
    row->received_ms = sqlite3_column_int64(statement, 6);
    row->payload = sqlite3_column_blob(statement, 7);
    row->size = (size_t)sqlite3_column_bytes(statement, 7);
    if (row->first_seq + row->count - 1 <= after_seq) {
        return false;
    }
    if (row->first_seq <= after_seq) {
        const uint32_t held = (uint32_t)(after_seq + 1 - row->first_seq);
        row->skip += held;
        row->count -= held;
        row->first_seq += held;
    }
    return true;
}

enum status batch_rows_visit(struct sqlite_connection *connection, int64_t journal_no,
                             const struct batch_numbers *numbers, uint64_t after_seq,
                             enum status (*visit)(void *ctx, const struct batch_row *row),
                             void *ctx)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < numbers->count && status == STATUS_OK; i++) {
        sqlite3_stmt *statement =
            sqlite_connection_statement(connection, FLEET_STATEMENT_GET_BATCH);
        (void)sqlite3_bind_int64(statement, 1, numbers->batch_no[i]);
        status = sqlite_connection_step(connection, statement);
        if (status == STATUS_MISSING) {
            status = STATUS_OK; // Newer than the snapshot.
            continue;
        }
        struct batch_row row = { .journal_no = journal_no };
        if (status == STATUS_OK && read_row(statement, after_seq, &row)) {
            after_seq = row.first_seq + row.count - 1;
            status = visit(ctx, &row);
        }
        (void)sqlite3_reset(statement);
    }
    return status;
}

static enum status read_anchor(struct sqlite_connection *connection, enum fleet_statement which,
                               int64_t journal_no, uint32_t boot_id, uint64_t seq,
                               struct anchor *anchor)
{
    sqlite3_stmt *statement = sqlite_connection_statement(connection, which);
    (void)sqlite3_bind_int64(statement, 1, journal_no);
    (void)sqlite3_bind_int64(statement, 2, boot_id);
    (void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)seq);
    const enum status status = sqlite_connection_step(connection, statement);
    if (status == STATUS_OK) {
        anchor->uptime_ms = (uint64_t)sqlite3_column_int64(statement, 0);
        anchor->utc_ms = sqlite3_column_int64(statement, 1);
        anchor->uncertainty_ms = (uint32_t)sqlite3_column_int64(statement, 2);
        anchor->source = (uint8_t)sqlite3_column_int64(statement, 3);
        (void)sqlite3_reset(statement);
    }
    return status;
}

enum status batch_rows_anchor(struct sqlite_connection *connection, int64_t journal_no,
                              uint32_t boot_id, uint64_t seq, struct anchor *anchor)
{
    const enum status status =
        read_anchor(connection, FLEET_STATEMENT_ANCHOR_UP_TO, journal_no, boot_id, seq, anchor);
    return status == STATUS_MISSING ? read_anchor(connection, FLEET_STATEMENT_ANCHOR_AFTER,
                                                  journal_no, boot_id, seq, anchor)
                                    : status;
}

// SPDX-License-Identifier: MIT
#include "store_query.h"

#include <stdlib.h>

#include "batch_walk.h"

static enum status add_journal(struct store_query *query, const struct query_journal *journal)
{
    struct query_journal *grown =
        realloc(query->journal, (query->journal_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return STATUS_IO;
    }
    query->journal = grown;
    query->journal[query->journal_count++] = *journal;
    return STATUS_OK;
}

static enum status copy_tail(const struct store_query *query, struct query_journal *journal)
{
    int64_t *batch_no = NULL;
    size_t count = 0;
    if (batch_tails_copy(query->store->tails, journal->journal.journal_no, &batch_no, &count) !=
        STATUS_OK) {
        return STATUS_IO;
    }
    journal->tail =
        (struct batch_numbers){ .batch_no = batch_no, .count = count, .capacity = count };
    return STATUS_OK;
}

/// Finds the journals and copies their tails, all before the snapshot.
static enum status list_journals(struct store_query *query)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_LIST_JOURNALS);
    (void)sqlite3_bind_int64(statement, 1, query->device.device_no);
    enum status status;
    while ((status = sqlite_connection_step(query->connection, statement)) == STATUS_OK) {
        struct query_journal journal = { 0 };
        store_read_journal(statement, &journal.journal, &journal.run_seq);
        if (add_journal(query, &journal) != STATUS_OK) {
            (void)sqlite3_reset(statement);
            return STATUS_IO;
        }
    }
    status = status == STATUS_MISSING ? STATUS_OK : status;
    for (size_t i = 0; i < query->journal_count && status == STATUS_OK; i++) {
        status = copy_tail(query, &query->journal[i]);
    }
    return status;
}

/// Reads the journals' marks again, inside the snapshot.
static enum status refresh_journals(struct store_query *query)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < query->journal_count && status == STATUS_OK; i++) {
        struct query_journal *journal = &query->journal[i];
        sqlite3_stmt *statement =
            sqlite_connection_statement(query->connection, FLEET_STATEMENT_GET_JOURNAL);
        (void)sqlite3_bind_int64(statement, 1, journal->journal.journal_no);
        status = sqlite_connection_step(query->connection, statement);
        if (status == STATUS_OK) {
            store_read_journal(statement, &journal->journal, &journal->run_seq);
            (void)sqlite3_reset(statement);
        }
    }
    return status;
}

enum status store_query_begin(struct sqlite_fleet_store *store, const char *device_id,
                              struct store_query *query)
{
    *query = (struct store_query){ .store = store, .connection = store_reader_take(store) };
    if (query->connection == NULL) {
        return STATUS_IO;
    }
    enum status status = store_read_device(query->connection, device_id, &query->device);
    if (status == STATUS_OK) {
        status = list_journals(query);
    }
    if (status == STATUS_OK) {
        status = sqlite_connection_run_plain(query->connection, FLEET_STATEMENT_BEGIN_READ);
    }
    if (status == STATUS_OK) {
        status = store_read_device(query->connection, device_id, &query->device);
    }
    if (status == STATUS_OK) {
        status = refresh_journals(query);
    }
    if (status != STATUS_OK) {
        store_query_end(query);
    }
    return status;
}

void store_query_end(struct store_query *query)
{
    if (sqlite3_get_autocommit(query->connection->db) == 0) {
        (void)sqlite3_exec(query->connection->db, "ROLLBACK", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < query->journal_count; i++) {
        batch_numbers_free(&query->journal[i].tail);
    }
    free(query->journal);
    store_reader_give(query->store, query->connection);
}

const struct query_journal *store_query_newest(const struct store_query *query)
{
    for (size_t i = 0; i < query->journal_count; i++) {
        if (query->device.has_journal &&
            query->journal[i].journal.journal_no == query->device.newest.journal_no) {
            return &query->journal[i];
        }
    }
    return NULL;
}

enum status store_query_after(const struct store_query *query, const struct query_journal *journal,
                              uint64_t after_seq, struct batch_numbers *numbers)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(query->connection, FLEET_STATEMENT_RUNS_AFTER_SEQ);
    (void)sqlite3_bind_int64(statement, 1, journal->journal.journal_no);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)after_seq);
    const enum status status = batch_numbers_add_runs(numbers, query->connection, statement);
    return status == STATUS_OK
               ? batch_numbers_add(numbers, journal->tail.batch_no, journal->tail.count)
               : status;
}

struct tail_fold {
    struct meter_fold fold;
    const struct meter_fold_sink *sink;
};

static enum status fold_batch(void *ctx, const struct walked_batch *batch)
{
    struct tail_fold *tail = ctx;
    meter_fold_set_anchor(&tail->fold, &batch->anchor);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < batch->row->count && status == STATUS_OK; i++) {
        status = meter_fold_take(&tail->fold, batch->row->boot_id, batch->row->first_seq + i,
                                 &batch->records[i], tail->sink);
    }
    return status;
}

enum status store_query_fold_tail(const struct store_query *query,
                                  const struct meter_fold_sink *sink, struct meter_state *state)
{
    *state = query->device.meter;
    const struct query_journal *journal = store_query_newest(query);
    if (journal == NULL) {
        return STATUS_OK;
    }
    struct tail_fold tail = { .sink = sink };
    meter_fold_init(&tail.fold, &query->device.meter);
    if (journal->journal.rolled_seq == 0) {
        meter_fold_begin_journal(&tail.fold);
    }
    struct batch_numbers numbers = { 0 };
    enum status status = store_query_after(query, journal, journal->journal.rolled_seq, &numbers);
    if (status == STATUS_OK) {
        status = batch_walk(query->connection, journal->journal.journal_no, &numbers,
                            journal->journal.rolled_seq, fold_batch, &tail);
    }
    batch_numbers_free(&numbers);
    if (status == STATUS_OK) {
        status = meter_fold_flush(&tail.fold, sink);
    }
    *state = tail.fold.state;
    return status;
}

// SPDX-License-Identifier: MIT
#include "store_runs.h"

#include <stdlib.h>

#include "batch_rows.h"

/// A run's bounds in time. Clocks are set within a boot, so both of its ends are asked.
struct time_bounds {
    bool known;
    int64_t start_ms;
    int64_t end_ms;
};

struct run {
    int64_t journal_no;
    uint32_t boot_id;
    uint64_t first_seq;
    uint64_t last_seq;
    uint64_t first_uptime_ms;
    uint64_t last_uptime_ms;
};

static enum status widen(struct sqlite_fleet_store *store, const struct run *run, uint64_t seq,
                         struct time_bounds *bounds)
{
    struct anchor anchor;
    const enum status status =
        batch_rows_anchor(&store->write, run->journal_no, run->boot_id, seq, &anchor);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK : status;
    }
    const int64_t start_ms = anchor_time_ms(&anchor, run->first_uptime_ms);
    const int64_t end_ms = anchor_time_ms(&anchor, run->last_uptime_ms);
    bounds->start_ms = !bounds->known || start_ms < bounds->start_ms ? start_ms : bounds->start_ms;
    bounds->end_ms = !bounds->known || end_ms > bounds->end_ms ? end_ms : bounds->end_ms;
    bounds->known = true;
    return STATUS_OK;
}

static enum status bounds_of(struct sqlite_fleet_store *store, const struct run *run,
                             struct time_bounds *bounds)
{
    *bounds = (struct time_bounds){ 0 };
    const enum status status = widen(store, run, run->first_seq, bounds);
    return status == STATUS_OK ? widen(store, run, run->last_seq, bounds) : status;
}

static enum status add_run(struct sqlite_fleet_store *store, const struct run *run,
                           const int64_t *batch_no, size_t count)
{
    struct time_bounds bounds;
    const enum status status = bounds_of(store, run, &bounds);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_ADD_RUN);
    (void)sqlite3_bind_int64(statement, 1, run->journal_no);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)run->first_seq);
    (void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)run->last_seq);
    (void)sqlite3_bind_int64(statement, 4, run->boot_id);
    (void)sqlite3_bind_int64(statement, 5, (sqlite3_int64)run->first_uptime_ms);
    (void)sqlite3_bind_int64(statement, 6, (sqlite3_int64)run->last_uptime_ms);
    if (bounds.known) {
        (void)sqlite3_bind_int64(statement, 7, bounds.start_ms);
        (void)sqlite3_bind_int64(statement, 8, bounds.end_ms);
    } else {
        (void)sqlite3_bind_null(statement, 7);
        (void)sqlite3_bind_null(statement, 8);
    }
    (void)sqlite3_bind_blob64(statement, 9, batch_no, count * sizeof *batch_no, SQLITE_STATIC);
    return sqlite_connection_run(&store->write, statement);
}

/// Makes one run of the entries of one boot from `first` on; `*next` becomes the entry after it.
static enum status make_run(struct sqlite_fleet_store *store, const struct batch_tail *tail,
                            size_t first, int64_t *batch_no, size_t *next)
{
    const struct batch_tail_entry *entry = &tail->entry[first];
    struct run run = { .journal_no = tail->journal_no,
                       .boot_id = entry->boot_id,
                       .first_seq = entry->first_seq,
                       .first_uptime_ms = INT64_MAX };
    size_t count = 0;
    while (first + count < tail->count && tail->entry[first + count].boot_id == run.boot_id) {
        entry = &tail->entry[first + count];
        batch_no[count++] = entry->batch_no;
        run.last_seq = entry->first_seq + entry->count - 1;
        if (entry->first_uptime_ms < run.first_uptime_ms) {
            run.first_uptime_ms = entry->first_uptime_ms;
        }
        if (entry->last_uptime_ms > run.last_uptime_ms) {
            run.last_uptime_ms = entry->last_uptime_ms;
        }
    }
    if (run.last_uptime_ms > INT64_MAX) {
        run.last_uptime_ms = INT64_MAX;
    }
    *next = first + count;
    return add_run(store, &run, batch_no, count);
}

enum status store_runs_make(struct sqlite_fleet_store *store, struct batch_tail *tail)
{
    if (tail->run_count == tail->count) {
        return STATUS_OK;
    }
    int64_t *batch_no = malloc((tail->count - tail->run_count) * sizeof *batch_no);
    enum status status = batch_no != NULL ? STATUS_OK : STATUS_IO;
    size_t next = tail->run_count;
    while (next < tail->count && status == STATUS_OK) {
        status = make_run(store, tail, next, batch_no, &next);
    }
    free(batch_no);
    if (status != STATUS_OK) {
        return status;
    }
    const struct batch_tail_entry *last = &tail->entry[tail->count - 1];
    tail->run_count = tail->count;
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_RUN_SEQ);
    (void)sqlite3_bind_int64(statement, 1, tail->journal_no);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)(last->first_seq + last->count - 1));
    return sqlite_connection_run(&store->write, statement);
}

static enum status place_run(struct sqlite_fleet_store *store, const struct run *run)
{
    struct time_bounds bounds;
    const enum status status = bounds_of(store, run, &bounds);
    if (status != STATUS_OK || !bounds.known) {
        return status;
    }
    sqlite3_stmt *statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_PLACE_RUN);
    (void)sqlite3_bind_int64(statement, 1, run->journal_no);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)run->first_seq);
    (void)sqlite3_bind_int64(statement, 3, bounds.start_ms);
    (void)sqlite3_bind_int64(statement, 4, bounds.end_ms);
    return sqlite_connection_run(&store->write, statement);
}

enum status store_runs_place(struct sqlite_fleet_store *store, int64_t journal_no, uint32_t boot_id)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        // One at a time: a place takes the run out of what the statement finds.
        sqlite3_stmt *statement =
            sqlite_connection_statement(&store->write, FLEET_STATEMENT_UNPLACED_RUNS);
        (void)sqlite3_bind_int64(statement, 1, journal_no);
        (void)sqlite3_bind_int64(statement, 2, boot_id);
        status = sqlite_connection_step(&store->write, statement);
        if (status == STATUS_OK) {
            const struct run run = {
                .journal_no = journal_no,
                .first_seq = (uint64_t)sqlite3_column_int64(statement, 0),
                .last_seq = (uint64_t)sqlite3_column_int64(statement, 1),
                .boot_id = boot_id,
                .first_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 3),
                .last_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 4),
            };
            (void)sqlite3_reset(statement);
            status = place_run(store, &run);
        }
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum status find_lowest(void *ctx, struct batch_tail *tail)
{
    int64_t *low = ctx;
    if (tail->run_count < tail->count && tail->entry[tail->run_count].batch_no < *low) {
        *low = tail->entry[tail->run_count].batch_no;
    }
    return STATUS_OK;
}

static enum status shorten(void *ctx, struct batch_tail *tail)
{
    struct sqlite_fleet_store *store = ctx;
    const bool old =
        tail->run_count < tail->count &&
        tail->entry[tail->run_count].batch_no < store->next_batch_no - STORE_TAIL_TOTAL_LIMIT / 2;
    return old ? store_runs_make(store, tail) : STATUS_OK;
}

enum status store_runs_before_commit(struct sqlite_fleet_store *store)
{
    enum { BATCHES_BETWEEN = 4096 };
    enum status status = STATUS_OK;
    if (store->next_batch_no - store->tails_scanned_at < BATCHES_BETWEEN) {
        return STATUS_OK;
    }
    store->tails_scanned_at = store->next_batch_no;
    if (store->next_batch_no - store->tail_low > STORE_TAIL_TOTAL_LIMIT) {
        status = batch_tails_each(store->tails, shorten, store);
    }
    int64_t low = store->next_batch_no;
    if (status == STATUS_OK) {
        status = batch_tails_each(store->tails, find_lowest, &low);
    }
    if (status != STATUS_OK || low == store->tail_low) {
        return status;
    }
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_SET_TAIL_LOW);
    (void)sqlite3_bind_int64(statement, 1, low);
    status = sqlite_connection_run(&store->write, statement);
    if (status == STATUS_OK) {
        store->tail_low = low;
    }
    return status;
}

static enum status read_low(struct sqlite_fleet_store *store)
{
    sqlite3_stmt *statement =
        sqlite_connection_statement(&store->write, FLEET_STATEMENT_GET_TAIL_LOW);
    const enum status status = sqlite_connection_step(&store->write, statement);
    if (status == STATUS_OK) {
        store->tail_low = sqlite3_column_int64(statement, 0);
        store->next_batch_no = sqlite3_column_int64(statement, 1) + 1;
        store->tails_scanned_at = store->tail_low;
        (void)sqlite3_reset(statement);
    }
    return status == STATUS_MISSING ? STATUS_CORRUPT : status;
}

enum status store_load_tails(struct sqlite_fleet_store *store)
{
    batch_tails_clear(store->tails);
    enum status status = read_low(store);
    sqlite3_stmt *statement = sqlite_connection_statement(&store->write, FLEET_STATEMENT_SCAN_TAIL);
    (void)sqlite3_bind_int64(statement, 1, store->tail_low);
    while (status == STATUS_OK &&
           (status = sqlite_connection_step(&store->write, statement)) == STATUS_OK) {
        const struct batch_tail_entry entry = {
            .batch_no = sqlite3_column_int64(statement, 0),
            .boot_id = (uint32_t)sqlite3_column_int64(statement, 2),
            .first_seq = (uint64_t)sqlite3_column_int64(statement, 3),
            .count = (uint32_t)sqlite3_column_int64(statement, 4),
            .first_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 5),
            .last_uptime_ms = (uint64_t)sqlite3_column_int64(statement, 6),
        };
        if (entry.first_seq <= (uint64_t)sqlite3_column_int64(statement, 7)) {
            continue;
        }
        struct batch_tail *tail = batch_tails_get(store->tails, sqlite3_column_int64(statement, 1));
        status = tail != NULL ? batch_tails_append(store->tails, tail, &entry) : STATUS_IO;
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

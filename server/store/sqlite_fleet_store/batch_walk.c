// SPDX-License-Identifier: MIT
#include "batch_walk.h"

#include <stdlib.h>

struct walk {
    struct sqlite_connection *connection;
    enum status (*visit)(void *ctx, const struct walked_batch *batch);
    void *ctx;
    bool has_last; ///< The next three tell of the batch before.
    uint32_t boot_id;
    uint64_t next_seq;
    struct anchor anchor; ///< In force at its end.
    struct record records[BATCH_RECORD_LIMIT];
};

/// The anchor goes on from the batch before when this one follows on; else it is looked up.
static enum status find_anchor(struct walk *walk, const struct batch_row *row,
                               struct walked_batch *batch)
{
    if (walk->has_last && walk->boot_id == row->boot_id && walk->next_seq == row->first_seq) {
        batch->anchor = walk->anchor;
        return STATUS_OK;
    }
    const enum status status = batch_rows_anchor(walk->connection, row->journal_no, row->boot_id,
                                                 row->first_seq, &batch->anchor);
    if (status != STATUS_MISSING) {
        return status;
    }
    batch->guessed = true;
    batch->anchor = (struct anchor){ .uptime_ms = row->last_uptime_ms,
                                     .utc_ms = row->received_ms,
                                     .source = ANCHOR_SOURCE_NONE };
    return STATUS_OK;
}

static enum status visit_row(void *ctx, const struct batch_row *row)
{
    struct walk *walk = ctx;
    struct batch_header header;
    if (batch_decode(row->payload, row->size, &header, walk->records) != STATUS_OK ||
        row->skip + row->count > header.count) {
        return STATUS_CORRUPT;
    }
    struct walked_batch batch = { .row = row, .records = &walk->records[row->skip] };
    const enum status status = find_anchor(walk, row, &batch);
    if (status != STATUS_OK) {
        return status;
    }
    walk->has_last = !batch.guessed;
    walk->boot_id = row->boot_id;
    walk->next_seq = row->first_seq + row->count;
    walk->anchor = batch.anchor;
    for (uint32_t i = 0; i < row->count; i++) {
        if (batch.records[i].kind == RECORD_KIND_ANCHOR) {
            walk->anchor = batch.records[i].anchor;
        }
    }
    return walk->visit(walk->ctx, &batch);
}

enum status batch_walk(struct sqlite_connection *connection, int64_t journal_no,
                       const struct batch_numbers *numbers, uint64_t after_seq,
                       enum status (*visit)(void *ctx, const struct walked_batch *batch), void *ctx)
{
    struct walk *walk = malloc(sizeof *walk);
    if (walk == NULL) {
        return STATUS_IO;
    }
    walk->connection = connection;
    walk->visit = visit;
    walk->ctx = ctx;
    walk->has_last = false;
    const enum status status =
        batch_rows_visit(connection, journal_no, numbers, after_seq, visit_row, walk);
    free(walk);
    return status;
}

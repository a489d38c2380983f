// SPDX-License-Identifier: MIT
#pragma once

/// Reading batches back in order: the numbers come from runs and from a copy of the tail, the rows
/// from the table, and the place in time from anchors.

#include "batch_tails.h"
#include "fleet_writer.h"
#include "sqlite_connection.h"

/// Numbers of batches, in memory of its own.
struct batch_numbers {
    int64_t *batch_no;
    size_t count;
    size_t capacity;
};

void batch_numbers_free(struct batch_numbers *numbers);
MUST_CHECK enum status batch_numbers_add(struct batch_numbers *numbers, const int64_t *batch_no,
                                         size_t count);

/// Adds the batches of all runs that `statement`, one of the run statements with its parameters
/// bound, gives.
MUST_CHECK enum status batch_numbers_add_runs(struct batch_numbers *numbers,
                                              struct sqlite_connection *connection,
                                              sqlite3_stmt *statement);

/// Calls `visit` for the listed batches with records after `after_seq`, leaving out those records.
/// A batch that is listed twice is visited once. Passes on what `visit` returns.
MUST_CHECK enum status
batch_rows_visit(struct sqlite_connection *connection, int64_t journal_no,
                 const struct batch_numbers *numbers, uint64_t after_seq,
                 enum status (*visit)(void *ctx, const struct batch_row *row), void *ctx);

/// The anchor in force at record `seq`. @return STATUS_MISSING  the boot has none.
MUST_CHECK enum status batch_rows_anchor(struct sqlite_connection *connection, int64_t journal_no,
                                         uint32_t boot_id, uint64_t seq, struct anchor *anchor);

// SPDX-License-Identifier: MIT
#pragma once

/// One query: a snapshot of one device with its journals and their tails.
///
/// The tails are copied from memory before the snapshot is taken. So a batch that is committed in
/// between shows in neither or in both, and one that goes into a run in between shows in both;
/// batch_rows_visit() takes it once.

#include "batch_rows.h"
#include "store_parts.h"

struct query_journal {
    struct journal_record journal;
    uint64_t run_seq;
    struct batch_numbers tail;
};

struct store_query {
    struct sqlite_fleet_store *store;
    struct sqlite_connection *connection;
    struct device_slot device;
    struct query_journal *journal; ///< Oldest first.
    size_t journal_count;
};

/// Begins a snapshot; on success it must be ended. @return STATUS_MISSING  no such device.
MUST_CHECK enum status store_query_begin(struct sqlite_fleet_store *store, const char *device_id,
                                         struct store_query *query);
void store_query_end(struct store_query *query);

/// The journal stored to last. @return NULL  there is none.
const struct query_journal *store_query_newest(const struct store_query *query);

/// Lists the batches of a journal with records after `after_seq`.
MUST_CHECK enum status store_query_after(const struct store_query *query,
                                         const struct query_journal *journal, uint64_t after_seq,
                                         struct batch_numbers *numbers);

/// Folds what is not in the roll-ups yet, and hands the minutes to `sink`; `state` receives the
/// registers at the end. Readings that still wait for their place in time count from their arrival.
MUST_CHECK enum status store_query_fold_tail(const struct store_query *query,
                                             const struct meter_fold_sink *sink,
                                             struct meter_state *state);

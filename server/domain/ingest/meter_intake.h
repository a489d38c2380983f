// SPDX-License-Identifier: MIT
#pragma once

/// One device on the writing side: which journal it is at, what is folded, and what still waits for
/// its place in time. Used by ingest.c alone.

#include <stdbool.h>

#include "fleet_counters.h"
#include "fleet_writer.h"

struct ingest_listener;

struct meter_intake {
    const struct fleet_writer *writer;
    struct fleet_counters *counters;
    const struct ingest_listener *listener; ///< NULL: nobody listens.
    struct record *scratch; ///< Room for BATCH_RECORD_LIMIT records, used while it catches up.
    char device_id[DEVICE_ID_SIZE];
    int64_t device_no;
    bool unacknowledged_data;
    int64_t first_data_ms; ///< Arrival of the first `data` message; 0: none yet.
    bool has_journal;
    struct journal_record journal;
    struct meter_fold fold;   ///< Contains all records up to the watermark, unless `waiting`.
    bool placed;              ///< The current boot has an anchor.
    bool waiting;             ///< Records after journal.rolled_seq wait for their place in time.
    int64_t waiting_since_ms; ///< Arrival of the first of them.
    bool minute_ended;        ///< The fold has merged a minute since the state was kept last.
    bool touched;             ///< By the transaction under way.
};

/// Loads a device, makes it when it is new, and folds what was stored after its state was kept.
MUST_CHECK enum status meter_intake_load(struct meter_intake *meter, int64_t now_ms,
                                         bool unacknowledged_data);

/// Makes `journal_id` the journal that records come from; `may_add` when it may be new.
///
/// @return STATUS_MISSING  it is new, and may not be.
MUST_CHECK enum status meter_intake_select(struct meter_intake *meter,
                                           const uint8_t journal_id[JOURNAL_ID_SIZE], bool may_add,
                                           int64_t now_ms);

/// Keeps the records of `row`, which follow the watermark, and folds them or lets them wait.
/// `records` are all records of the payload, the skipped ones too.
MUST_CHECK enum status meter_intake_append(struct meter_intake *meter, const struct batch_row *row,
                                           const struct record *records);

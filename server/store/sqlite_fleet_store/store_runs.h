// SPDX-License-Identifier: MIT
#pragma once

/// Making runs out of tails, and giving them a place in time.

#include "store_parts.h"

/// Puts the whole tail of a journal into runs, one for each boot.
MUST_CHECK enum status store_runs_make(struct sqlite_fleet_store *store, struct batch_tail *tail);

/// Gives a place in time to the runs of a boot whose first anchor has come.
MUST_CHECK enum status store_runs_place(struct sqlite_fleet_store *store, int64_t journal_no,
                                        uint32_t boot_id);

/// Keeps the tails short over the whole fleet, and keeps how far back the oldest one reaches, so
/// that opening the store need not read more.
MUST_CHECK enum status store_runs_before_commit(struct sqlite_fleet_store *store);

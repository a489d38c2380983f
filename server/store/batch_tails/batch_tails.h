// SPDX-License-Identifier: MIT
#pragma once

/// The batches of each journal that are in no run yet, by number, in memory: what a reader must
/// look at besides the runs. One thread writes; any thread may copy.
///
/// Entries that go into a run stay until the transaction is on disk, so that a reader finds every
/// batch in the copy it took before its snapshot, in the snapshot's runs, or in both.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct batch_tail_entry {
    int64_t batch_no;
    uint64_t first_seq;
    uint64_t first_uptime_ms;
    uint64_t last_uptime_ms;
    uint32_t count;
    uint32_t boot_id;
};

struct batch_tail {
    int64_t journal_no;
    struct batch_tail_entry *entry; ///< In the order of their sequence numbers.
    size_t count;
    size_t capacity;
    size_t run_count;   ///< Leading entries that the transaction under way has put into runs.
    bool dirty;         ///< The transaction under way has moved the watermark.
    uint64_t watermark; ///< Valid when dirty.
    uint32_t boot_id;   ///< Valid when dirty.
};

struct batch_tails;

/// @return NULL  no memory.
struct batch_tails *batch_tails_open(void);
void batch_tails_close(struct batch_tails *tails);

/// Finds the tail of a journal, or makes an empty one. Writer only. @return NULL  no memory.
struct batch_tail *batch_tails_get(struct batch_tails *tails, int64_t journal_no);

/// Adds an entry. Writer only. @return STATUS_FULL  no memory.
MUST_CHECK enum status batch_tails_append(struct batch_tails *tails, struct batch_tail *tail,
                                          const struct batch_tail_entry *entry);

/// Drops the entries that went into runs and clears the dirty marks. Writer only.
void batch_tails_committed(struct batch_tails *tails);

/// Forgets everything. Writer only.
void batch_tails_clear(struct batch_tails *tails);

/// Calls `visit` for each tail; stops early when it fails. Writer only.
MUST_CHECK enum status batch_tails_each(struct batch_tails *tails,
                                        enum status (*visit)(void *ctx, struct batch_tail *tail),
                                        void *ctx);

/// Copies the batch numbers of a journal's tail to memory that the caller frees; any thread.
///
/// @return STATUS_FULL  no memory.
MUST_CHECK enum status batch_tails_copy(struct batch_tails *tails, int64_t journal_no,
                                        int64_t **batch_no, size_t *count);

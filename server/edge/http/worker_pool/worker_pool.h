// SPDX-License-Identifier: MIT
#pragma once

/// A few threads for whatever may wait for a disk. Jobs belong to the caller and lie in its memory,
/// so submitting one cannot fail for want of room.

#include <stdbool.h>

#include "status.h"

struct worker_pool;

struct worker_job {
    struct worker_job *next; ///< Of the pool.
    void (*run)(struct worker_job *job);
};

/// @return NULL  no memory, or no threads.
struct worker_pool *worker_pool_open(unsigned threads);

/// Runs the job on one of the threads; it may free itself.
///
/// @return STATUS_BUSY  the pool is closing; the job will not run.
MUST_CHECK enum status worker_pool_submit(struct worker_pool *pool, struct worker_job *job);

/// Takes no more jobs, and returns when all that were taken have run.
void worker_pool_stop(struct worker_pool *pool);

/// Stops and frees. NULL is fine.
void worker_pool_close(struct worker_pool *pool);

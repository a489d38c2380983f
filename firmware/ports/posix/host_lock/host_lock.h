// SPDX-License-Identifier: MIT
#pragma once

/// A mutex for two tasks, with priority inheritance where the system has it.

#include <pthread.h>

#include "lock.h"

/// Storage for one lock, owned by the caller. It lasts as long as the program.
struct host_lock {
    pthread_mutex_t mutex;
};

/// @return STATUS_IO  the system has no more mutexes.
MUST_CHECK enum status host_lock_init(struct host_lock *lock);

/// The seam on `lock`, which must outlive it.
struct lock host_lock_seam(struct host_lock *lock);

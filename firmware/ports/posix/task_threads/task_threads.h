// SPDX-License-Identifier: MIT
#pragma once

/// The tasks of a device as threads, with the names and priorities of its table.
///
/// Real-time priorities are granted to root and to holders of CAP_SYS_NICE or a matching
/// RLIMIT_RTPRIO; where they are not, threads run as others do. The core of a task is for chips
/// that have a fixed number of them; Linux places threads itself.

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"

struct task_entry {
    const char *name; ///< At most 15 characters.
    int core;
    int priority;      ///< 1 to 24, higher first.
    size_t stack_size; ///< What the task needs on a chip; a thread gets at least 256 KB.
    void (*run)(void *ctx);
    void *ctx;
};

struct task_thread {
    const struct task_entry *entry;
    pthread_t thread;
    bool has_priority; ///< The system granted it.
};

/// Starts one thread for `entry`, which must outlive it. Signals go to the main thread only.
///
/// @return STATUS_IO  the system has no more threads.
MUST_CHECK enum status task_thread_start(struct task_thread *thread, const struct task_entry *entry,
                                         bool real_time);

/// Waits until its run() has returned.
void task_thread_join(struct task_thread *thread);

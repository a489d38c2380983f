// SPDX-License-Identifier: MIT
#pragma once

/// A device's log on a host: one line an event, with time, name and weight. From any thread.

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum host_log_weight { HOST_LOG_INFO, HOST_LOG_WARNING, HOST_LOG_ERROR };

enum { HOST_LOG_REPEAT_S = 60 };

struct host_log {
    FILE *out;
    const char *name; ///< Of the device.
    pthread_mutex_t mutex;
};

/// How often one kind of thing was said. Zero at the start.
struct host_log_limit {
    int64_t last_s; ///< CLOCK_MONOTONIC; 0: never said.
    uint32_t held_back;
};

/// `out` and `name` outlive the log.
void host_log_init(struct host_log *log, FILE *out, const char *name);

__attribute__((format(printf, 3, 4))) void
host_log_say(struct host_log *log, enum host_log_weight weight, const char *format, ...);

/// Says the same kind of thing at most once in HOST_LOG_REPEAT_S and then tells how often it was
/// held back. One thread uses one limit.
__attribute__((format(printf, 4, 5))) void host_log_say_seldom(struct host_log *log,
                                                               struct host_log_limit *limit,
                                                               enum host_log_weight weight,
                                                               const char *format, ...);

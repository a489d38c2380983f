// SPDX-License-Identifier: MIT
#pragma once

/// Reports on their way to ohmd: kept in a ring, sent as datagrams when the socket takes them.
///
/// Nothing here blocks. When the ring is full, because ohmd is down or slow, the oldest report
/// gives way and is counted; the next report that gets through carries the count.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "guard_report.h"

enum { GUARD_OUTBOX_COUNT = 4096 };

/// Storage, owned by the caller. Use it only through the functions below.
struct guard_outbox {
    int descriptor; ///< -1: nobody wants reports.
    struct sockaddr_un address;
    uint64_t lost;
    size_t first;
    size_t count;
    struct guard_report ring[GUARD_OUTBOX_COUNT];
};

/// Binds the outbox to the socket that ohmd opens at `path`, now or later. NULL: reports are
/// dropped.
///
/// @return false  the path is too long, or there is no socket to be had.
bool guard_outbox_open(struct guard_outbox *outbox, const char *path);

void guard_outbox_close(struct guard_outbox *outbox);

/// Adds a report; its `lost` is filled in when it is sent.
void guard_outbox_add(struct guard_outbox *outbox, const struct guard_report *report);

/// Sends what the socket takes.
void guard_outbox_flush(struct guard_outbox *outbox);

// SPDX-License-Identifier: MIT
#pragma once

/// Where ohmd hears what the broker's guard reports: a datagram socket with a name, and a thread.

#include <stddef.h>

#include "guard_report.h"
#include "status.h"

struct guard_inbox_options {
    const char *path; ///< Of the socket; one that a dead ohmd left there is replaced.

    /// Called by guard_inbox_run() for every report.
    void (*take)(void *ctx, const struct guard_report *report);
    void *ctx;
};

struct guard_inbox;

/// Opens the socket: the owner and the group may write to it.
///
/// @return STATUS_INVALID  the path is too long;  STATUS_IO  it cannot be opened: errno says why.
///         `*inbox` is NULL unless STATUS_OK.
MUST_CHECK enum status guard_inbox_open(const struct guard_inbox_options *options,
                                        struct guard_inbox **inbox);

/// Takes reports until guard_inbox_stop(); what is no report is dropped.
void guard_inbox_run(struct guard_inbox *inbox);

/// Makes guard_inbox_run() return, now or as soon as it is called. Any thread may call.
void guard_inbox_stop(struct guard_inbox *inbox);

/// Removes the socket and frees the inbox; NULL is fine.
void guard_inbox_close(struct guard_inbox *inbox);

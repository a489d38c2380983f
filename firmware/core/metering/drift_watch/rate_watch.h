// SPDX-License-Identifier: MIT
#pragma once

/// Whether frames come at the rate that is in use, judged by the uptime clock.
///
/// A block comes when the port gets round to it: some milliseconds late, seconds after a stall, and
/// never early. So only the most punctual block of every six seconds counts, and the lateness of
/// one minute is compared with that of the next. Rates that differ by RATE_WATCH_PPM or more are
/// told 60 to 72 seconds after they began to; a stall of less than six seconds in which no frame is
/// lost is no difference.

#include <stdbool.h>
#include <stdint.h>

enum {
    RATE_WATCH_PPM = 500,         ///< Departure that is told: 30 ms in a minute.
    RATE_WATCH_MARK_US = 6000000, ///< The most punctual block of so long counts.
    RATE_WATCH_MARKS = 10,        ///< And is compared with the one so many before.
};

/// How late the most punctual block of a stretch was, on a scale of its own.
struct rate_watch_mark {
    double late_us;
    double at_us; ///< Since the start.
};

/// Storage for one watch, owned by the caller. Use it only through the functions below.
struct rate_watch {
    uint64_t start_us;            ///< Uptime at the start.
    uint64_t newest_us;           ///< Uptime of the newest block.
    double frames_us;             ///< How long the frames since the start should have taken.
    double mark_us;               ///< When the stretch in progress began, since the start.
    struct rate_watch_mark least; ///< Of the stretch in progress.
    struct rate_watch_mark mark[RATE_WATCH_MARKS]; ///< A ring.
    uint32_t marks; ///< Stretches since the start; stops at the limit.
    uint32_t position;
    bool running;
    bool drifts;
};

/// Starts without a verdict.
void rate_watch_init(struct rate_watch *watch);

/// It is not known how many frames have passed, or the clock was set: counting starts afresh. The
/// verdict stays until there is a new one.
void rate_watch_restart(struct rate_watch *watch);

/// `frames` more have passed, lost ones included, the last of them before uptime `now_us`;
/// `rate_hz` is the rate that they are taken for, and may change. A clock that runs backwards
/// restarts the watch; one that stands still says nothing.
void rate_watch_pass(struct rate_watch *watch, uint64_t frames, double rate_hz, uint64_t now_us);

/// Whether the rate departed by more than RATE_WATCH_PPM over the last minute.
bool rate_watch_drifts(const struct rate_watch *watch);

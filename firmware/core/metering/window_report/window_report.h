// SPDX-License-Identifier: MIT
#pragma once

/// What one window of the sampling task meant, and who else than readings is interested in it:
/// aggregates of power quality, demand, detectors.

#include <stdbool.h>
#include <stdint.h>

#include "raw_channel.h"
#include "reading.h"

struct window_report_channel {
    double voltage_v;    ///< Root mean square.
    double current_a;    ///< Root mean square.
    double active_w;     ///< Positive flows from the grid to the load.
    double reactive_var; ///< Of the fundamental; positive is inductive.
    int64_t import_mj;   ///< By how much the window raised the register of the channel.
    int64_t export_mj;
};

/// Channels that are not measured are all zero.
struct window_report {
    uint64_t ended_us;   ///< Uptime at the end of the window.
    double seconds;      ///< Its length, with gaps that were bridged.
    double rate_hz;      ///< Frames per second.
    double frequency_hz; ///< 0 unless `whole`.
    uint32_t cycles;     ///< Whole cycles in it; 0 in a fragment.
    bool whole;          ///< Nothing but whole, sound cycles: fit for root mean squares.
    uint16_t quality;    ///< Bits of enum reading_quality.
    uint8_t channels;    ///< Bit n: channel n is measured.
    /// By how much the window raised the total's import, whatever the rate.
    int64_t total_import_mj;
    struct window_report_channel channel[READING_CHANNEL_COUNT];
    const struct raw_channel *raw; ///< READING_CHANNEL_COUNT of them; valid during the call only.
};

/// Looks on while windows become readings. Called by the processing task, and quick.
struct window_watcher {
    /// Takes every window once, in the order of time; the fragment before the first whole window of
    /// a run may come right after that window.
    void (*window)(void *ctx, const struct window_report *report);

    /// Tells whether a dip, swell or interruption is known to touch the uptime from `from_us` to
    /// `to_us`: such a reading is flagged. NULL: does not know of any.
    bool (*disturbed)(void *ctx, uint64_t from_us, uint64_t to_us);

    void *ctx;
};

/// The most watchers of one processing task.
enum { WINDOW_WATCHER_LIMIT = 4 };

// SPDX-License-Identifier: MIT
#pragma once

/// Adds up windows to what a metering_interval says of its channels.
///
/// Root mean squares are roots of mean squares, weighted by time; powers are means over time;
/// energies are what the windows added to the registers, exactly. Sums of neighbouring stretches
/// can be joined, and that gives the same as adding all their windows.

#include <stdbool.h>
#include <stdint.h>

#include "metering_interval.h"
#include "window_report.h"

struct interval_sums_channel {
    double voltage_square_s; ///< Over time, as are all `..._s`.
    double current_square_s;
    double active_ws;
    double reactive_vars;
    double voltage_distortion_s;
    double current_distortion_s;
    double distortion_s; ///< The time over which distortion was known.
    double current_high_a;
    double window_low_v; ///< Of windows; valid once there was one.
    double window_high_v;
    double cycle_low_v; ///< Of cycles; valid while `has_cycles`.
    double cycle_high_v;
    bool has_windows;
    bool has_cycles;
    int64_t import_mj;
    int64_t export_mj;
};

/// All zero is empty.
struct interval_sums {
    double seconds;       ///< How much was measured.
    double whole_seconds; ///< Of that, in whole windows.
    uint64_t cycles;      ///< In whole windows.
    uint32_t windows;
    uint16_t quality;
    uint8_t channels;
    struct interval_sums_channel channel[READING_CHANNEL_COUNT];
};

/// Adds one window. Values that are no numbers of this world (beyond 1e9, say) count as 0. A window
/// shorter than 0.1 s that is not whole has no extremes of its own.
void interval_sums_add(struct interval_sums *sums, const struct window_report *report);

/// The voltage of a channel was `voltage_v` for a cycle. The lowest and the highest of these are
/// told; without any, those of windows.
void interval_sums_extreme(struct interval_sums *sums, unsigned channel, double voltage_v);

/// A channel's distortion, in millionths, was such for `seconds`.
void interval_sums_distortion(struct interval_sums *sums, unsigned channel, uint32_t voltage_ppm,
                              uint32_t current_ppm, double seconds);

/// Fills in what the sums know: `measured_ms`, `frequency_mhz`, `quality`, `channels` and the
/// channels. The rest of `interval` is left alone.
void interval_sums_tell(const struct interval_sums *sums, struct metering_interval *interval);

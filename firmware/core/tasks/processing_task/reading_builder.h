// SPDX-License-Identifier: MIT
#pragma once

/// Joins windows to one reading: time-weighted means of squares and of powers, and the flags.
///
/// Root mean squares, power and frequency come from the whole, sound windows of the reading; only
/// when it has none do they come from what there is. A run may end with a piece of a cycle, which
/// has energy but no root mean square of its own: there the newest whole windows speak.
///
/// Voltage, current and powers are means over one time, so of a load that changes within the
/// reading V1 I1 is more than the root of P1^2 + Q1^2, as it should be.

#include <stdbool.h>
#include <stdint.h>

#include "cycle_window.h"
#include "power_terms.h"
#include "reading.h"
#include "wiring.h"

/// Time-weighted sums of what a channel measured.
struct reading_sums {
    double voltage_square;
    double current_square;
    double noise_square; ///< What of `current_square` is known to be noise.
    double voltage1_square;
    double current1_square;
    double active;
    double active1;
    double reactive1;
};

/// The windows of one kind within a reading.
struct reading_part {
    double seconds;
    struct reading_sums channel[READING_CHANNEL_COUNT];
};

/// What one channel did during a window.
struct reading_share {
    struct power_measures measures;
    double noise_a; ///< Root mean square of noise that `measures.current_a` is known to hold.
    bool creeps;
};

/// Storage for the reading in the making. Use it only through the functions below.
struct reading_builder {
    struct reading_part whole;    ///< Windows of whole, sound cycles.
    struct reading_part fragment; ///< All others.
    struct reading_part steady;   ///< `whole` of the newest reading that had any.
    uint32_t cycles;              ///< Whole, sound cycles in the reading.
    uint32_t cycles_seen;         ///< All cycles in the reading.
    double seconds;               ///< Length of the reading so far.
    uint64_t ended_us;
    uint16_t clipped; ///< Bit n: input n.
    uint16_t drifted; ///< Likewise.
    uint16_t quality;
    uint8_t creeping; ///< Bit n: channel n, in at least one window.
};

/// Starts the next reading; before the first one, `*builder` is all zero.
void reading_builder_next(struct reading_builder *builder);

/// Adds a window of `seconds`. Of channels that are not measured, `share` is all zero.
void reading_builder_add(struct reading_builder *builder, const struct cycle_window *window,
                         double seconds, const struct reading_share share[READING_CHANNEL_COUNT]);

/// Writes everything but registers and tariff rate. A channel with `connected_a` amperes or more
/// (by channel) is connected.
struct reading reading_builder_report(const struct reading_builder *builder,
                                      const struct wiring *wiring,
                                      const double connected_a[READING_CHANNEL_COUNT]);

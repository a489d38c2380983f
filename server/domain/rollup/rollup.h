// SPDX-License-Identifier: MIT
#pragma once

/// A stretch of time of one channel, summed so that two parts of it add up to the whole: late data
/// is merged into a minute that is stored already, in any order, and nothing is counted twice.

#include <stdbool.h>
#include <stdint.h>

#include "fleet_store.h"

enum {
    ROLLUP_MINUTE_MS = 60000,
    ROLLUP_HOUR_MS = 3600000,
    ROLLUP_ROW_COUNT = READING_CHANNEL_COUNT + 1, ///< The channels, and the total last.
};

/// Sums over windows, each weighted with its length. Scales are those of struct reading.
struct rollup {
    int64_t measured_us;      ///< 0: nothing; the other fields are then zero.
    double voltage_square_us; ///< Sum of (10 mV)^2 * us.
    double current_square_us; ///< Sum of (0.1 mA)^2 * us.
    double active_power_us;   ///< Sum of 10 mW * us.
    double reactive_power_us; ///< Sum of 10 mvar * us.
    double apparent_power_us; ///< Sum of 10 mVA * us.
    double active_power_min;  ///< 10 mW.
    double active_power_max;  ///< 10 mW.
    double frequency_us;      ///< Sum of mHz * us, over windows with a reference.
    int64_t frequency_measured_us;
    int64_t import_mj;
    int64_t export_mj;
    uint32_t quality;
};

/// What one window adds: the quantities of a channel, or their sums for the total.
struct rollup_sample {
    uint32_t window_us;
    uint32_t frequency_mhz;
    double voltage_10mv;
    double current_100ua;
    double active_power_10mw;
    double reactive_power_10mvar;
    double apparent_power_10mva;
    int64_t import_mj; ///< Energy of this window, not the register.
    int64_t export_mj;
    uint32_t quality;
};

void rollup_add(struct rollup *rollup, const struct rollup_sample *sample);

/// Adds `part` to `whole`.
void rollup_merge(struct rollup *whole, const struct rollup *part);

/// Writes the means to `point`, except for `start_ms`.
void rollup_to_point(const struct rollup *rollup, struct telemetry_point *point);

/// The start of the bucket of `width_ms` that holds `time_ms`; right for times before 1970 too.
int64_t rollup_start_ms(int64_t time_ms, int64_t width_ms);

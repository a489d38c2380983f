// SPDX-License-Identifier: MIT
#pragma once

/// Distorted mains and distorted loads for the rig, what they truly are, and means of what the
/// meter says of them.

#include "meter_rig.h"

/// What a channel of the rig truly is.
struct rig_truth {
    double active_w;
    double apparent_va;
    double voltage_v;
    double current_a;
    double active1_w;
    double reactive1_var;
};

/// A fundamental of `peak` codes with 2 % of third and 3 % of fifth harmonic.
void rig_set_voltage(struct meter_rig *rig, double peak);

/// A fundamental of `peak` codes, `angle` radians behind the voltage, with 33 % of third and 12 %
/// of fifth harmonic. It is sampled some ninths of a frame after the voltage, and the calibration
/// says so.
void rig_set_current(struct meter_rig *rig, unsigned channel, double peak, double angle);

/// Of inputs that are sums of sines.
struct rig_truth rig_truth_of(const struct meter_rig *rig, unsigned channel);

/// Sums over the readings that begin at `from_s` or later, have whole cycles, and fall within the
/// next `for_s`.
struct rig_average {
    double from_s;
    double for_s;
    double seconds;
    double voltage_square[READING_CHANNEL_COUNT];
    double current_square[READING_CHANNEL_COUNT];
    double active[READING_CHANNEL_COUNT];
    double active1[READING_CHANNEL_COUNT];
    double reactive1[READING_CHANNEL_COUNT];
    unsigned quality;
};

/// For meter_rig_run(): `ctx` is a struct rig_average.
void rig_average_take(void *ctx, const struct reading *reading);

// SPDX-License-Identifier: MIT
#pragma once

/// What a channel showed while one load was on: means over some seconds of whole windows, and how
/// much they moved.

#include <stdint.h>

#include "raw_channel.h"

/// Owned by the caller; starts zeroed. Use it only through the functions below.
struct calibration_stage {
    uint32_t windows; ///< Whole, sound ones; the others are only counted.
    uint32_t without_reference;
    uint32_t voltage_clipped;
    uint32_t current_clipped;
    uint32_t unsound;
    double frequency_hz; ///< From here on sums over `windows`.
    double voltage_square;
    double voltage1_square;
    double current_square;
    double active_w;
    double conductance;       ///< Fundamental current over fundamental voltage, in phase.
    double susceptance;       ///< And behind it.
    double first_conductance; ///< Of the first window: squares are summed about it.
    double first_susceptance;
    double conductance_square;
    double susceptance_square;
};

/// What a stage comes to.
struct calibration_look {
    double frequency_hz;
    double voltage_v;
    double voltage1_v;
    double current_a;
    double current1_a; ///< Fundamental.
    double active_w;
    double lead_rad; ///< The fundamental current appears this much before the voltage.
    double scatter;  ///< Standard deviation of the admittance from window to window, over it.
    double error;    ///< The same of the mean: scatter over the root of the windows.
    double harmonic_excess; ///< Current's distortion beyond the voltage's, over its fundamental.
};

/// Adds a window.
void calibration_stage_add(struct calibration_stage *stage, const struct raw_channel *window);

/// The means. All 0 when no sound window was seen. `noise_a` is the rms of the open input, taken
/// off the current; 0 when it is not known.
struct calibration_look calibration_stage_look(const struct calibration_stage *stage,
                                               double noise_a);

// SPDX-License-Identifier: MIT
#pragma once

/// One channel in one window as its sensors tell it: nominal scales, nothing corrected. This is
/// what a calibration is found from, and what the wiring is judged by.

#include <stdbool.h>

struct raw_channel {
    double frequency_hz;  ///< 0: no reference.
    double voltage_v;     ///< Root mean square without its mean.
    double voltage1_v;    ///< Root mean square of the fundamental.
    double current_a;     ///< Root mean square without its mean.
    double in_phase_a;    ///< Fundamental current along the fundamental voltage.
    double quadrature_a;  ///< Fundamental current 90 degrees behind it: positive is inductive.
    double active_w;      ///< Mean of v i.
    bool whole;           ///< Nothing but whole, sound cycles.
    bool voltage_clipped; ///< The voltage touched a rail.
    bool current_clipped; ///< The current touched a rail.
};

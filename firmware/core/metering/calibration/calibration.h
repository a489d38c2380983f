// SPDX-License-Identifier: MIT
#pragma once

/// What is known of the sensors and of the converter's scan, input by input, beside the nominal
/// scales of the wiring.
///
/// Two kinds of lateness are kept apart, because they differ with frequency. A *delay* is a time:
/// the position in the scan, the difference of anti-alias filters; it turns harmonic h by h times
/// the angle of the fundamental. A *lead* is the phase angle of a transformer; it falls with
/// frequency, roughly as 1/h (magnetising current), and depends on the current.

#include <stdint.h>

#include "adc_source.h"

enum { CALIBRATION_KNOT_LIMIT = 8 };

/// One point of a transformer's curve. Between knots, values are interpolated over the logarithm
/// of the magnitude; outside, the nearest knot holds.
struct calibration_knot {
    float magnitude;     ///< Amperes (or volts) rms; ascending, positive.
    float gain;          ///< Multiplies the nominal scale; about 1.
    float lead_50hz_rad; ///< The signal leads the truth by this at 50 Hz.
    float lead_60hz_rad; ///< And at 60 Hz; in between and beyond, in proportion.
};

struct calibration_input {
    double gain;    ///< Multiplies wiring.unit_per_code; 1 when not calibrated. Not 0, finite.
    double delay_s; ///< The signal is sampled this much later than the frame says.
    uint32_t knots; ///< How many of `knot` count; 0: gain alone.
    struct calibration_knot knot[CALIBRATION_KNOT_LIMIT];
};

struct calibration {
    struct calibration_input input[ADC_INPUT_LIMIT];
};

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
#include "status.h"

enum { CALIBRATION_KNOT_LIMIT = 8 };

/// One point of a transformer's curve. Between knots, values are interpolated over the logarithm
/// of the magnitude; outside, the nearest knot holds.
struct calibration_knot {
    float magnitude;     ///< Amperes (or volts) rms; ascending, positive.
    float gain;          ///< Multiplies the nominal scale; about 1.
    float lead_50hz_rad; ///< The signal leads the truth by this at 50 Hz.
    float lead_60hz_rad; ///< And at 60 Hz; in between and beyond, a + b / f through both.
};

struct calibration_input {
    double gain;    ///< Multiplies wiring.unit_per_code; 1 when not calibrated. Not 0, finite;
                    ///< negative turns a reversed sensor.
    double delay_s; ///< The signal is sampled this much later than the frame says.
    uint32_t knots; ///< How many of `knot` count; 0: gain alone.
    struct calibration_knot knot[CALIBRATION_KNOT_LIMIT];
};

struct calibration {
    struct calibration_input input[ADC_INPUT_LIMIT];
};

/// How the signal of one input differs from the truth, at one magnitude and frequency.
struct calibration_correction {
    double gain;     ///< Multiplies wiring.unit_per_code: the input's gain times that of its curve.
    double lead_rad; ///< The fundamental leads the truth by this.
    double delay_s;  ///< The signal is sampled this much later than the frame says.
};

/// Nothing known: gain 1, no delay, no curve.
void calibration_default(struct calibration *calibration);

/// What is known of an input below ADC_INPUT_LIMIT. Of no calibration (NULL) that is nothing, as
/// above.
const struct calibration_input *calibration_input_of(const struct calibration *calibration,
                                                     unsigned input);

/// @return STATUS_INVALID  something is not a finite number; a gain is 0 or further from 1 than a
///                         factor of 1000 (of a knot: not positive, or further than 10); there are
///                         too many knots, or their magnitudes are not positive and ascending; a
///                         lead exceeds 0.5 rad, or a delay 2 ms, in either direction.
MUST_CHECK enum status calibration_check(const struct calibration *calibration);
MUST_CHECK enum status calibration_check_input(const struct calibration_input *input);

/// Evaluates the curve of a checked input.
///
/// `magnitude` is the root mean square in amperes or volts by nominal scale and `input->gain`; the
/// curve is flat enough that its own gain makes no difference to where on it we are.
/// `frequency_hz` is the measured one; it is taken as 30 or 90 Hz when it is beyond them, and as
/// 50 Hz when it is not known (0). The gain is never 0, and everything is finite.
struct calibration_correction calibration_at(const struct calibration_input *input,
                                             double magnitude, double frequency_hz);

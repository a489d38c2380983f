// SPDX-License-Identifier: MIT
#pragma once

/// Finds gain, phase and the curve of a current transformer from loads that a person can switch on.
///
/// What is known of a load (`calibration_truth`) and what the channel showed of it
/// (`calibration_look`) make a point; up to eight points make a curve. A resistive load gives the
/// phase, since its current is where the voltage is. Power, current or energy from another meter
/// gives the gain.
///
/// Of the phase, the part that grows with frequency is a *delay*; the scan's is known exactly. The
/// rest is the transformer's *lead*, which falls with frequency. At the mains frequency alone the
/// two cannot be told apart; the harmonics of a distorted voltage tell them
/// (calibration_response.h, calibration_law.h). Where they do not, the delay of the scan counts as
/// all there is, and 1 us of error in it, 0.018 degrees at 50 Hz, goes on to 0.0063 degrees at 65
/// Hz.

#include "calibration.h"
#include "calibration_law.h"
#include "calibration_point.h"
#include "calibration_response.h"
#include "calibration_sensor.h"
#include "calibration_stage.h"
#include "status.h"

/// What a person knows of the load. 0 means not known.
struct calibration_truth {
    bool resistive;      ///< Heater, kettle, incandescent lamp: current in phase, undistorted.
    double voltage_v;    ///< From another meter, rms.
    double current_a;    ///< From another meter, rms, through the wire.
    double active_w;     ///< From another meter, or its energy over the time.
    double power_factor; ///< From another meter, signed; with voltage and power gives the current.
    double rated_w;      ///< Of a resistive load; the power goes with the square of the voltage.
    double rated_v;      ///< The voltage at which it has `rated_w`.
    double turns;        ///< The wire goes so often through the sensor; 0 counts as 1.
    enum calibration_sensor sensor; ///< The current's transformer.
};

/// What is known of the channel before.
struct calibration_known {
    double voltage_gain;     ///< Of the voltage input; 1 when it is not calibrated.
    double delay_s;          ///< The current is sampled so much later than the voltage.
    double voltage_lead_rad; ///< Of the voltage's own sensor, at this frequency.
    double noise_a;          ///< The open input shows this, nominal scale; 0 when not known.
};

/// Compares what `stage` saw with `truth`.
struct calibration_point calibration_fit_point(const struct calibration_stage *stage,
                                               const struct calibration_truth *truth,
                                               const struct calibration_known *known);

/// Adds to a point of a resistive load what its harmonics tell; `response` was seen meanwhile.
void calibration_fit_trend(struct calibration_point *point,
                           const struct calibration_response *response,
                           const struct calibration_truth *truth,
                           const struct calibration_known *known);

/// The outcome for a current input.
struct calibration_curve {
    enum calibration_verdict verdict;
    struct calibration_input input;
    double gain_error_percent; ///< The largest of the points.
    double lead_error_deg;     ///< The same, at the frequencies of the points.
    enum calibration_law law;
    double lead_error_45hz_deg; ///< At other frequencies, with what the law may get wrong. 0 where
    double lead_error_65hz_deg; ///< no point tells a lead.
};

/// Makes a curve of `count` points, 1 to CALIBRATION_POINT_LIMIT, in any order, all of them
/// CALIBRATION_FOUND. What no point tells stays as it is in `before`. A point below 55 Hz tells the
/// lead at 50 Hz, one above at 60 Hz; where one of the two was not measured (within 20 % of the
/// same current), it follows from the other one by the law (calibration_law.h). A single
/// point without a lead moves the gain and keeps the curve of `before`; of several points all must
/// have a lead. A point of the voltage alone counts for nothing here. A reversed input (negative
/// gain of `before`) stays reversed. `delay_s` is what the scan lets expect; a delay that the
/// harmonics show comes on top.
struct calibration_curve calibration_fit_curve(const struct calibration_point *points,
                                               unsigned count, double delay_s,
                                               const struct calibration_input *before);

/// A static name such as "not_resistive", for JSON.
const char *calibration_verdict_name(enum calibration_verdict verdict);

/// A static sentence that says what to do, such as "Use a heater or a kettle.".
const char *calibration_verdict_advice(enum calibration_verdict verdict);

// SPDX-License-Identifier: MIT
#pragma once

/// Finds gain, phase and the curve of a current transformer from loads that a person can switch on.
///
/// What is known of a load (`calibration_truth`) and what the channel showed of it
/// (`calibration_look`) make a point; up to eight points make a curve. A resistive load gives the
/// phase, since its current is where the voltage is. Power, current or energy from another meter
/// gives the gain.
///
/// Of the phase, the part that grows with frequency is a *delay* and is taken from the scan of the
/// converter, where it is exact. The rest is the transformer's *lead*, which falls with frequency:
/// by so much as tables of its type say, or, where the type is not known, as 1/f (magnetising
/// current). Real transformers fall less than that. One measurement at one frequency cannot tell
/// the two apart, so the delay must be right: 1 us of error is 0.018 degrees at 50 Hz and goes on
/// to 0.0063 degrees at 65 Hz.

#include "calibration.h"
#include "calibration_sensor.h"
#include "calibration_stage.h"
#include "status.h"

/// Why a calibration was refused, or was not.
enum calibration_verdict {
    CALIBRATION_FOUND,
    CALIBRATION_TOO_SHORT,      ///< Fewer than CALIBRATION_WINDOWS_LEAST sound windows.
    CALIBRATION_NO_REFERENCE,   ///< No mains frequency was found.
    CALIBRATION_CLIPPED,        ///< A code touched a rail.
    CALIBRATION_UNSTABLE,       ///< The load changed meanwhile.
    CALIBRATION_TOO_SMALL,      ///< Too little current to tell from noise.
    CALIBRATION_NOT_RESISTIVE,  ///< The load shifts or distorts its current.
    CALIBRATION_REVERSED,       ///< The current runs against the voltage: turn the sensor first.
    CALIBRATION_NOTHING_KNOWN,  ///< The truth names nothing to compare with.
    CALIBRATION_IMPLAUSIBLE,    ///< Off by more than a factor of two: a wrong number or sensor.
    CALIBRATION_CONTRADICTION,  ///< The known values do not agree with each other.
    CALIBRATION_POINTS_TOO_NEAR ///< Two points of a curve at nearly the same current.
};

enum {
    CALIBRATION_WINDOWS_LEAST = 10, ///< Two seconds.
    CALIBRATION_POINT_LIMIT = 8,
};

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

/// One load compared with the truth.
struct calibration_point {
    enum calibration_verdict verdict; ///< Nothing below counts unless it is CALIBRATION_FOUND.
    bool has_voltage_gain;
    bool has_gain;
    bool has_lead;
    double voltage_gain; ///< True volts over nominal volts.
    double gain;         ///< True amperes over nominal amperes.
    double lead_rad;     ///< Of the current's sensor, at `frequency_hz`.
    double frequency_hz;
    double magnitude_a; ///< Through the sensor: true where the gain is known, or else nominal.
    double gain_error_percent; ///< Twice the standard error, and how far known values disagree.
    double lead_error_deg;     ///< Twice the standard error, at `frequency_hz`.
    enum calibration_sensor sensor;
};

/// Compares what `stage` saw with `truth`.
struct calibration_point calibration_fit_point(const struct calibration_stage *stage,
                                               const struct calibration_truth *truth,
                                               const struct calibration_known *known);

/// The outcome for a current input.
struct calibration_curve {
    enum calibration_verdict verdict;
    struct calibration_input input;
    double gain_error_percent; ///< The largest of the points.
    double lead_error_deg; ///< The same, and only at the frequencies of the points: what the law
                           ///< for other frequencies gets wrong is not in it.
};

/// Makes a curve of `count` points, 1 to CALIBRATION_POINT_LIMIT, in any order, all of them
/// CALIBRATION_FOUND. What no point tells stays as it is in `before`. A point below 55 Hz tells the
/// lead at 50 Hz, one above at 60 Hz; where one of the two was not measured (within 20 % of the
/// same current), it follows from the other one by the point's sensor or else by 1/f. A single
/// point without a lead moves the gain and keeps the curve of `before`; of several points all must
/// have a lead. A point of the voltage alone counts for nothing here. A reversed input (negative
/// gain of `before`) stays reversed.
struct calibration_curve calibration_fit_curve(const struct calibration_point *points,
                                               unsigned count, double delay_s,
                                               const struct calibration_input *before);

/// Where an input is sampled after the frame begins: the scan takes `input_count` codes in a frame,
/// evenly.
double calibration_scan_delay_s(unsigned input, unsigned input_count, double rate_hz);

/// A static name such as "not_resistive", for JSON.
const char *calibration_verdict_name(enum calibration_verdict verdict);

/// A static sentence that says what to do, such as "Use a heater or a kettle.".
const char *calibration_verdict_advice(enum calibration_verdict verdict);

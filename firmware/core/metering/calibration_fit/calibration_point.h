// SPDX-License-Identifier: MIT
#pragma once

/// One load compared with the truth.

#include <stdbool.h>

#include "calibration_response.h"
#include "calibration_sensor.h"

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

struct calibration_point {
    enum calibration_verdict verdict; ///< Nothing below counts unless it is CALIBRATION_FOUND.
    bool has_voltage_gain;
    bool has_gain;
    bool has_lead;
    double voltage_gain; ///< True volts over nominal volts.
    double gain;         ///< True amperes over nominal amperes.
    double lead_rad;     ///< Of the current's sensor, at `frequency_hz`, a delay that is not known
                         ///< included.
    double frequency_hz;
    double magnitude_a; ///< Through the sensor: true where the gain is known, or else nominal.
    double gain_error_percent; ///< Twice the standard error, and how far known values disagree.
    double lead_error_deg;     ///< Twice the standard error, at `frequency_hz`.
    enum calibration_sensor sensor;
    struct calibration_trend trend; ///< Of a resistive load whose harmonics were seen.
};

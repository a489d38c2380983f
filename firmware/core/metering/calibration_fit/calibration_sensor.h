// SPDX-License-Identifier: MIT
#pragma once

/// Types of current transformer whose lead is tabulated at both 50 and 60 Hz.
///
/// Only these are worth a name: from a table at one frequency nothing follows for another. The
/// figures are those that IoTaWatt publishes (SD/tables.txt).

#include "status.h"

enum calibration_sensor {
    CALIBRATION_SENSOR_UNKNOWN,
    CALIBRATION_SENSOR_SCT_013_000, ///< 3.1 degrees up to 4 A to 2.5 from 38 A; 2.7 to 2.1.
    CALIBRATION_SENSOR_COUNT,
};

/// All names, for people: "sct-013-000".
#define CALIBRATION_SENSOR_NAMES "sct-013-000"

/// Finds a type by its name: lower case, with hyphens.
///
/// @return STATUS_MISSING  no type has this name; `*sensor` is untouched.
MUST_CHECK enum status calibration_sensor_find(const char *name, enum calibration_sensor *sensor);

/// How much less the sensor leads at 60 Hz than at 50 Hz, in radians; 0 where nobody has tabulated
/// it.
double calibration_sensor_fall_rad(enum calibration_sensor sensor);

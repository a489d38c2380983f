// SPDX-License-Identifier: MIT
#include "calibration_sensor.h"

#include <stdbool.h>

static const double radians_per_degree = 3.14159265358979323846 / 180.0;

static const struct {
    const char *name;
    double fall_deg;
} sensors[CALIBRATION_SENSOR_COUNT] = {
    [CALIBRATION_SENSOR_UNKNOWN] = { "unknown", 0.0 },
    // At every current: 3.1 - 2.7 as well as 2.5 - 2.1 degrees.
    [CALIBRATION_SENSOR_SCT_013_000] = { "sct-013-000", 0.4 },
};

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

enum status calibration_sensor_find(const char *name, enum calibration_sensor *sensor)
{
    for (int n = CALIBRATION_SENSOR_UNKNOWN + 1; n < CALIBRATION_SENSOR_COUNT; n++) {
        if (same(sensors[n].name, name)) {
            *sensor = (enum calibration_sensor)n;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

double calibration_sensor_fall_rad(enum calibration_sensor sensor)
{
    return sensors[sensor].fall_deg * radians_per_degree;
}

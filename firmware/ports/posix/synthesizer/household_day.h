// SPDX-License-Identifier: MIT
#pragma once

/// A day of a real household, minute by minute: Sunday, 18 March 2007. README.md names the source.

#include <stdint.h>

enum { HOUSEHOLD_DAY_MINUTES = 1440 };

struct household_minute {
    int16_t active_w;     ///< Of the whole house, mean of the minute.
    int16_t reactive_var; ///< Of the whole house.
    int16_t voltage_dv;   ///< In tenths of a volt.
    uint8_t kitchen_wh;   ///< Energy of the minute: dishwasher, oven, microwave.
    uint8_t laundry_wh;   ///< Washing machine, tumble-drier, refrigerator, a light.
    uint8_t heating_wh;   ///< Water heater and air conditioner.
};

/// Minute 0 begins at midnight.
extern const struct household_minute HOUSEHOLD_DAY[HOUSEHOLD_DAY_MINUTES];

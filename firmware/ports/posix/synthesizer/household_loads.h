// SPDX-License-Identifier: MIT
#pragma once

/// What the eight circuits of the synthetic household draw in a minute of its day.

#include <stdint.h>

enum {
    HOUSEHOLD_KITCHEN,
    HOUSEHOLD_REFRIGERATOR,
    HOUSEHOLD_LAUNDRY,
    HOUSEHOLD_WATER_HEATER,
    HOUSEHOLD_LIGHTING,
    HOUSEHOLD_ELECTRONICS,
    HOUSEHOLD_OTHER,
    HOUSEHOLD_INVERTER,
    HOUSEHOLD_LOADS,
};

struct household_state {
    double voltage_v;                 ///< Root mean square.
    double active_w[HOUSEHOLD_LOADS]; ///< Negative is exported.
    double other_var;                 ///< Reactive power to add on HOUSEHOLD_OTHER.
};

/// The state in minute `minute` of the day, 0 to 1439, with the clouds of day `day` under `seed`.
struct household_state household_state_at(uint32_t minute, uint32_t day, uint64_t seed);

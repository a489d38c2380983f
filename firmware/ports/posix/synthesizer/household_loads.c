// SPDX-License-Identifier: MIT
#include "household_loads.h"

#include <math.h>

#include "household_day.h"

static const double PI = 3.14159265358979;

static double least(double a, double b)
{
    return a < b ? a : b;
}

/// A number from 0 to 1 that depends on nothing but its arguments (the finaliser of splitmix64).
static double chance(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1u) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/// A 3 kW roof in March: up from 6:30 to 18:00, with clouds that last about ten minutes.
static double sunshine_w(uint32_t minute, uint32_t day, uint64_t seed)
{
    const double hours = ((double)minute + 0.5) / 60.0;
    if (hours < 6.5 || hours > 18.0) {
        return 0.0;
    }
    const double height = sin(PI * (hours - 6.5) / 11.5);
    const uint64_t moment = (uint64_t)day * HOUSEHOLD_DAY_MINUTES + minute;
    const double cloud = chance(seed, moment / 10u);
    const double sky = cloud < 0.3 ? 0.25 + cloud : 0.9 + 0.1 * chance(seed ^ 1u, moment);
    return 3000.0 * height * height * sky;
}

struct household_state household_state_at(uint32_t minute, uint32_t day, uint64_t seed)
{
    const struct household_minute *row = &HOUSEHOLD_DAY[minute % HOUSEHOLD_DAY_MINUTES];
    struct household_state state = { .voltage_v = row->voltage_dv * 0.1 };
    const double kitchen = 60.0 * row->kitchen_wh;
    const double laundry = 60.0 * row->laundry_wh;
    const double heating = 60.0 * row->heating_wh;
    double rest = row->active_w - kitchen - laundry - heating;
    rest = rest > 0.0 ? rest : 0.0;

    double *active = state.active_w;
    active[HOUSEHOLD_KITCHEN] = kitchen;
    active[HOUSEHOLD_REFRIGERATOR] = least(laundry, 120.0);
    active[HOUSEHOLD_LAUNDRY] = laundry - active[HOUSEHOLD_REFRIGERATOR];
    active[HOUSEHOLD_WATER_HEATER] = heating;
    active[HOUSEHOLD_LIGHTING] = least(0.25 * rest, 200.0);
    active[HOUSEHOLD_ELECTRONICS] = least(0.25 * rest, 200.0);
    active[HOUSEHOLD_OTHER] = rest - active[HOUSEHOLD_LIGHTING] - active[HOUSEHOLD_ELECTRONICS];
    active[HOUSEHOLD_INVERTER] = -sunshine_w(minute, day, seed);
    state.other_var = row->reactive_var;
    return state;
}

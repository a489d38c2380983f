// SPDX-License-Identifier: MIT
#pragma once

/// What clock and calendar on the wall show at a moment: for tariffs and load profiles.
///
/// Days on which the clocks change have 23 or 25 hours (or whatever the zone says); an hour that
/// comes twice is told apart by `is_summer`. Leap seconds do not exist, as in Unix time.

#include <stdbool.h>
#include <stdint.h>

#include "time_zone.h"

struct local_time {
    int32_t year;
    uint8_t month;        ///< 1 to 12.
    uint8_t day;          ///< 1 to 31.
    uint8_t weekday;      ///< 0 is Sunday.
    uint8_t hour;         ///< 0 to 23.
    uint8_t minute;       ///< 0 to 59.
    uint8_t second;       ///< 0 to 59.
    uint16_t day_of_year; ///< 1 to 366.
    int32_t offset_s;     ///< Local time less UTC.
    bool is_summer;
};

/// Local time in `zone` at `unix_s`, from 1970 to the end of 9999; beyond, the nearest of these.
struct local_time local_time_at(const struct time_zone *zone, int64_t unix_s);

/// Days from 1 January 1970 to a date of the Gregorian calendar, years 0 to 10000.
int32_t local_time_days(int32_t year, unsigned month, unsigned day);

/// Days in `month` of `year`.
unsigned local_time_month_days(int32_t year, unsigned month);

// SPDX-License-Identifier: MIT
#pragma once

/// The rules of a time zone, from a TZ string of POSIX.1 (Base Definitions, 8.3), such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// A name of summer time needs rules for its begin and end: there is no database of zones here.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { TIME_ZONE_TEXT_SIZE = 63 }; ///< Longest text in characters.

enum time_zone_day {
    TIME_ZONE_DAY_OF_WEEK, ///< Mm.w.d: weekday `weekday` of week `week` of `month`.
    TIME_ZONE_DAY_NO_LEAP, ///< Jn: day 1 to 365; 29 February is never counted.
    TIME_ZONE_DAY_OF_YEAR, ///< n: day 0 to 365.
};

/// When the clocks change each year.
struct time_zone_change {
    uint8_t kind;    ///< enum time_zone_day.
    uint8_t month;   ///< 1 to 12.
    uint8_t week;    ///< 1 to 5; 5 is the last.
    uint8_t weekday; ///< 0 is Sunday.
    uint16_t day;
    int32_t time_s; ///< After midnight, by the clock before the change; -167 h to 167 h.
};

struct time_zone {
    int32_t standard_offset_s; ///< Local time less UTC: positive in the east.
    int32_t summer_offset_s;
    bool has_summer;
    struct time_zone_change to_summer;
    struct time_zone_change to_standard;
};

/// Local time is UTC.
struct time_zone time_zone_utc(void);

/// Reads a TZ string.
///
/// @return STATUS_INVALID  it is none, or longer than TIME_ZONE_TEXT_SIZE; `*zone` is untouched,
///                         and `*fault` (which may be NULL) tells how many characters were good.
MUST_CHECK enum status time_zone_parse(struct time_zone *zone, const char *text, size_t *fault);

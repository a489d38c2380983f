// SPDX-License-Identifier: MIT
#pragma once

/// Which tariff rate is in force, from rules over season, kind of day and local time.
///
/// The text of the setting is a list of clauses, parted by semicolons:
///
///     1 mon-fri 07:00-21:00; 2 11-01..03-31 17:00-20:00; holidays 01-01, easter+1, 2026-10-03
///
///     rule     = rate [dates] [days] [times]       what is left out means: any
///     rate     = 0 to READING_RATE_COUNT - 1
///     dates    = mm-dd..mm-dd                      both included; may go on over the new year
///     days     = day or day-day, parted by commas  sun mon tue wed thu fri sat holiday
///     times    = hh:mm-hh:mm, parted by commas     the end not included; may go on over midnight
///     holidays = "holidays" and days parted by commas: mm-dd each year, yyyy-mm-dd once,
///                easter, easter+n or easter-n (Gregorian; n days, up to 99)
///
/// The first rule that fits decides; when none does, rate 0. Date and kind of day are those of the
/// moment: `sat 22:00-06:00` is from midnight to six and from ten to midnight of a Saturday. A
/// holiday is no weekday: it fits rules that name `holiday` or no days. On a day on which the
/// clocks change, an hour that comes twice has the same rate twice. An empty text is rate 0 for
/// ever.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "local_time.h"
#include "reading.h"
#include "status.h"

enum {
    TARIFF_RULE_LIMIT = 16, ///< A rule of several times counts as several.
    TARIFF_HOLIDAY_LIMIT = 24,
    TARIFF_TEXT_SIZE = 383, ///< Longest text in characters.
};

struct tariff_rule {
    uint16_t from_date; ///< month * 100 + day.
    uint16_t to_date;   ///< Included.
    uint16_t from_minute;
    uint16_t to_minute; ///< Not included; 1440 is midnight. Equal to the first: the whole day.
    uint8_t days;       ///< Bit n: weekday n; bit 7: holidays.
    uint8_t rate;
};

enum tariff_holiday_kind {
    TARIFF_HOLIDAY_YEARLY, ///< Each year on `date`.
    TARIFF_HOLIDAY_ONCE,   ///< On `date` of `year`.
    TARIFF_HOLIDAY_EASTER, ///< `days_after_easter` Sunday.
};

struct tariff_holiday {
    uint8_t kind; ///< enum tariff_holiday_kind.
    int8_t days_after_easter;
    uint16_t date; ///< month * 100 + day.
    uint16_t year;
};

/// Plain data, filled in by tariff_parse(); all zero is rate 0 for ever.
struct tariff {
    uint8_t rules;
    uint8_t holidays;
    struct tariff_rule rule[TARIFF_RULE_LIMIT];
    struct tariff_holiday holiday[TARIFF_HOLIDAY_LIMIT];
};

/// What is wrong with a text, and where.
struct tariff_fault {
    size_t at;        ///< Characters before the fault.
    const char *what; ///< What is expected there, in a few static words.
};

/// Reads the text of a tariff.
///
/// @return STATUS_INVALID  it is none: `*fault` says why, and `*tariff` is untouched.
MUST_CHECK enum status tariff_parse(struct tariff *tariff, const char *text,
                                    struct tariff_fault *fault);

/// The rate at a local time; below READING_RATE_COUNT.
unsigned tariff_rate_at(const struct tariff *tariff, const struct local_time *local);

bool tariff_is_holiday(const struct tariff *tariff, const struct local_time *local);

/// Knows the rate in force as long as the time is known, and keeps the last one when it is not.
struct tariff_clock {
    const struct tariff *tariff;
    const struct time_zone *zone;
    uint8_t rate;  ///< In force.
    bool is_stale; ///< The time is not known: `rate` is that of the last known moment, and another
                   ///< may be in force. Never without rules.
};

/// Both outlive the clock. `last_rate` is that of the newest reading kept, 0 when there is none; it
/// stays in force until the time is known, unless there are no rules.
void tariff_clock_init(struct tariff_clock *clock, const struct tariff *tariff,
                       const struct time_zone *zone, unsigned last_rate);

/// The rate in force now. While `utc_known` is false it is the last known one, and `is_stale`.
unsigned tariff_clock_rate(struct tariff_clock *clock, bool utc_known, int64_t utc_ms);

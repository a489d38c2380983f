// SPDX-License-Identifier: MIT
#include "tariff.h"

enum { HOLIDAY_BIT = 7, MS_PER_S = 1000 };

/// Days from 1 January 1970 to Easter Sunday of a Gregorian year, by the method of Gauss as
/// Lichtenberg completed it (Historia Mathematica 24, 1997).
static int32_t easter_days(int32_t year)
{
    const int32_t century = year / 100;
    const int32_t moon_shift = 15 + (3 * century + 3) / 4 - (8 * century + 13) / 25;
    const int32_t sun_shift = 2 - (3 * century + 3) / 4;
    const int32_t moon = year % 19;
    const int32_t seed = (19 * moon + moon_shift) % 30;
    const int32_t correction = (seed + moon / 11) / 29;
    const int32_t full_moon = 21 + seed - correction;
    const int32_t first_sunday = 7 - (year + year / 4 + sun_shift) % 7;
    const int32_t distance = 7 - (full_moon - first_sunday) % 7;
    return local_time_days(year, 3, 1) + full_moon + distance - 1;
}

static unsigned date_of(const struct local_time *local)
{
    return local->month * 100u + local->day;
}

static bool is_on(const struct tariff_holiday *holiday, const struct local_time *local)
{
    switch ((enum tariff_holiday_kind)holiday->kind) {
    case TARIFF_HOLIDAY_YEARLY:
        return holiday->date == date_of(local);
    case TARIFF_HOLIDAY_ONCE:
        return holiday->date == date_of(local) && holiday->year == local->year;
    case TARIFF_HOLIDAY_EASTER:
        return easter_days(local->year) + holiday->days_after_easter ==
               local_time_days(local->year, local->month, local->day);
    }
    return false;
}

bool tariff_is_holiday(const struct tariff *tariff, const struct local_time *local)
{
    for (unsigned n = 0; n < tariff->holidays; n++) {
        if (is_on(&tariff->holiday[n], local)) {
            return true;
        }
    }
    return false;
}

/// Whether `at` lies in a range that may go over the end of the circle.
static bool is_between(unsigned from, unsigned at, unsigned behind)
{
    return from < behind ? from <= at && at < behind : from <= at || at < behind;
}

unsigned tariff_rate_at(const struct tariff *tariff, const struct local_time *local)
{
    const unsigned minute = local->hour * 60u + local->minute;
    const unsigned bit = tariff_is_holiday(tariff, local) ? HOLIDAY_BIT : local->weekday;
    for (unsigned n = 0; n < tariff->rules; n++) {
        const struct tariff_rule *rule = &tariff->rule[n];
        if ((rule->days & (1u << bit)) != 0 &&
            is_between(rule->from_date, date_of(local), rule->to_date + 1u) &&
            is_between(rule->from_minute, minute, rule->to_minute)) {
            return rule->rate;
        }
    }
    return 0;
}

void tariff_clock_init(struct tariff_clock *clock, const struct tariff *tariff,
                       const struct time_zone *zone, unsigned last_rate)
{
    // Without rules there is nothing that a clock could change.
    const bool depends = tariff->rules > 0;
    *clock = (struct tariff_clock){ .tariff = tariff, .zone = zone, .is_stale = depends };
    clock->rate = depends && last_rate < READING_RATE_COUNT ? (uint8_t)last_rate : 0;
}

unsigned tariff_clock_rate(struct tariff_clock *clock, bool utc_known, int64_t utc_ms)
{
    clock->is_stale = !utc_known && clock->tariff->rules > 0;
    if (utc_known) {
        const struct local_time local = local_time_at(clock->zone, utc_ms / MS_PER_S);
        clock->rate = (uint8_t)tariff_rate_at(clock->tariff, &local);
    }
    return clock->rate;
}

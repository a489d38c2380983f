// SPDX-License-Identifier: MIT
#include "local_time.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, WEEK = 7 };

static const int64_t LAST_S = 253402300799; // End of 9999.

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned local_time_month_days(int32_t year, unsigned month)
{
    if (month == 2) {
        return is_leap(year) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Days of the year before `month`.
static int32_t days_before(int32_t year, unsigned month)
{
    int32_t days = 0;
    for (unsigned m = 1; m < month; m++) {
        days += (int32_t)local_time_month_days(year, m);
    }
    return days;
}

/// Days from 1 January 1970 to 1 January of `year`.
static int32_t days_to_year(int32_t year)
{
    const int32_t before = year + 399; // Counted from -400, where a cycle of 400 years begins.
    const int32_t since_1970 = 2369;   // 1969 + 400, in the same count.
    const int32_t leaps = before / 4 - before / 100 + before / 400;
    const int32_t leaps_1970 = since_1970 / 4 - since_1970 / 100 + since_1970 / 400;
    return (before - since_1970) * 365 + leaps - leaps_1970;
}

int32_t local_time_days(int32_t year, unsigned month, unsigned day)
{
    return days_to_year(year) + days_before(year, month) + (int32_t)day - 1;
}

static unsigned weekday_of(int32_t days)
{
    return (unsigned)(((days + 4) % WEEK + WEEK) % WEEK); // 1 January 1970 was a Thursday.
}

static int32_t change_days(const struct time_zone_change *change, int32_t year)
{
    if (change->kind == TIME_ZONE_DAY_OF_YEAR) {
        return days_to_year(year) + change->day;
    }
    if (change->kind == TIME_ZONE_DAY_NO_LEAP) {
        const bool behind_february = is_leap(year) && change->day >= 60;
        return days_to_year(year) + change->day - 1 + (behind_february ? 1 : 0);
    }
    const int32_t first = local_time_days(year, change->month, 1);
    const unsigned wait = (change->weekday + WEEK - weekday_of(first)) % WEEK;
    unsigned day = wait + WEEK * (change->week - 1u);
    while (day >= local_time_month_days(year, change->month)) {
        day -= WEEK;
    }
    return first + (int32_t)day;
}

static int64_t change_s(const struct time_zone_change *change, int32_t year, int32_t offset_before)
{
    return (int64_t)change_days(change, year) * DAY_S + change->time_s - offset_before;
}

/// The newest change at or before `unix_s` decides. Changes may lie up to a week outside their
/// year; where two fall together, as in a zone that never leaves summer time, summer begins.
static bool is_summer(const struct time_zone *zone, int64_t unix_s, int32_t year)
{
    int64_t newest_s = INT64_MIN;
    bool summer = false;
    if (!zone->has_summer) {
        return false;
    }
    for (int32_t y = year - 1; y <= year + 1; y++) {
        const int64_t begin_s = change_s(&zone->to_summer, y, zone->standard_offset_s);
        const int64_t end_s = change_s(&zone->to_standard, y, zone->summer_offset_s);
        if (end_s <= unix_s && end_s > newest_s) {
            newest_s = end_s;
            summer = false;
        }
        if (begin_s <= unix_s && begin_s >= newest_s) {
            newest_s = begin_s;
            summer = true;
        }
    }
    return summer;
}

/// The year that holds day `days`; an estimate that is a year off at most, and its correction.
static int32_t year_of(int32_t days)
{
    int32_t year = 1970 + (int32_t)((int64_t)days * 400 / 146097);
    while (days_to_year(year) > days) {
        year--;
    }
    while (days_to_year(year + 1) <= days) {
        year++;
    }
    return year;
}

static int32_t days_of(int64_t seconds)
{
    return (int32_t)((seconds + DAY_S) / DAY_S - 1); // Not before 31 December 1969.
}

struct local_time local_time_at(const struct time_zone *zone, int64_t unix_s)
{
    const int64_t at_s = unix_s < 0 ? 0 : unix_s > LAST_S ? LAST_S : unix_s;
    const bool summer = is_summer(zone, at_s, year_of(days_of(at_s)));
    const int32_t offset_s = summer ? zone->summer_offset_s : zone->standard_offset_s;
    const int64_t local_s = at_s + offset_s + DAY_S * 2; // Two days on, so that it is not negative.
    const int32_t days = (int32_t)(local_s / DAY_S) - 2;
    const int32_t in_day = (int32_t)(local_s % DAY_S);
    const int32_t year = year_of(days);
    int32_t day = days - days_to_year(year);
    struct local_time local = {
        .year = year,
        .month = 1,
        .weekday = (uint8_t)weekday_of(days),
        .hour = (uint8_t)(in_day / HOUR_S),
        .minute = (uint8_t)(in_day % HOUR_S / MINUTE_S),
        .second = (uint8_t)(in_day % MINUTE_S),
        .day_of_year = (uint16_t)(day + 1),
        .offset_s = offset_s,
        .is_summer = summer,
    };
    while (day >= (int32_t)local_time_month_days(year, local.month)) {
        day -= (int32_t)local_time_month_days(year, local.month);
        local.month++;
    }
    local.day = (uint8_t)(day + 1);
    return local;
}

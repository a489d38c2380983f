// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tariff.h"

static struct tariff tariff_of(const char *text)
{
    struct tariff tariff;
    struct tariff_fault fault;
    if (tariff_parse(&tariff, text, &fault) != STATUS_OK) {
        fail_msg("'%s' at %zu: %s expected", text, fault.at, fault.what);
    }
    return tariff;
}

/// Rate at a date and time in UTC.
static unsigned rate_at(const struct tariff *tariff, int32_t year, unsigned month, unsigned day,
                        unsigned hhmm)
{
    const struct time_zone zone = time_zone_utc();
    const struct local_time local =
        local_time_at(&zone, (int64_t)local_time_days(year, month, day) * 86400 +
                                 hhmm / 100 * 3600 + hhmm % 100 * 60);
    return tariff_rate_at(tariff, &local);
}

static void is_rate_0_without_rules(void **state)
{
    (void)state;
    const struct tariff none = tariff_of("");
    assert_int_equal(rate_at(&none, 2026, 7, 1, 1200), 0);
    const struct tariff blank = tariff_of(" ; ;");
    assert_int_equal(rate_at(&blank, 2026, 7, 1, 1200), 0);
}

static void changes_on_the_minute(void **state)
{
    (void)state;
    const struct tariff tariff = tariff_of("1 mon-fri 07:00-21:00; 2 22:30-06:00");
    assert_int_equal(rate_at(&tariff, 2026, 11, 20, 659), 0); // A Friday.
    assert_int_equal(rate_at(&tariff, 2026, 11, 20, 700), 1);
    assert_int_equal(rate_at(&tariff, 2026, 11, 20, 2059), 1);
    assert_int_equal(rate_at(&tariff, 2026, 11, 20, 2100), 0);
    assert_int_equal(rate_at(&tariff, 2026, 11, 20, 2230), 2);
    assert_int_equal(rate_at(&tariff, 2026, 11, 21, 559), 2);
    assert_int_equal(rate_at(&tariff, 2026, 11, 21, 600), 0);
    assert_int_equal(rate_at(&tariff, 2026, 11, 21, 1200), 0);
}

static void lets_the_first_rule_that_fits_decide(void **state)
{
    (void)state;
    const struct tariff tariff = tariff_of("3 12-20..01-06 sun,tue-thu 08:00-10:00,12:00-14:00;"
                                           "2 sat-mon; 1 06-01..06-30");
    assert_int_equal(tariff.rules, 4);
    assert_int_equal(rate_at(&tariff, 2026, 12, 20, 900), 3); // Sunday.
    assert_int_equal(rate_at(&tariff, 2026, 12, 20, 1100), 2);
    assert_int_equal(rate_at(&tariff, 2026, 12, 20, 1300), 3);
    assert_int_equal(rate_at(&tariff, 2027, 1, 6, 900), 3); // Wednesday.
    assert_int_equal(rate_at(&tariff, 2027, 1, 7, 900), 0);
    assert_int_equal(rate_at(&tariff, 2026, 12, 19, 900), 2); // Saturday.
    assert_int_equal(rate_at(&tariff, 2026, 6, 29, 900), 2);  // Monday.
    assert_int_equal(rate_at(&tariff, 2026, 6, 30, 900), 1);
}

static void keeps_holidays(void **state)
{
    (void)state;
    const struct tariff tariff =
        tariff_of("1 mon-fri; 2 holiday; holidays 12-25, 2026-10-05,easter-2,easter,easter+39");
    assert_int_equal(rate_at(&tariff, 2026, 12, 25, 0), 2); // Friday.
    assert_int_equal(rate_at(&tariff, 2026, 12, 24, 2359), 1);
    assert_int_equal(rate_at(&tariff, 2026, 10, 5, 1000), 2);
    assert_int_equal(rate_at(&tariff, 2027, 10, 5, 1000), 1);
    assert_int_equal(rate_at(&tariff, 2026, 4, 3, 1000), 2);  // Good Friday.
    assert_int_equal(rate_at(&tariff, 2026, 5, 14, 1000), 2); // Ascension.
    assert_int_equal(rate_at(&tariff, 2026, 4, 6, 1000), 1);
}

static void knows_easter(void **state)
{
    (void)state;
    static const struct {
        int32_t year;
        unsigned month;
        unsigned day;
    } known[] = { { 1981, 4, 19 }, { 2000, 4, 23 }, { 2008, 3, 23 }, { 2011, 4, 24 },
                  { 2024, 3, 31 }, { 2025, 4, 20 }, { 2038, 4, 25 }, { 2049, 4, 18 },
                  { 2076, 4, 19 }, { 2285, 3, 22 } };
    const struct tariff tariff = tariff_of("2 holiday; holidays easter");
    for (unsigned n = 0; n < sizeof known / sizeof known[0]; n++) {
        assert_int_equal(rate_at(&tariff, known[n].year, known[n].month, known[n].day, 0), 2);
        assert_int_equal(rate_at(&tariff, known[n].year, known[n].month, known[n].day - 1, 0), 0);
    }
}

/// Counts the minutes of rate 1 in a local day.
static unsigned minutes_of_rate_1(const char *text, int64_t noon_utc_s)
{
    struct time_zone zone;
    const struct tariff tariff = tariff_of(text);
    unsigned minutes = 0;
    assert_int_equal(time_zone_parse(&zone, "CET-1CEST,M3.5.0,M10.5.0/3", NULL), STATUS_OK);
    struct tariff_clock clock;
    tariff_clock_init(&clock, &tariff, &zone, 0);
    const unsigned day = local_time_at(&zone, noon_utc_s).day;
    for (int64_t at = noon_utc_s - 86400; at < noon_utc_s + 86400; at += 60) {
        minutes +=
            local_time_at(&zone, at).day == day ? tariff_clock_rate(&clock, true, at * 1000) : 0;
    }
    return minutes;
}

static void follows_local_time_on_days_of_23_and_25_hours(void **state)
{
    (void)state;
    assert_int_equal(minutes_of_rate_1("1 01:00-04:00", 1774778400), 120); // 29 March 2026.
    assert_int_equal(minutes_of_rate_1("1 01:00-04:00", 1792926000), 240); // 25 October 2026.
    assert_int_equal(minutes_of_rate_1("1 01:00-04:00", 1793012400), 180);
    assert_int_equal(minutes_of_rate_1("1", 1774778400), 23 * 60);
    assert_int_equal(minutes_of_rate_1("1 00:00-24:00", 1792926000), 25 * 60);
}

static void keeps_the_last_rate_while_it_does_not_know_the_time(void **state)
{
    (void)state;
    const struct tariff tariff = tariff_of("1 07:00-21:00");
    const struct time_zone zone = time_zone_utc();
    struct tariff_clock clock;
    tariff_clock_init(&clock, &tariff, &zone, 3);
    assert_int_equal(tariff_clock_rate(&clock, false, 0), 3);
    assert_true(clock.is_stale);
    assert_int_equal(
        tariff_clock_rate(&clock, true, 1763690000000 - 1763690000000 % 86400000 + 43200000), 1);
    assert_false(clock.is_stale);
    assert_int_equal(tariff_clock_rate(&clock, false, 0), 1);
    assert_true(clock.is_stale);
    tariff_clock_init(&clock, &tariff, &zone, READING_RATE_COUNT);
    assert_int_equal(clock.rate, 0);
}

static void has_no_doubt_without_rules(void **state)
{
    (void)state;
    const struct tariff tariff = tariff_of("");
    const struct time_zone zone = time_zone_utc();
    struct tariff_clock clock;
    tariff_clock_init(&clock, &tariff, &zone, 3);
    assert_false(clock.is_stale);
    assert_int_equal(tariff_clock_rate(&clock, false, 0), 0);
    assert_false(clock.is_stale);
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *what;
    } bad[] = {
        { "4 mon", 0, "a rate from 0 to 3" },
        { "x", 0, "a rate from 0 to 3" },
        { "11 mon", 1, "a blank after the rate" },
        { "1 man", 2, "a day: sun mon tue wed thu fri sat holiday" },
        { "1 mon-", 6, "a day: sun mon tue wed thu fri sat holiday" },
        { "1 monday", 2, "a day: sun mon tue wed thu fri sat holiday" },
        { "1 mon-holiday", 2, "a range of weekdays" },
        { "1 7:00-9:00", 2, "a time from 00:00 to 24:00" },
        { "1 07:00", 7, "a range hh:mm-hh:mm" },
        { "1 07:00-25:00", 8, "a time from 00:00 to 24:00" },
        { "1 07:00-24:01", 8, "a time from 00:00 to 24:00" },
        { "1 07:60-08:00", 5, "minutes from 00 to 59" },
        { "1 07:00-07:00", 8, "an end that differs from the begin" },
        { "1 13-01..02-01", 2, "a month from 01 to 12" },
        { "1 02-30..03-01", 5, "a day of that month" },
        { "1 02-01.03-01", 8, "a range mm-dd..mm-dd" },
        { "1 07:00-08:00 mon", 14, "dates, days, times or a semicolon" },
        { "holidays", 8, "a month from 01 to 12" },
        { "holidays 2026-02-29", 17, "a day of that month" },
        { "holidays easter+x", 16, "a number of days up to 99" },
        { "1\tmon", 1, "dates, days, times or a semicolon" },
        { "1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1", 33, "no more than 16 rules" },
    };
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct tariff tariff = { .rules = 7 };
        struct tariff_fault fault = { 0, "" };
        assert_int_equal(tariff_parse(&tariff, bad[n].text, &fault), STATUS_INVALID);
        assert_string_equal(fault.what, bad[n].what);
        assert_int_equal(fault.at, bad[n].at);
        assert_int_equal(tariff.rules, 7);
    }
    char text[TARIFF_TEXT_SIZE + 2];
    memset(text, ' ', sizeof text);
    text[TARIFF_TEXT_SIZE + 1] = '\0';
    struct tariff tariff;
    struct tariff_fault fault;
    assert_int_equal(tariff_parse(&tariff, text, &fault), STATUS_INVALID);
    assert_int_equal(tariff_parse(&tariff, text + 1, &fault), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_rate_0_without_rules),
        cmocka_unit_test(changes_on_the_minute),
        cmocka_unit_test(lets_the_first_rule_that_fits_decide),
        cmocka_unit_test(keeps_holidays),
        cmocka_unit_test(knows_easter),
        cmocka_unit_test(follows_local_time_on_days_of_23_and_25_hours),
        cmocka_unit_test(keeps_the_last_rate_while_it_does_not_know_the_time),
        cmocka_unit_test(has_no_doubt_without_rules),
        cmocka_unit_test(says_what_is_wrong_and_where),
    };
    return cmocka_run_group_tests_name("tariff", tests, NULL, NULL);
}

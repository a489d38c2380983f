// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "local_time.h"

static const char CENTRAL_EUROPE[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static struct time_zone zone_of(const char *text)
{
    struct time_zone zone;
    size_t fault = 0;
    if (time_zone_parse(&zone, text, &fault) != STATUS_OK) {
        fail_msg("%s fails at %zu", text, fault);
    }
    return zone;
}

/// The C library reads the same strings; it was written by others.
static void assert_agrees_with_the_c_library(const struct time_zone *zone, int64_t unix_s)
{
    const time_t at = (time_t)unix_s;
    struct tm expected;
    const struct local_time local = local_time_at(zone, unix_s);
    assert_non_null(localtime_r(&at, &expected));
    if (local.hour != expected.tm_hour || local.day != expected.tm_mday ||
        local.offset_s != expected.tm_gmtoff) {
        fail_msg("%lld: %d.%d. %d:%d:%d instead of %d.%d. %d:%d:%d", (long long)unix_s, local.day,
                 local.month, local.hour, local.minute, local.second, expected.tm_mday,
                 expected.tm_mon + 1, expected.tm_hour, expected.tm_min, expected.tm_sec);
    }
    assert_int_equal(local.year, expected.tm_year + 1900);
    assert_int_equal(local.month, expected.tm_mon + 1);
    assert_int_equal(local.weekday, expected.tm_wday);
    assert_int_equal(local.day_of_year, expected.tm_yday + 1);
    assert_int_equal(local.minute, expected.tm_min);
    assert_int_equal(local.second, expected.tm_sec);
    assert_int_equal(local.is_summer, expected.tm_isdst > 0);
}

static void agrees_with_the_c_library_in_every_kind_of_zone(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "UTC0",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "<+0530>-5:30",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "NST3:30NDT,M3.2.0,M11.1.0",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "AAA3BBB,J60/0,J300/5:30:15",
        "AAA-3BBB-4:30,59,299/1",
        "<+14>-14",
        "<-12>12",
    };
    for (size_t n = 0; n < sizeof zones / sizeof zones[0]; n++) {
        const struct time_zone zone = zone_of(zones[n]);
        assert_int_equal(setenv("TZ", zones[n], 1), 0);
        tzset();
        uint64_t dice = n;
        for (unsigned k = 0; k < 3000; k++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            const int64_t unix_s = (int64_t)((dice >> 20) % 7258118400u) + 86400; // To 2200.
            assert_agrees_with_the_c_library(&zone, unix_s);
        }
        for (int64_t unix_s = 1767225600 - 1800; unix_s < 1767225600 + 3 * 366 * 86400;
             unix_s += 1799) {
            assert_agrees_with_the_c_library(&zone, unix_s);
        }
    }
}

/// Hours of the local day that holds `unix_s`.
static unsigned hours_of_day(const struct time_zone *zone, int64_t unix_s)
{
    const unsigned day = local_time_at(zone, unix_s).day;
    unsigned hours = 0;
    for (int64_t at = unix_s - 2 * 86400; at < unix_s + 2 * 86400; at += 3600) {
        hours += local_time_at(zone, at).day == day ? 1 : 0;
    }
    return hours;
}

static void knows_days_of_23_and_25_hours(void **state)
{
    (void)state;
    const struct time_zone zone = zone_of(CENTRAL_EUROPE);
    assert_int_equal(hours_of_day(&zone, 1774785600), 23); // 29 March 2026.
    assert_int_equal(hours_of_day(&zone, 1792929600), 25); // 25 October 2026.
    assert_int_equal(hours_of_day(&zone, 1792929600 + 2 * 86400), 24);
    const struct local_time first = local_time_at(&zone, 1792887000); // 02:10, twice.
    const struct local_time second = local_time_at(&zone, 1792890600);
    assert_int_equal(first.hour, 2);
    assert_int_equal(second.hour, 2);
    assert_true(first.is_summer && !second.is_summer);
}

static void may_stay_in_summer_for_ever(void **state)
{
    (void)state;
    const struct time_zone zone = zone_of("EST5EDT,0/0,J365/25");
    for (int64_t unix_s = 1767225600; unix_s < 1767225600 + 800 * 86400; unix_s += 1800) {
        assert_true(local_time_at(&zone, unix_s).is_summer);
    }
}

static void stops_at_the_ends_of_time(void **state)
{
    (void)state;
    static const char *const zones[] = { "UTC0", "<+24>-24", "<-24>24",
                                         "AAA-24BBB-24,M1.1.0/-167,M12.5.6/167" };
    for (size_t n = 0; n < 4; n++) {
        const struct time_zone zone = zone_of(zones[n]);
        const struct local_time early = local_time_at(&zone, INT64_MIN);
        const struct local_time late = local_time_at(&zone, INT64_MAX);
        assert_in_range(early.year, 1969, 1970);
        assert_in_range(late.year, 9999, 10000);
    }
}

static void refuses_what_is_no_zone_and_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t fault;
    } bad[] = {
        { "", 0 },
        { "CE-1", 0 },
        { "CET", 3 },
        { "CET-25", 4 },
        { "CET-1CEST", 9 },
        { "CET-1CEST,M3.5.0", 16 },
        { "CET-1CEST,M13.5.0,M10.5.0", 11 },
        { "CET-1CEST,M3.6.0,M10.5.0", 13 },
        { "CET-1CEST,M3.5.7,M10.5.0", 15 },
        { "CET-1CEST,M3.5.0,M10.5.0/168", 25 },
        { "CET-1CEST,M3.5.0,M10.5.0/3x", 26 },
        { "CET-1CEST,J0,J5", 11 },
        { "<+01-1", 6 },
        { ":Europe/Berlin", 0 },
        { "CET-99999999999999999999", 4 },
    };
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct time_zone zone = { .standard_offset_s = 77 };
        size_t fault = 99;
        assert_int_equal(time_zone_parse(&zone, bad[n].text, &fault), STATUS_INVALID);
        assert_int_equal(fault, bad[n].fault);
        assert_int_equal(zone.standard_offset_s, 77);
    }
    char text[TIME_ZONE_TEXT_SIZE + 2];
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        text[n] = n + 3 < sizeof text ? 'A' : '1';
    }
    text[sizeof text - 1] = '\0';
    struct time_zone zone;
    assert_int_equal(time_zone_parse(&zone, text, NULL), STATUS_INVALID);
    assert_int_equal(time_zone_parse(&zone, text + 1, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library_in_every_kind_of_zone),
        cmocka_unit_test(knows_days_of_23_and_25_hours),
        cmocka_unit_test(may_stay_in_summer_for_ever),
        cmocka_unit_test(stops_at_the_ends_of_time),
        cmocka_unit_test(refuses_what_is_no_zone_and_says_where),
    };
    return cmocka_run_group_tests_name("local_time", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "rest_period.h"

/// Wednesday 26 March 2025, 12:00 UTC; clocks in Berlin change on Sunday the 30th.
static const int64_t WEDNESDAY_MS = 1742990400000;
static const int64_t HOUR_MS = 3600000;
static const int64_t DAY_MS = 86400000;

static int live_in_berlin(void **state)
{
    (void)state;
    if (setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) != 0) {
        return -1;
    }
    tzset();
    return 0;
}

static int64_t start_of(const char *period, int64_t now_ms)
{
    int64_t start_ms = -1;
    assert_int_equal(rest_period_start(period, now_ms, &start_ms), STATUS_OK);
    return start_ms;
}

static void begins_at_local_midnight(void **state)
{
    (void)state;
    assert_int_equal(start_of("today", WEDNESDAY_MS), WEDNESDAY_MS - 13 * HOUR_MS);
    assert_int_equal(start_of("week", WEDNESDAY_MS), WEDNESDAY_MS - 13 * HOUR_MS - 2 * DAY_MS);
    assert_int_equal(start_of("month", WEDNESDAY_MS), WEDNESDAY_MS - 13 * HOUR_MS - 25 * DAY_MS);
    assert_int_equal(start_of("year", WEDNESDAY_MS), 1735686000000); // 31 December, 23:00 UTC.
    assert_int_equal(start_of("all", WEDNESDAY_MS), 0);
}

static void a_sunday_belongs_to_the_week_before_it(void **state)
{
    (void)state;
    const int64_t sunday_ms = WEDNESDAY_MS + 4 * DAY_MS; // 14:00 summer time.
    assert_int_equal(start_of("week", sunday_ms), WEDNESDAY_MS - 13 * HOUR_MS - 2 * DAY_MS);
    // The day began in winter time, 13 hours before.
    assert_int_equal(start_of("today", sunday_ms), sunday_ms - 13 * HOUR_MS);
    assert_int_equal(start_of("today", sunday_ms + DAY_MS), sunday_ms + 10 * HOUR_MS);
}

static void refuses_other_words(void **state)
{
    (void)state;
    int64_t start_ms = 0;
    assert_int_equal(rest_period_start("", WEDNESDAY_MS, &start_ms), STATUS_INVALID);
    assert_int_equal(rest_period_start("decade", WEDNESDAY_MS, &start_ms), STATUS_INVALID);
}

static void buckets_are_round_and_never_too_many(void **state)
{
    (void)state;
    assert_int_equal(rest_bucket_ms(60000, 500), 1000);
    assert_int_equal(rest_bucket_ms(HOUR_MS, 500), 10000);
    assert_int_equal(rest_bucket_ms(DAY_MS, 500), 300000);
    for (int64_t range_ms = 1; range_ms < INT64_C(400) * 365 * DAY_MS;
         range_ms = range_ms * 3 + 7) {
        for (int64_t points = 10; points <= 5000; points = points * 2 + 1) {
            const int64_t bucket_ms = rest_bucket_ms(range_ms, points);
            assert_true(bucket_ms < 60000 ? 60000 % bucket_ms == 0 : bucket_ms % 60000 == 0);
            assert_true(range_ms / bucket_ms + 2 <= points);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_at_local_midnight),
        cmocka_unit_test(a_sunday_belongs_to_the_week_before_it),
        cmocka_unit_test(refuses_other_words),
        cmocka_unit_test(buckets_are_round_and_never_too_many),
    };
    return cmocka_run_group_tests_name("rest_period", tests, live_in_berlin, NULL);
}

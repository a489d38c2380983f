// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "interval_sums.h"

static struct window_report window_of(double seconds, double volts, double amperes, double watts)
{
    struct window_report report = {
        .seconds = seconds, .cycles = 10, .whole = true, .frequency_hz = 50.0, .channels = 0x02
    };
    report.channel[1] = (struct window_report_channel){ .voltage_v = volts,
                                                        .current_a = amperes,
                                                        .active_w = watts,
                                                        .reactive_var = -watts / 2,
                                                        .import_mj = (int64_t)(watts * seconds) };
    return report;
}

static struct metering_interval told(const struct interval_sums *sums)
{
    struct metering_interval interval = { .length_ms = 7 };
    interval_sums_tell(sums, &interval);
    assert_int_equal(interval.length_ms, 7);
    return interval;
}

static void weights_root_mean_squares_by_time(void **state)
{
    (void)state;
    struct interval_sums sums = { .seconds = 0.0 };
    const struct window_report quiet = window_of(0.2, 230.0, 1.0, 100.0);
    const struct window_report busy = window_of(0.6, 220.0, 10.0, 2000.0);
    interval_sums_add(&sums, &quiet);
    interval_sums_add(&sums, &busy);
    const struct metering_interval interval = told(&sums);
    const struct interval_channel *channel = &interval.channel[1];
    assert_int_equal(interval.measured_ms, 800);
    assert_int_equal(interval.channels, 0x02);
    assert_int_equal(interval.frequency_mhz, 25000); // 20 cycles in 0.8 s.
    assert_int_equal(channel->voltage_10mv,
                     lround(100 * sqrt((230.0 * 230.0 * 0.2 + 220.0 * 220.0 * 0.6) / 0.8)));
    assert_int_equal(channel->current_100ua, lround(1e4 * sqrt((0.2 + 60.0) / 0.8)));
    assert_int_equal(channel->current_high_100ua, 100000);
    assert_int_equal(channel->active_power_10mw, 152500);
    assert_int_equal(channel->reactive_power_10mvar, -76250);
    assert_int_equal(channel->import_mj, 20 + 1200);
    assert_int_equal(interval.channel[0].voltage_10mv, 0);
}

static void prefers_the_extremes_of_cycles_to_those_of_windows(void **state)
{
    (void)state;
    struct interval_sums sums = { .seconds = 0.0 };
    const struct window_report low = window_of(0.2, 210.0, 1.0, 1.0);
    struct window_report sliver = window_of(0.003, 20.0, 99.0, 1.0);
    const struct window_report high = window_of(0.2, 240.0, 1.0, 1.0);
    sliver.whole = false;
    interval_sums_add(&sums, &low);
    interval_sums_add(&sums, &sliver);
    interval_sums_add(&sums, &high);
    assert_int_equal(told(&sums).channel[1].voltage_low_10mv, 21000);
    assert_int_equal(told(&sums).channel[1].voltage_high_10mv, 24000);
    assert_int_equal(told(&sums).channel[1].current_high_100ua, 10000);
    interval_sums_extreme(&sums, 1, 225.0);
    interval_sums_extreme(&sums, 1, 231.0);
    assert_int_equal(told(&sums).channel[1].voltage_low_10mv, 22500);
    assert_int_equal(told(&sums).channel[1].voltage_high_10mv, 23100);
}

static void tells_the_mean_distortion_and_the_lowest_cycle(void **state)
{
    (void)state;
    struct interval_sums sums = { .seconds = 0.0 };
    for (unsigned n = 0; n < 30; n++) {
        const struct window_report report = window_of(0.19 + 0.001 * n, 220.0 + n, n, 17.0 * n);
        interval_sums_add(&sums, &report);
        interval_sums_extreme(&sums, 1, 215.0 + 2 * n);
        interval_sums_distortion(&sums, 1, 1000 * n, 50000, 0.2);
    }
    const struct metering_interval got = told(&sums);
    assert_int_equal(got.channel[1].voltage_distortion_ppm, 14500);
    assert_int_equal(got.channel[1].voltage_low_10mv, 21500);
}

static void survives_values_that_are_no_numbers(void **state)
{
    (void)state;
    struct interval_sums sums = { .seconds = 0.0 };
    const double bad[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e300, -1.0, 0.0 };
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct window_report report = window_of(0.2, bad[n], bad[n], bad[n] > 0 ? 1.0 : 0.0);
        report.channel[1].active_w = bad[n];
        report.channel[1].import_mj = INT64_MAX / 2;
        interval_sums_add(&sums, &report);
        report.seconds = bad[n];
        interval_sums_add(&sums, &report);
        interval_sums_extreme(&sums, 1, bad[n]);
        interval_sums_extreme(&sums, READING_CHANNEL_COUNT, 1.0);
        interval_sums_distortion(&sums, 1, UINT32_MAX, UINT32_MAX, bad[n]);
    }
    const struct metering_interval interval = told(&sums);
    assert_int_equal(interval.measured_ms, 1200);
    assert_int_equal(interval.channel[1].import_mj, INT64_MAX);
    assert_int_equal(interval.channel[1].voltage_10mv, 41);
    const struct interval_sums empty = { .seconds = 0.0 };
    assert_int_equal(told(&empty).frequency_mhz, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_root_mean_squares_by_time),
        cmocka_unit_test(prefers_the_extremes_of_cycles_to_those_of_windows),
        cmocka_unit_test(tells_the_mean_distortion_and_the_lowest_cycle),
        cmocka_unit_test(survives_values_that_are_no_numbers),
    };
    return cmocka_run_group_tests_name("interval_sums", tests, NULL, NULL);
}

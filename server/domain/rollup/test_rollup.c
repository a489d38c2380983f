// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rollup.h"

static const struct rollup_sample kettle = {
    .window_us = 1000000,
    .frequency_mhz = 50000,
    .voltage_10mv = 23000,
    .current_100ua = 100000,
    .active_power_10mw = 230000,
    .apparent_power_10mva = 230000,
    .import_mj = 2300000,
};

static const struct rollup_sample sun = {
    .window_us = 3000000,
    .frequency_mhz = 50040,
    .voltage_10mv = 23400,
    .current_100ua = 50000,
    .active_power_10mw = -117000,
    .apparent_power_10mva = 117000,
    .export_mj = 3510000,
    .quality = READING_QUALITY_GAP,
};

static void near(double actual, double expected)
{
    assert_true(fabs(actual - expected) <= 1e-12 * fabs(expected));
}

static void means_are_weighted_with_time(void **state)
{
    (void)state;
    struct rollup rollup = { 0 };
    struct telemetry_point point = { .start_ms = 60000 };
    rollup_add(&rollup, &kettle);
    rollup_add(&rollup, &sun);
    rollup_to_point(&rollup, &point);
    assert_int_equal(point.start_ms, 60000);
    assert_int_equal(point.measured_us, 4000000);
    near(point.voltage_v, sqrt((230.0 * 230.0 + 3 * 234.0 * 234.0) / 4));
    near(point.current_a, sqrt((100.0 + 3 * 25.0) / 4));
    near(point.active_power_w, (2300.0 - 3 * 1170.0) / 4);
    near(point.active_power_min_w, -1170.0);
    near(point.active_power_max_w, 2300.0);
    near(point.apparent_power_va, (2300.0 + 3 * 1170.0) / 4);
    near(point.power_factor, (2300.0 - 3 * 1170.0) / (2300.0 + 3 * 1170.0));
    near(point.frequency_hz, 50.03);
    assert_int_equal(point.import_mj, 2300000);
    assert_int_equal(point.export_mj, 3510000);
    assert_int_equal(point.quality, READING_QUALITY_GAP);
}

static void is_the_same_whole_from_any_parts(void **state)
{
    (void)state;
    struct rollup whole = { 0 };
    struct rollup first = { 0 };
    struct rollup late = { 0 };
    struct rollup nothing = { 0 };
    rollup_add(&whole, &kettle);
    rollup_add(&whole, &sun);
    rollup_add(&late, &sun);
    rollup_add(&first, &kettle);
    rollup_merge(&late, &nothing);
    rollup_merge(&late, &first);
    assert_memory_equal(&late, &whole, sizeof whole);
}

static void counts_no_frequency_without_a_reference(void **state)
{
    (void)state;
    struct rollup rollup = { 0 };
    struct telemetry_point point = { 0 };
    struct rollup_sample blind = kettle;
    blind.frequency_mhz = 0;
    rollup_add(&rollup, &blind);
    rollup_to_point(&rollup, &point);
    assert_true(point.frequency_hz == 0.0);
    rollup_add(&rollup, &kettle);
    rollup_to_point(&rollup, &point);
    near(point.frequency_hz, 50.0);
}

static void finds_the_minute_also_before_1970(void **state)
{
    (void)state;
    assert_int_equal(rollup_start_ms(119999, 60000), 60000);
    assert_int_equal(rollup_start_ms(120000, 60000), 120000);
    assert_int_equal(rollup_start_ms(-1, 60000), -60000);
    assert_int_equal(rollup_start_ms(-60000, 60000), -60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_weighted_with_time),
        cmocka_unit_test(is_the_same_whole_from_any_parts),
        cmocka_unit_test(counts_no_frequency_without_a_reference),
        cmocka_unit_test(finds_the_minute_also_before_1970),
    };
    return cmocka_run_group_tests_name("rollup", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calibration_law.h"

static const double pi = 3.14159265358979323846;
static const double degree = 3.14159265358979323846 / 180.0;

/// A sensor by `a + b / f`, and a delay.
struct sensor {
    double constant_deg;
    double inverse_deg_hz;
    double delay_s;
};

static const struct sensor some_sensor = { 0.7, 120.0, 3e-6 };

static double angle_of(const struct sensor *sensor, double hz)
{
    return (sensor->constant_deg + sensor->inverse_deg_hz / hz) * degree +
           2.0 * pi * hz * sensor->delay_s;
}

/// Fundamental and seven harmonics; `third` adds to the current what the voltage has not.
static void add_window(struct calibration_response *response, const struct sensor *sensor,
                       double hz, double third)
{
    static const double peak[CALIBRATION_ORDERS] = {
        1600.0, 30.0, 35.0, 18.0, 10.0, 10.0, 8.0, 3.0
    };
    struct calibration_phasor voltage[CALIBRATION_ORDERS];
    struct calibration_phasor current[CALIBRATION_ORDERS];
    for (unsigned n = 0; n < CALIBRATION_ORDERS; n++) {
        const double order = 2.0 * n + 1.0;
        const double begin = 0.9 * order * order;
        const double end = begin + angle_of(sensor, order * hz);
        voltage[n] = (struct calibration_phasor){ peak[n] * cos(begin), peak[n] * sin(begin) };
        current[n] =
            (struct calibration_phasor){ 0.7 * peak[n] * cos(end), 0.7 * peak[n] * sin(end) };
    }
    current[1].re += third;
    calibration_response_add(response, voltage, current, hz);
}

static struct calibration_response seen(const struct sensor *sensor, double hz, unsigned windows,
                                        double third)
{
    struct calibration_response response = { .windows = 0 };
    for (unsigned n = 0; n < windows; n++) {
        add_window(&response, sensor, hz, third);
    }
    return response;
}

static struct calibration_point point_at(double hz, double current_a, double lead_deg)
{
    return (struct calibration_point){ .verdict = CALIBRATION_FOUND,
                                       .has_lead = true,
                                       .lead_rad = lead_deg * degree,
                                       .frequency_hz = hz,
                                       .magnitude_a = current_a,
                                       .lead_error_deg = 0.002 };
}

static void tells_fall_and_delay_apart_by_the_harmonics(void **state)
{
    (void)state;
    const double frequencies[] = { 45.0, 50.0, 60.0, 65.0 };
    for (unsigned n = 0; n < 4; n++) {
        const double hz = frequencies[n];
        const struct calibration_response response = seen(&some_sensor, hz, 10, 0.0);
        const struct calibration_trend trend = calibration_response_trend(&response, 1e-6);
        assert_true(trend.known);
        assert_true(fabs(trend.frequency_hz - hz) < 1e-9);
        assert_true(fabs(trend.inverse_rad - 120.0 / hz * degree) < 1e-9);
        assert_true(fabs(trend.delay_rad - 2.0 * pi * hz * 2e-6) < 1e-9);
        assert_true(trend.inverse_variance >= 0.0 && trend.inverse_variance < 1e-12);

        struct calibration_point point = point_at(hz, 10.0, 0.0);
        point.lead_rad = angle_of(&some_sensor, hz) - 2.0 * pi * hz * 1e-6;
        point.trend = trend;
        const struct calibration_extension extension = calibration_extend(&point, 1);
        assert_int_equal(extension.law, CALIBRATION_LAW_HARMONICS);
        assert_true(fabs(extension.delay_s - 2e-6) < 1e-12);
        for (unsigned other = 0; other < 4; other++) {
            const double at = frequencies[other];
            assert_true(fabs(calibration_extension_lead(&extension, &point, 0, at) -
                             (0.7 + 120.0 / at) * degree) < 1e-9);
        }
    }
}

static void says_nothing_of_too_little(void **state)
{
    (void)state;
    struct calibration_response response = seen(&some_sensor, 50.0, 9, 0.0);
    assert_false(calibration_response_trend(&response, 0.0).known);
    response = seen(&some_sensor, 50.0, 10, 0.0);
    for (unsigned n = 3; n < CALIBRATION_ORDERS; n++) {
        response.order[n].voltage_square = 0.0;
    }
    assert_false(calibration_response_trend(&response, 0.0).known);
    response = seen(&some_sensor, 50.0, 10, 0.0);
    response.order[0].current_square = 0.0;
    assert_false(calibration_response_trend(&response, 0.0).known);
}

static void takes_no_phasor_that_is_no_number(void **state)
{
    (void)state;
    const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e300 };
    struct calibration_phasor sound[CALIBRATION_ORDERS];
    struct calibration_phasor broken[CALIBRATION_ORDERS];
    struct calibration_response response = { .windows = 0 };
    memset(sound, 0, sizeof sound);
    for (unsigned n = 0; n < 4; n++) {
        memset(broken, 0, sizeof broken);
        broken[n].im = odd[n];
        calibration_response_add(&response, sound, broken, 50.0);
        calibration_response_add(&response, broken, sound, 50.0);
        calibration_response_add(&response, sound, sound, odd[n]);
    }
    assert_int_equal(response.windows, 0);
    for (unsigned n = 0; n < 10; n++) {
        calibration_response_add(&response, sound, sound, 50.0);
    }
    assert_false(calibration_response_trend(&response, 0.0).known);
}

static void doubts_what_one_harmonic_alone_says(void **state)
{
    (void)state;
    const struct calibration_response clean = seen(&some_sensor, 50.0, 10, 0.0);
    const struct calibration_response bent = seen(&some_sensor, 50.0, 10, 0.2);
    struct calibration_point point = point_at(50.0, 10.0, 0.0);
    point.lead_rad = angle_of(&some_sensor, 50.0);
    point.trend = calibration_response_trend(&clean, 0.0);
    const double before = calibration_extend(&point, 1).error_65hz_deg;
    point.trend = calibration_response_trend(&bent, 0.0);
    const struct calibration_extension extension = calibration_extend(&point, 1);
    const double found = calibration_extension_lead(&extension, &point, 0, 65.0) +
                         2.0 * pi * 65.0 * extension.delay_s;
    const double wrong_deg = fabs(found - angle_of(&some_sensor, 65.0)) / degree;
    assert_true(before < 0.003);
    assert_int_equal(extension.law, CALIBRATION_LAW_HARMONICS);
    assert_true(wrong_deg > 0.02);
    assert_true(wrong_deg <= extension.error_65hz_deg);
}

static void knows_what_it_would_find_without_the_third_harmonic(void **state)
{
    (void)state;
    const struct calibration_response bent = seen(&some_sensor, 50.0, 10, 0.2);
    const struct calibration_trend trend = calibration_response_trend(&bent, 0.0);
    const double inverse = 2.4 * degree;
    const double delay = 2.0 * pi * 50.0 * 3e-6;
    assert_true(fabs(trend.inverse_rad - inverse) > 1e-3);
    assert_true(fabs(trend.inverse_rad + trend.without_third.inverse_rad - inverse) < 1e-9);
    assert_true(fabs(trend.delay_rad + trend.without_third.delay_rad - delay) < 1e-9);
}

static void states_every_doubt_at_the_ends_of_the_band(void **state)
{
    (void)state;
    struct calibration_point point = point_at(50.0, 10.0, 3.0);
    point.trend = (struct calibration_trend){ .known = true,
                                              .frequency_hz = 50.0,
                                              .inverse_rad = 2.0 * degree };
    const double exact = calibration_extend(&point, 1).error_65hz_deg;
    assert_true(fabs(exact - 0.002) < 1e-6);
    point.trend.without_third.inverse_rad = 0.1 * degree;
    assert_true(fabs(calibration_extend(&point, 1).error_65hz_deg - exact - 0.1 * 15.0 / 65.0) <
                1e-6);
    point.trend.slow = (struct calibration_doubt){ -0.2 * degree, 0.1 * degree };
    point.trend.slow_share = 0.5;
    const struct calibration_extension extension = calibration_extend(&point, 1);
    assert_true(fabs(extension.error_65hz_deg - exact - (0.1 + 0.5 * 0.2) * 15.0 / 65.0 -
                     0.5 * 0.1 * 15.0 / 50.0) < 1e-6);
    assert_true(fabs(extension.error_45hz_deg - exact - (0.1 + 0.5 * 0.2) * 5.0 / 45.0 -
                     0.5 * 0.1 * 5.0 / 50.0) < 1e-6);
}

static void heeds_an_order_by_its_current(void **state)
{
    (void)state;
    struct calibration_response response = seen(&some_sensor, 50.0, 10, 0.0);
    response.order[6].current_square *= 1e-12;
    response.order[6].voltage_square *= 1e-12;
    response.order[6].along *= 0.5e-12; // Its angle is noise.
    response.order[6].before *= -0.5e-12;
    const struct calibration_trend trend = calibration_response_trend(&response, 0.0);
    assert_true(fabs(trend.inverse_rad - 2.4 * degree) < 1e-6);
    assert_true(fabs(trend.delay_rad - 2.0 * pi * 50.0 * 3e-6) < 1e-6);
}

static void falls_back_on_the_type_or_on_one_over_f(void **state)
{
    (void)state;
    struct calibration_point point = point_at(50.0, 10.0, 3.0);
    struct calibration_extension extension = calibration_extend(&point, 1);
    assert_int_equal(extension.law, CALIBRATION_LAW_INVERSE);
    assert_true(extension.delay_s == 0.0);
    assert_true(fabs(calibration_extension_lead(&extension, &point, 0, 60.0) / degree - 2.5) <
                1e-9);
    // Half of what falls from 50 to 65 Hz.
    assert_true(fabs(extension.error_65hz_deg - (0.002 + 0.5 * 3.0 * 15.0 / 65.0)) < 1e-9);
    point.sensor = CALIBRATION_SENSOR_SCT_013_000;
    extension = calibration_extend(&point, 1);
    assert_int_equal(extension.law, CALIBRATION_LAW_TYPE);
    assert_true(fabs(calibration_extension_lead(&extension, &point, 0, 60.0) / degree - 2.6) <
                1e-9);
    assert_true(extension.error_65hz_deg < 0.12);
    point.has_lead = false;
    assert_int_equal(calibration_extend(&point, 1).law, CALIBRATION_LAW_NONE);
}

static void needs_no_law_between_two_frequencies_that_were_measured(void **state)
{
    (void)state;
    const struct calibration_point points[] = { point_at(50.0, 10.0, 3.1),
                                                point_at(60.0, 10.5, 2.7) };
    const struct calibration_extension extension = calibration_extend(points, 2);
    assert_int_equal(extension.law, CALIBRATION_LAW_TWO_FREQUENCIES);
    assert_true(extension.error_65hz_deg < 0.08);
    const struct calibration_point apart[] = { point_at(50.0, 10.0, 3.1),
                                               point_at(60.0, 20.0, 2.7) };
    assert_int_equal(calibration_extend(apart, 2).law, CALIBRATION_LAW_INVERSE);
}

static void lets_one_good_point_help_the_others(void **state)
{
    (void)state;
    const struct calibration_response response = seen(&some_sensor, 50.0, 10, 0.0);
    struct calibration_point points[] = { point_at(50.0, 4.0, 0.0), point_at(50.0, 38.0, 0.0) };
    points[1].lead_rad = angle_of(&some_sensor, 50.0);
    points[0].lead_rad = points[1].lead_rad + 0.6 * degree;
    points[1].trend = calibration_response_trend(&response, 0.0);
    const struct calibration_extension extension = calibration_extend(points, 2);
    assert_int_equal(extension.law, CALIBRATION_LAW_HARMONICS);
    // Between the part of the other current and that part scaled by the lead.
    const double same = 2.4 * degree;
    const double scaled = same * 3.7 / 3.1;
    assert_true(extension.inverse_rad[0] > same && extension.inverse_rad[0] < scaled);
    assert_true(extension.error_65hz_deg > 0.05);
}

static void names_every_law(void **state)
{
    (void)state;
    for (int law = CALIBRATION_LAW_NONE; law <= CALIBRATION_LAW_HARMONICS; law++) {
        assert_non_null(calibration_law_name((enum calibration_law)law));
    }
}

static void finds_a_sensor_by_its_name(void **state)
{
    (void)state;
    enum calibration_sensor sensor = CALIBRATION_SENSOR_UNKNOWN;
    assert_int_equal(calibration_sensor_find(CALIBRATION_SENSOR_NAMES, &sensor), STATUS_OK);
    assert_int_equal(sensor, CALIBRATION_SENSOR_SCT_013_000);
    assert_true(calibration_sensor_fall_rad(sensor) > 0.0);
    assert_int_equal(calibration_sensor_find("unknown", &sensor), STATUS_MISSING);
    assert_int_equal(calibration_sensor_find("", &sensor), STATUS_MISSING);
    assert_int_equal(calibration_sensor_find("sct-013-0001", &sensor), STATUS_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_fall_and_delay_apart_by_the_harmonics),
        cmocka_unit_test(says_nothing_of_too_little),
        cmocka_unit_test(takes_no_phasor_that_is_no_number),
        cmocka_unit_test(doubts_what_one_harmonic_alone_says),
        cmocka_unit_test(knows_what_it_would_find_without_the_third_harmonic),
        cmocka_unit_test(states_every_doubt_at_the_ends_of_the_band),
        cmocka_unit_test(heeds_an_order_by_its_current),
        cmocka_unit_test(falls_back_on_the_type_or_on_one_over_f),
        cmocka_unit_test(needs_no_law_between_two_frequencies_that_were_measured),
        cmocka_unit_test(lets_one_good_point_help_the_others),
        cmocka_unit_test(names_every_law),
        cmocka_unit_test(finds_a_sensor_by_its_name),
    };
    return cmocka_run_group_tests_name("calibration_law", tests, NULL, NULL);
}

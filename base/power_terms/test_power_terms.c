// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "power_terms.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

static double pick(double low, double high)
{
    return low + (high - low) * rand() / RAND_MAX;
}

/// A voltage and a current of five harmonics each, by their root mean squares and angles.
static struct power_measures some_load(void)
{
    double v[5] = { pick(100.0, 250.0) };
    double i[5] = { pick(0.01, 60.0) };
    double angle[5] = { pick(-3.1, 3.1) };
    for (unsigned h = 1; h < 5; h++) {
        v[h] = v[0] * pick(0.0, 0.1);
        i[h] = i[0] * pick(0.0, 1.2);
        angle[h] = pick(-3.1, 3.1);
    }
    struct power_measures m = { .voltage1_v = v[0], .current1_a = i[0] };
    for (unsigned h = 0; h < 5; h++) {
        m.voltage_v += v[h] * v[h];
        m.current_a += i[h] * i[h];
        m.active_w += v[h] * i[h] * cos(angle[h]);
    }
    m.voltage_v = sqrt(m.voltage_v);
    m.current_a = sqrt(m.current_a);
    m.active1_w = v[0] * i[0] * cos(angle[0]);
    m.reactive1_var = v[0] * i[0] * sin(angle[0]);
    return m;
}

static void keeps_the_identities_of_the_standard(void **state)
{
    (void)state;
    srand(1); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same loads each time.
    for (unsigned n = 0; n < 10000; n++) {
        const struct power_measures m = some_load();
        const struct power_terms t = power_terms_of(&m);
        const double s2 = t.apparent_va * t.apparent_va;
        const double s1 = t.fundamental_apparent_va;
        const double sn2 = t.nonfundamental_va * t.nonfundamental_va;
        const double tiny = 1e-12 * s2;
        assert_near(m.active_w * m.active_w + t.nonactive_var * t.nonactive_var, s2, tiny);
        assert_near(s1 * s1 + sn2, s2, tiny);
        assert_near(t.current_distortion_var * t.current_distortion_var +
                        t.voltage_distortion_var * t.voltage_distortion_var +
                        t.harmonic_apparent_va * t.harmonic_apparent_va,
                    sn2, tiny);
        assert_near(m.active1_w * m.active1_w + m.reactive1_var * m.reactive1_var, s1 * s1, tiny);
        const double sh2 = t.harmonic_apparent_va * t.harmonic_apparent_va;
        assert_near(t.harmonic_distortion_var * t.harmonic_distortion_var +
                        t.harmonic_active_w * t.harmonic_active_w,
                    sh2, 1e-9 * s2);
        assert_near(t.current_distortion_var, s1 * t.current_distortion, 1e-9 * t.apparent_va);
        assert_near(t.voltage_distortion_var, s1 * t.voltage_distortion, 1e-9 * t.apparent_va);
        assert_near(t.power_factor, m.active_w / t.apparent_va, 1e-12);
        assert_near(t.displacement_factor, m.active1_w / s1, 1e-12);
    }
}

static void tells_the_terms_of_a_load_by_hand(void **state)
{
    (void)state;
    // 200 V without distortion; 3 A of fundamental, 60 degrees late, and 4 A of harmonics.
    const struct power_measures m = { .voltage_v = 200.0,
                                      .current_a = 5.0,
                                      .active_w = 300.0,
                                      .voltage1_v = 200.0,
                                      .current1_a = 3.0,
                                      .active1_w = 300.0,
                                      .reactive1_var = 519.6152422706632 };
    const struct power_terms t = power_terms_of(&m);
    assert_near(t.apparent_va, 1000.0, 1e-9);
    assert_near(t.fundamental_apparent_va, 600.0, 1e-9);
    assert_near(t.nonfundamental_va, 800.0, 1e-9);
    assert_near(t.current_distortion_var, 800.0, 1e-9);
    assert_near(t.voltage_distortion_var, 0.0, 0.0);
    assert_near(t.harmonic_apparent_va, 0.0, 0.0);
    assert_near(t.harmonic_active_w, 0.0, 0.0);
    assert_near(t.nonactive_var, 953.9392014169456, 1e-9);
    assert_near(t.power_factor, 0.3, 1e-12);
    assert_near(t.displacement_factor, 0.5, 1e-12);
    assert_near(t.current_distortion, 4.0 / 3.0, 1e-12);
    assert_near(t.voltage_distortion, 0.0, 0.0);
}

static void takes_a_fundamental_above_the_total_as_equal(void **state)
{
    (void)state;
    const struct power_measures m = { .voltage_v = 230.0,
                                      .current_a = 1.0,
                                      .active_w = -230.001,
                                      .voltage1_v = 230.01,
                                      .current1_a = 1.0001,
                                      .active1_w = -230.03 };
    const struct power_terms t = power_terms_of(&m);
    assert_true(t.fundamental_apparent_va == 230.0 && t.nonfundamental_va == 0.0);
    assert_true(t.nonactive_var == 0.0 && t.harmonic_distortion_var == 0.0);
    assert_true(t.power_factor == -1.0 && t.displacement_factor == -1.0);
    assert_true(t.voltage_distortion == 0.0 && t.current_distortion == 0.0);
}

static void divides_nothing_by_zero(void **state)
{
    (void)state;
    const struct power_measures open = { .voltage_v = 230.0, .voltage1_v = 230.0 };
    const struct power_terms t = power_terms_of(&open);
    assert_true(t.power_factor == 0.0 && t.displacement_factor == 0.0);
    assert_true(t.current_distortion == 0.0 && t.apparent_va == 0.0);
    const struct power_measures direct = { .voltage_v = 230.0, .current_a = 1.0 };
    const struct power_terms d = power_terms_of(&direct);
    assert_true(d.voltage_distortion == 0.0 && d.current_distortion == 0.0);
    assert_true(d.nonfundamental_va == 230.0);
}

static void is_finite_for_any_channel(void **state)
{
    (void)state;
    srand(2); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same channels each time.
    const uint32_t extremes[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
    for (unsigned n = 0; n < 20000; n++) {
        const struct reading_channel channel = {
            .voltage_10mv = extremes[rand() % 5],
            .current_100ua = extremes[rand() % 5],
            .active_power_10mw = (int32_t)((int64_t)extremes[rand() % 5] - 0x80000000),
            .reactive_power_10mvar = (int32_t)((int64_t)extremes[rand() % 5] - 0x80000000),
            .fundamental_voltage_10mv = extremes[rand() % 5],
            .fundamental_current_100ua = extremes[rand() % 5],
            .fundamental_power_10mw = (int32_t)((int64_t)extremes[rand() % 5] - 0x80000000),
        };
        const struct power_measures m = power_measures_of_channel(&channel);
        const struct power_terms t = power_terms_of(&m);
        const double all[] = { t.apparent_va,
                               t.nonactive_var,
                               t.nonfundamental_va,
                               t.fundamental_apparent_va,
                               t.current_distortion_var,
                               t.voltage_distortion_var,
                               t.harmonic_apparent_va,
                               t.harmonic_distortion_var,
                               t.voltage_distortion,
                               t.current_distortion };
        for (unsigned k = 0; k < sizeof all / sizeof all[0]; k++) {
            assert_true(isfinite(all[k]) && all[k] >= 0.0);
        }
        assert_true(isfinite(t.harmonic_active_w));
        assert_true(fabs(t.power_factor) <= 1.0 && fabs(t.displacement_factor) <= 1.0);
    }
}

static void reads_a_channel_in_its_units(void **state)
{
    (void)state;
    const struct reading_channel channel = { .voltage_10mv = 23012,
                                             .current_100ua = 43478,
                                             .active_power_10mw = -50000,
                                             .reactive_power_10mvar = 1234,
                                             .fundamental_voltage_10mv = 23001,
                                             .fundamental_current_100ua = 40000,
                                             .fundamental_power_10mw = -49900 };
    const struct power_measures m = power_measures_of_channel(&channel);
    assert_near(m.voltage_v, 230.12, 1e-9);
    assert_near(m.current_a, 4.3478, 1e-9);
    assert_near(m.active_w, -500.0, 1e-9);
    assert_near(m.reactive1_var, 12.34, 1e-9);
    assert_near(m.voltage1_v, 230.01, 1e-9);
    assert_near(m.current1_a, 4.0, 1e-9);
    assert_near(m.active1_w, -499.0, 1e-9);
}

/// What the header says of a distortion that comes from 230 V in steps of 10 mV.
static void loses_small_distortion_to_the_steps_of_the_wire(void **state)
{
    (void)state;
    double worst_small = 0.0;
    double worst_three = 0.0;
    for (unsigned n = 0; n < 2000; n++) {
        for (unsigned k = 0; k < 2; k++) {
            const double v1 = 229.5 + n * 0.0005;
            const double truth = k == 0 ? 0.002 : 0.03;
            const double v = v1 * sqrt(1.0 + truth * truth);
            const struct reading_channel channel = {
                .voltage_10mv = (uint32_t)lround(v * 100.0),
                .fundamental_voltage_10mv = (uint32_t)lround(v1 * 100.0),
            };
            const struct power_measures m = power_measures_of_channel(&channel);
            const double off = fabs(power_terms_of(&m).voltage_distortion - truth);
            double *worst = k == 0 ? &worst_small : &worst_three;
            *worst = off > *worst ? off : *worst;
        }
    }
    print_message("rounding alone: THD_V of 0.2 %% off by %.3f points at worst, of 3 %% by %.3f\n",
                  100.0 * worst_small, 100.0 * worst_three);
    assert_true(worst_small <= 0.01);
    assert_true(worst_three <= 0.0015);
}

static void adds_up_a_register_over_its_rates(void **state)
{
    (void)state;
    const int64_t rates[READING_RATE_COUNT] = { 1, 20, 300, 4000 };
    assert_int_equal(power_terms_register_total(rates), 4321);
    const int64_t many[READING_RATE_COUNT] = { INT64_MAX, 1, 0, 0 };
    assert_true(power_terms_register_total(many) == INT64_MAX);
    const int64_t few[READING_RATE_COUNT] = { INT64_MIN, -1, 0, 0 };
    assert_true(power_terms_register_total(few) == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_identities_of_the_standard),
        cmocka_unit_test(tells_the_terms_of_a_load_by_hand),
        cmocka_unit_test(takes_a_fundamental_above_the_total_as_equal),
        cmocka_unit_test(divides_nothing_by_zero),
        cmocka_unit_test(is_finite_for_any_channel),
        cmocka_unit_test(reads_a_channel_in_its_units),
        cmocka_unit_test(loses_small_distortion_to_the_steps_of_the_wire),
        cmocka_unit_test(adds_up_a_register_over_its_rates),
    };
    return cmocka_run_group_tests_name("power_terms", tests, NULL, NULL);
}

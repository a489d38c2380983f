// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quantities.h"

enum { RATE = 10000, HARMONICS = 12 };

static const double TURN = 6.283185307179586;

/// Root mean square and angle of every harmonic of a voltage and a current; element 0 is the
/// fundamental.
struct load {
    double hz;
    double v[HARMONICS];
    double i[HARMONICS];
    double v_angle[HARMONICS];
    double i_angle[HARMONICS];
};

static double pick(double low, double high)
{
    return low + (high - low) * rand() / RAND_MAX;
}

static struct load some_load(void)
{
    struct load load = { .hz = pick(45.0, 65.0), .v = { 230.0 }, .i = { pick(0.1, 40.0) } };
    load.v_angle[0] = pick(-3.1, 3.1);
    load.i_angle[0] = pick(-3.1, 3.1);
    for (unsigned h = 1; h < HARMONICS; h++) {
        load.v[h] = load.v[0] * pick(0.0, 0.05) / (h + 1);
        load.i[h] = load.i[0] * pick(0.0, 1.0) / (h + 1);
        load.v_angle[h] = pick(-3.1, 3.1);
        load.i_angle[h] = pick(-3.1, 3.1);
    }
    return load;
}

static struct power_measures truth_of(const struct load *load)
{
    struct power_measures m = { .voltage1_v = load->v[0], .current1_a = load->i[0] };
    const double angle = load->v_angle[0] - load->i_angle[0];
    for (unsigned h = 0; h < HARMONICS; h++) {
        m.voltage_v += load->v[h] * load->v[h];
        m.current_a += load->i[h] * load->i[h];
        m.active_w += load->v[h] * load->i[h] * cos(load->v_angle[h] - load->i_angle[h]);
    }
    m.voltage_v = sqrt(m.voltage_v);
    m.current_a = sqrt(m.current_a);
    m.active1_w = load->v[0] * load->i[0] * cos(angle);
    m.reactive1_var = load->v[0] * load->i[0] * sin(angle);
    return m;
}

/// The mean of v one `lag` of frames earlier times i, of signals that come late by their delays and
/// whose fundamentals lead.
static double product(const struct load *load, double delay_s, double lead_rad, int lag)
{
    double sum = 0.0;
    for (unsigned h = 0; h < HARMONICS; h++) {
        const double omega = TURN * load->hz * (h + 1);
        const double angle = load->v_angle[h] - load->i_angle[h] + omega * delay_s -
                             omega * lag / RATE + (h == 0 ? lead_rad : 0.0);
        sum += load->v[h] * load->i[h] * cos(angle);
    }
    return sum;
}

/// What is sampled of a load, in codes, and measured from it.
static struct power_measures measure(const struct load *load,
                                     const struct calibration_correction *v,
                                     const struct calibration_correction *i, bool fundamental)
{
    const struct power_measures truth = truth_of(load);
    const double delay_s = v->delay_s - i->delay_s;
    const double lead_rad = v->lead_rad - i->lead_rad;
    const double scale = v->gain * i->gain;
    const double v_turn = load->v_angle[0] + TURN * load->hz * v->delay_s + v->lead_rad;
    const double i_turn = load->i_angle[0] + TURN * load->hz * i->delay_s + i->lead_rad;
    const struct channel_means means = {
        .voltage_square = truth.voltage_v * truth.voltage_v / (v->gain * v->gain),
        .current_square = truth.current_a * truth.current_a / (i->gain * i->gain),
        .ahead = product(load, delay_s, lead_rad, -1) / scale,
        .together = product(load, delay_s, lead_rad, 0) / scale,
        .behind = product(load, delay_s, lead_rad, 1) / scale,
        .voltage1 = { load->v[0] / v->gain * cos(v_turn), load->v[0] / v->gain * sin(v_turn) },
        .current1 = { load->i[0] / i->gain * cos(i_turn), load->i[0] / i->gain * sin(i_turn) },
        .fundamental = fundamental,
    };
    return quantities_of_means(&means, v, i, RATE, load->hz);
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

static const struct calibration_correction V_IDEAL = { .gain = 0.2 };
static const struct calibration_correction I_IDEAL = { .gain = 0.01 };

static void knows_all_four_quadrants(void **state)
{
    (void)state;
    for (int n = -31; n < 31; n++) {
        const struct load load = {
            .hz = 50.0, .v = { 230.0 }, .i = { 5.0 }, .i_angle = { -0.1 * n }
        };
        for (unsigned fundamental = 0; fundamental < 2; fundamental++) {
            const struct power_measures m = measure(&load, &V_IDEAL, &I_IDEAL, fundamental == 1);
            assert_near(m.voltage_v, 230.0, 1e-9);
            assert_near(m.current_a, 5.0, 1e-9);
            assert_near(m.active_w, 1150.0 * cos(0.1 * n), 1e-7);
            assert_near(m.reactive1_var, 1150.0 * sin(0.1 * n), 1e-7);
        }
    }
}

/// A sixth of a degree of scan, half a frame, three degrees of transformer: nothing of it remains.
static void takes_back_delay_and_lead(void **state)
{
    (void)state;
    srand(3); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same loads each time.
    double worst_p = 0.0;
    double worst_1 = 0.0;
    for (unsigned n = 0; n < 3000; n++) {
        const struct load load = some_load();
        const struct calibration_correction v = { 0.2, pick(-0.01, 0.01), pick(-50e-6, 0.0) };
        const struct calibration_correction i = { -0.01, pick(-0.06, 0.06), pick(0.0, 50e-6) };
        const struct power_measures truth = truth_of(&load);
        const struct power_measures m = measure(&load, &v, &i, true);
        const double s = truth.voltage_v * truth.current_a;
        worst_p = fmax(worst_p, fabs(m.active_w - truth.active_w) / s);
        worst_1 = fmax(worst_1, fabs(m.active1_w - truth.active1_w) / s);
        worst_1 = fmax(worst_1, fabs(m.reactive1_var - truth.reactive1_var) / s);
    }
    print_message("corrected: P off by %.1e, P1 and Q1 by %.1e of S at worst\n", worst_p, worst_1);
    assert_true(worst_1 <= 1e-12);
    assert_true(worst_p <= 2e-5); // The parabola through the lags, and harmonics up to the 12th.
}

static void keeps_the_identities_of_the_standard(void **state)
{
    (void)state;
    srand(4); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same loads each time.
    double worst = 0.0;
    for (unsigned n = 0; n < 3000; n++) {
        const struct load load = some_load();
        const struct calibration_correction i = { 0.01, pick(-0.06, 0.06), pick(0.0, 50e-6) };
        const struct power_measures m = measure(&load, &V_IDEAL, &i, true);
        const struct power_terms t = power_terms_of(&m);
        const double s2 = t.apparent_va * t.apparent_va;
        const double s1 = t.fundamental_apparent_va * t.fundamental_apparent_va;
        const double sn = t.nonfundamental_va * t.nonfundamental_va;
        const double n2 = t.nonactive_var * t.nonactive_var;
        const double parts = t.current_distortion_var * t.current_distortion_var +
                             t.voltage_distortion_var * t.voltage_distortion_var +
                             t.harmonic_apparent_va * t.harmonic_apparent_va;
        worst = fmax(worst, fabs(m.active_w * m.active_w + n2 - s2) / s2);
        worst = fmax(worst, fabs(s1 + sn - s2) / s2);
        worst = fmax(worst, fabs(parts - sn) / s2);
        worst = fmax(worst,
                     fabs(m.active1_w * m.active1_w + m.reactive1_var * m.reactive1_var - s1) / s2);
    }
    print_message("identities of IEEE 1459 hold within %.1e\n", worst);
    assert_true(worst <= 1e-9);
}

static void turns_a_reversed_sensor_by_the_sign_of_its_scale(void **state)
{
    (void)state;
    const struct channel_means means = { .voltage_square = 4.0,
                                         .current_square = 9.0,
                                         .together = 6.0,
                                         .ahead = 5.9,
                                         .behind = 5.9,
                                         .voltage1 = { 2.0, 0.0 },
                                         .current1 = { 3.0, 0.0 },
                                         .fundamental = true };
    const struct calibration_correction v = { .gain = 10.0 };
    const struct calibration_correction i = { .gain = -1.0 };
    const struct power_measures m = quantities_of_means(&means, &v, &i, RATE, 50.0);
    assert_near(m.voltage_v, 20.0, 1e-12);
    assert_near(m.current_a, 3.0, 1e-12);
    assert_near(m.active_w, -60.0, 1e-12);
    assert_near(m.active1_w, -60.0, 1e-12);
}

static void follows_the_calibration_of_both_inputs(void **state)
{
    (void)state;
    const struct wiring wiring = wiring_of_one_voltage(2, 0.2, 0.01);
    struct calibration calibration;
    calibration_default(&calibration);
    calibration.input[0].gain = 1.1;
    calibration.input[2] = (struct calibration_input){
        .gain = 2.0, .knots = 2, .knot = { { 1.0f, 1.0f, 0.1f, 0.1f }, { 4.0f, 1.5f, 0.3f, 0.3f } }
    };
    const struct quantities_basis basis = { &wiring, &calibration, RATE, 50.0 };
    const struct channel_means means = { .voltage_square = 1e6,
                                         .current_square = 1e4, // 1 A nominal, 2 A by its gain.
                                         .together = 1e5,
                                         .voltage1 = { 1e3, 0.0 },
                                         .current1 = { 1e2, 0.0 },
                                         .fundamental = true };
    const struct power_measures m = quantities_of(&means, &basis, 1);
    assert_near(m.voltage_v, 220.0, 1e-9);
    assert_near(m.current_a, 2.5, 1e-6); // The middle of the curve, over the logarithm.
    assert_near(m.active1_w, 550.0 * cos(0.2), 1e-3);
    assert_near(m.reactive1_var, 550.0 * sin(0.2), 1e-3); // It led: in truth it is later.
    const struct raw_channel raw = quantities_raw(&means, &basis, 1);
    assert_near(raw.voltage_v, 200.0, 1e-9);
    assert_near(raw.voltage1_v, 200.0, 1e-9);
    assert_near(raw.current_a, 1.0, 1e-9);
    assert_near(raw.in_phase_a, 1.0, 1e-9);
    assert_near(raw.quadrature_a, 0.0, 1e-9);
    assert_near(raw.active_w, 200.0, 1e-9);
    assert_near(raw.frequency_hz, 50.0, 0.0);
}

static void guesses_no_power_without_a_reference(void **state)
{
    (void)state;
    struct power_measures m = { 230.0, 5.0, 1000.0, 229.0, 4.9, 990.0, 300.0 };
    quantities_without_reference(&m);
    assert_true(m.voltage_v == 230.0 && m.current_a == 5.0);
    assert_true(m.active_w == 0.0 && m.active1_w == 0.0 && m.reactive1_var == 0.0);
    assert_true(m.voltage1_v == 0.0 && m.current1_a == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_all_four_quadrants),
        cmocka_unit_test(takes_back_delay_and_lead),
        cmocka_unit_test(keeps_the_identities_of_the_standard),
        cmocka_unit_test(turns_a_reversed_sensor_by_the_sign_of_its_scale),
        cmocka_unit_test(follows_the_calibration_of_both_inputs),
        cmocka_unit_test(guesses_no_power_without_a_reference),
    };
    return cmocka_run_group_tests_name("quantities", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantities.h"

static const double TURN = 6.283185307179586;

/// Ten cycles at 50 Hz and 10 kHz of 230 V and 5 A at an angle, with offsets, measured.
static struct quantities measure(double angle, double third_current, double volts_per_code)
{
    enum { RATE = 10000, FRAMES = 2000, BLOCK = 100, CYCLE = 200 };
    const struct wiring wiring = wiring_of_one_voltage(1, volts_per_code, 0.001);
    static struct frame_history history;
    static struct adc_block block;
    struct cycle_sums sums;
    frame_history_init(&history);
    for (unsigned start = 0; start <= FRAMES; start += BLOCK) {
        block.frame_count = BLOCK;
        for (unsigned n = 0; n < BLOCK; n++) {
            const double turn = TURN * 50.0 * (start + n) / RATE;
            const double peak_v = 230.0 * sqrt(2.0) / fabs(volts_per_code);
            const double i = sin(turn - angle) + third_current * sin(3 * turn);
            block.code[0][n] = (int32_t)lround(peak_v * sin(turn)) + 500;
            block.code[1][n] = (int32_t)lround(7071.0678 * i) - 90;
        }
        frame_history_take(&history, 2, &block);
        const struct sums_edge edge = frame_history_edge(&history, &block, 1, 0.0);
        if (start == 0) {
            cycle_sums_begin(&sums, &edge);
            cycle_sums_tune(&sums, CYCLE);
        }
        cycle_sums_add(&sums, &wiring, 2, &block, &history, start == 0 ? 1 : 0,
                       start < FRAMES ? BLOCK : 1);
        sums.end = edge;
    }
    return quantities_of(&sums, &wiring, 0, TURN * 50.0 / RATE, NULL);
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

static void knows_all_four_quadrants(void **state)
{
    (void)state;
    for (int n = -31; n < 31; n++) {
        const double angle = 0.1 * n;
        const struct quantities q = measure(angle, 0.0, 0.01);
        assert_near(q.voltage_v, 230.0, 0.001);
        assert_near(q.current_a, 5.0, 0.0001);
        assert_near(q.active_w, 1150.0 * cos(angle), 0.05);
        assert_near(q.apparent_va, 1150.0, 0.02);
        assert_near(q.power_factor, cos(angle), 0.0001);
        assert_near(q.reactive_var, 1150.0 * sin(angle), 0.05);
    }
}

static void keeps_harmonics_out_of_reactive_power(void **state)
{
    (void)state;
    const struct quantities q = measure(0.5, 0.4, 0.01);
    assert_near(q.active_w, 1150.0 * cos(0.5), 0.05);
    assert_near(q.current_a, 5.0 * sqrt(1.16), 0.0005);
    assert_near(q.reactive_var, 1150.0 * sin(0.5), 0.1);
}

static void turns_a_reversed_sensor_by_the_sign_of_its_scale(void **state)
{
    (void)state;
    const struct quantities q = measure(0.5, 0.0, -0.01);
    assert_near(q.voltage_v, 230.0, 0.001);
    assert_near(q.active_w, -1150.0 * cos(0.5), 0.05);
    assert_true(q.reactive_var < 0.0);
}

static void measures_a_piece_of_a_cycle_against_known_offsets(void **state)
{
    (void)state;
    const struct wiring wiring = wiring_of_one_voltage(1, 1.0, 1.0);
    struct cycle_sums sums;
    const struct sums_edge begin = { .before = { 110, 25 }, .after = { 110, 25 } };
    cycle_sums_begin(&sums, &begin);
    sums.end = begin; // Direct current for 10 frames: 10 V and 5 A over offsets of 100 and 20.
    sums.frames = 10;
    sums.sum[0] = 1100;
    sums.sum[1] = 250;
    sums.square[0] = 10 * 110 * 110;
    sums.square[1] = 10 * 25 * 25;
    sums.cross[0] = 10 * 110 * 25;
    const double offsets[ADC_INPUT_LIMIT] = { 100.0, 20.0 };
    const struct quantities q = quantities_of(&sums, &wiring, 0, 1.0, offsets);
    assert_near(q.voltage_v, 10.0, 1e-9);
    assert_near(q.current_a, 5.0, 1e-9);
    assert_near(q.active_w, 50.0, 1e-9);
}

static void never_claims_more_active_than_apparent_power(void **state)
{
    (void)state;
    struct quantities q = { .voltage_v = 230.0, .current_a = 1.0, .active_w = 230.0000001 };
    quantities_complete(&q);
    assert_true(q.power_factor <= 1.0);
    q = (struct quantities){ .voltage_v = 230.0 };
    quantities_complete(&q);
    assert_true(q.power_factor == 0.0 && q.apparent_va == 0.0);
    q = (struct quantities){ .voltage_v = 3.0, .current_a = 2.0, .active_w = 5.0 };
    quantities_without_reference(&q);
    assert_true(q.active_w == 0.0 && q.current_a == 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_all_four_quadrants),
        cmocka_unit_test(keeps_harmonics_out_of_reactive_power),
        cmocka_unit_test(turns_a_reversed_sensor_by_the_sign_of_its_scale),
        cmocka_unit_test(measures_a_piece_of_a_cycle_against_known_offsets),
        cmocka_unit_test(never_claims_more_active_than_apparent_power),
    };
    return cmocka_run_group_tests_name("quantities", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calibration.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

/// A transformer that leads by 3 degrees below 1 A and by 2 above 16 A.
static struct calibration_input some_transformer(void)
{
    return (struct calibration_input){ .gain = 1.1,
                                       .delay_s = 50e-6,
                                       .knots = 2,
                                       .knot = { { 1.0f, 0.98f, 0.052f, 0.044f },
                                                 { 16.0f, 1.00f, 0.035f, 0.030f } } };
}

static void changes_nothing_by_default(void **state)
{
    (void)state;
    struct calibration calibration;
    memset(&calibration, 0x5a, sizeof calibration);
    calibration_default(&calibration);
    assert_int_equal(calibration_check(&calibration), STATUS_OK);
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        const struct calibration_correction c = calibration_at(&calibration.input[n], 5.0, 50.0);
        assert_true(c.gain == 1.0 && c.lead_rad == 0.0 && c.delay_s == 0.0);
        assert_ptr_equal(calibration_input_of(&calibration, n), &calibration.input[n]);
        assert_memory_equal(calibration_input_of(NULL, n), &calibration.input[n],
                            sizeof calibration.input[n]);
    }
}

static void follows_the_curve_over_the_logarithm(void **state)
{
    (void)state;
    const struct calibration_input input = some_transformer();
    assert_int_equal(calibration_check_input(&input), STATUS_OK);
    const struct calibration_correction middle = calibration_at(&input, 4.0, 50.0);
    assert_near(middle.gain, 1.1 * 0.99, 1e-7);
    assert_near(middle.lead_rad, (0.052 + 0.035) / 2, 1e-7);
    assert_near(middle.delay_s, 50e-6, 0.0);
    assert_near(calibration_at(&input, 2.0, 50.0).gain, 1.1 * 0.985, 1e-7);
    assert_near(calibration_at(&input, 1.0, 50.0).gain, 1.1 * 0.98, 1e-7);
    assert_near(calibration_at(&input, 16.0, 50.0).gain, 1.1, 1e-7);
}

static void holds_the_nearest_knot_beyond_the_curve(void **state)
{
    (void)state;
    const struct calibration_input input = some_transformer();
    const double low[] = { 0.0, 1e-300, 0.999, -5.0, (double)NAN };
    for (unsigned n = 0; n < 5; n++) {
        assert_near(calibration_at(&input, low[n], 50.0).lead_rad, 0.052, 1e-8);
    }
    const double high[] = { 16.001, 1e9, (double)INFINITY };
    for (unsigned n = 0; n < 3; n++) {
        assert_near(calibration_at(&input, high[n], 50.0).lead_rad, 0.035, 1e-8);
    }
}

static void uses_the_measured_frequency(void **state)
{
    (void)state;
    const struct calibration_input input = some_transformer();
    assert_near(calibration_at(&input, 1.0, 60.0).lead_rad, 0.044, 1e-8);
    assert_near(calibration_at(&input, 1.0, 55.0).lead_rad, 0.052 - 0.008 * 30.0 / 55.0, 1e-8);
    assert_near(calibration_at(&input, 1.0, 45.0).lead_rad, 0.052 + 0.008 * 30.0 / 45.0, 1e-8);
    assert_near(calibration_at(&input, 1.0, 65.0).lead_rad, 0.052 - 0.008 * 90.0 / 65.0, 1e-8);
    assert_near(calibration_at(&input, 1.0, 1e9).lead_rad, 0.052 - 0.008 * 240.0 / 90.0, 1e-8);
    assert_near(calibration_at(&input, 1.0, 0.0).lead_rad, 0.052, 1e-8);
    assert_near(calibration_at(&input, 1.0, (double)NAN).lead_rad, 0.052, 1e-8);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct calibration_input bad[17];
    for (unsigned n = 0; n < 17; n++) {
        bad[n] = some_transformer();
    }
    bad[0].gain = 0.0;
    bad[1].gain = (double)NAN;
    bad[2].gain = (double)INFINITY;
    bad[3].gain = 1e-9;
    bad[4].delay_s = 0.0021;
    bad[5].delay_s = (double)NAN;
    bad[6].knots = CALIBRATION_KNOT_LIMIT + 1;
    bad[7].knot[1].magnitude = 1.0f;
    bad[8].knot[0].magnitude = 0.0f;
    bad[9].knot[0].magnitude = -1.0f;
    bad[10].knot[1].magnitude = INFINITY;
    bad[11].knot[0].gain = 0.0f;
    bad[12].knot[1].gain = NAN;
    bad[13].knot[1].lead_50hz_rad = 0.51f;
    bad[14].knot[1].lead_60hz_rad = -0.51f;
    bad[15].knot[0].lead_60hz_rad = NAN;
    bad[16].knot[0].gain = -1.0f;
    for (unsigned n = 0; n < 17; n++) {
        assert_int_equal(calibration_check_input(&bad[n]), STATUS_INVALID);
        struct calibration calibration;
        calibration_default(&calibration);
        calibration.input[n % ADC_INPUT_LIMIT] = bad[n];
        assert_int_equal(calibration_check(&calibration), STATUS_INVALID);
    }
}

static void may_turn_a_reversed_sensor(void **state)
{
    (void)state;
    struct calibration_input input = some_transformer();
    input.gain = -1.0;
    assert_int_equal(calibration_check_input(&input), STATUS_OK);
    assert_near(calibration_at(&input, 16.0, 50.0).gain, -1.0, 1e-7);
}

/// Random bytes: what passes the check gives finite numbers for any magnitude and frequency.
static void is_finite_for_whatever_it_accepts(void **state)
{
    (void)state;
    srand(7); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same inputs each time.
    unsigned accepted = 0;
    for (unsigned n = 0; n < 20000; n++) {
        struct calibration_input input = some_transformer();
        input.knots = CALIBRATION_KNOT_LIMIT;
        float magnitude = 1e-6f;
        for (unsigned k = 0; k < CALIBRATION_KNOT_LIMIT; k++) {
            magnitude = rand() % 4 == 0 ? nextafterf(magnitude, 1e9f) : magnitude * 30.0f;
            input.knot[k] = (struct calibration_knot){ magnitude, 1.0f, 0.1f, 0.2f };
        }
        unsigned char *bytes = (unsigned char *)&input.knot[rand() % CALIBRATION_KNOT_LIMIT];
        bytes[(unsigned)rand() % sizeof input.knot[0]] ^= (unsigned char)(1 << rand() % 8);
        if (calibration_check_input(&input) != STATUS_OK) {
            continue;
        }
        accepted++;
        const double magnitudes[] = { 0.0, (double)magnitude / 3.0, 1e-6, 1e-3, 1e300 };
        for (unsigned k = 0; k < 5; k++) {
            const struct calibration_correction c = calibration_at(&input, magnitudes[k], 45.0 + k);
            assert_true(isfinite(c.gain) && c.gain > 0.0);
            assert_true(isfinite(c.lead_rad) && fabs(c.lead_rad) < 5.0);
        }
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_nothing_by_default),
        cmocka_unit_test(follows_the_curve_over_the_logarithm),
        cmocka_unit_test(holds_the_nearest_knot_beyond_the_curve),
        cmocka_unit_test(uses_the_measured_frequency),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(may_turn_a_reversed_sensor),
        cmocka_unit_test(is_finite_for_whatever_it_accepts),
    };
    return cmocka_run_group_tests_name("calibration", tests, NULL, NULL);
}

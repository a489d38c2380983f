// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "portable_math.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.17g instead of %.17g", value, expected);
    }
}

static void takes_square_roots_to_the_last_digits(void **state)
{
    (void)state;
    double x = 1e-310;
    for (int n = 0; n < 4500; n++) {
        assert_near(portable_sqrt(x) / sqrt(x), 1.0, 3e-16);
        x *= 1.37;
    }
    for (int n = 0; n < 2000; n++) {
        assert_near(portable_sqrt((double)n * (double)n), n, 1e-12);
    }
    assert_near(portable_sqrt(0.0), 0.0, 0.0);
    assert_near(portable_sqrt(-1.0), 0.0, 0.0);
    assert_near(portable_sqrt((double)NAN), 0.0, 0.0);
}

static void takes_sines_and_cosines_of_any_reasonable_angle(void **state)
{
    (void)state;
    for (int n = -27000; n < 27000; n++) {
        const double x = n * 0.0371;
        assert_near(portable_sin(x), sin(x), 5e-14);
        assert_near(portable_cos(x), cos(x), 5e-14);
    }
    for (int n = -3100; n < 3100; n++) {
        const double x = n * 0.0013;
        assert_near(portable_sin(x), sin(x), 4e-16);
        assert_near(portable_cos(x), cos(x), 4e-16);
    }
    assert_near(portable_sin((double)INFINITY), 0.0, 0.0);
}

static void finds_the_angle_of_a_point_in_every_quadrant(void **state)
{
    (void)state;
    for (int n = -1847; n < 1848; n++) {
        const double angle = n * 0.0017;
        assert_near(portable_atan2(3.0 * sin(angle), 3.0 * cos(angle)), angle, 2e-15);
    }
    assert_near(portable_atan2(0.0, 0.0), 0.0, 0.0);
}

static void takes_logarithms_to_base_two(void **state)
{
    (void)state;
    double x = 1e-300;
    for (int n = 0; n < 5000; n++) {
        assert_near(portable_log2(x), log2(x), 1e-15 + fabs(log2(x)) * 3e-16);
        x *= 1.31;
    }
    assert_near(portable_log2(8.0), 3.0, 0.0);
    assert_near(portable_log2(0.0), -1100.0, 0.0);
}

static void rounds_halves_away_from_zero_and_saturates(void **state)
{
    (void)state;
    assert_int_equal(portable_round(2.5), 3);
    assert_int_equal(portable_round(-2.5), -3);
    assert_int_equal(portable_round(2.4999), 2);
    assert_int_equal(portable_round(-0.49), 0);
    assert_true(portable_round(1e300) == INT64_MAX);
    assert_true(portable_round(-1e300) == INT64_MIN);
    assert_int_equal(portable_round((double)NAN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_square_roots_to_the_last_digits),
        cmocka_unit_test(takes_sines_and_cosines_of_any_reasonable_angle),
        cmocka_unit_test(finds_the_angle_of_a_point_in_every_quadrant),
        cmocka_unit_test(takes_logarithms_to_base_two),
        cmocka_unit_test(rounds_halves_away_from_zero_and_saturates),
    };
    return cmocka_run_group_tests_name("portable_math", tests, NULL, NULL);
}

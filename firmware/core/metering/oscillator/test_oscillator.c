// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oscillator.h"

static const double TURN = 6.283185307179586;

static void follows_sine_and_cosine_within_one_step(void **state)
{
    (void)state;
    for (uint64_t phase = 0; phase < 4294967296u; phase += 99991u) {
        const double angle = TURN * (double)phase / 4294967296.0;
        assert_true(fabs(oscillator_sine((uint32_t)phase) - OSCILLATOR_PEAK * sin(angle)) < 1.0);
        assert_true(fabs(oscillator_cosine((uint32_t)phase) - OSCILLATOR_PEAK * cos(angle)) < 1.0);
    }
    assert_int_equal(oscillator_cosine(0), OSCILLATOR_PEAK);
    assert_int_equal(oscillator_cosine(1u << 31), -OSCILLATOR_PEAK);
    assert_int_equal(oscillator_sine(0), 0);
}

static void runs_on_where_it_was_left(void **state)
{
    (void)state;
    int16_t cosine[100];
    int16_t sine[100];
    const uint32_t step = oscillator_step(200.0);
    uint32_t phase = oscillator_run(4000000000u, step, 37, cosine, sine);
    phase = oscillator_run(phase, step, 63, cosine + 37, sine + 37);
    for (uint32_t n = 0; n < 100; n++) {
        assert_int_equal(cosine[n], oscillator_cosine(4000000000u + n * step));
        assert_int_equal(sine[n], oscillator_sine(4000000000u + n * step));
    }
    assert_int_equal(phase, 4000000000u + 100u * step);
}

static void stands_still_for_a_period_that_makes_no_sense(void **state)
{
    (void)state;
    assert_int_equal(oscillator_step(0.0), 0);
    assert_int_equal(oscillator_step(-5.0), 0);
    assert_int_equal(oscillator_step(1e300), 0);
    assert_int_equal(oscillator_step((double)NAN), 0);
    assert_int_equal(oscillator_step(4.0), 1u << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_sine_and_cosine_within_one_step),
        cmocka_unit_test(runs_on_where_it_was_left),
        cmocka_unit_test(stands_still_for_a_period_that_makes_no_sense),
    };
    return cmocka_run_group_tests_name("oscillator", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "resampler.h"
#include "resampler_table.h"

enum { COUNT = 2240 };

static const double TURN = 6.283185307179586;
static const int64_t ONE = (int64_t)1 << 32;

static int32_t samples[COUNT];
static int32_t out[RESAMPLER_COUNT];

static int64_t to_q32(double frames)
{
    return (int64_t)(frames * 4294967296.0);
}

/// The amplitude of line `k` of the window.
static double line_in(const int32_t *signal, unsigned k)
{
    double re = 0.0;
    double im = 0.0;
    for (unsigned n = 0; n < RESAMPLER_COUNT; n++) {
        const double a = TURN * ((k * n) % RESAMPLER_COUNT) / RESAMPLER_COUNT;
        re += signal[n] * cos(a);
        im -= signal[n] * sin(a);
    }
    return 2.0 * hypot(re, im) / RESAMPLER_COUNT;
}

/// The weight of a sample for a place between the phases.
static double weight(unsigned point, double at)
{
    const unsigned phase = (unsigned)(at * RESAMPLER_PHASES);
    const double along = at * RESAMPLER_PHASES - phase;
    const double low = RESAMPLER_WEIGHT[phase][point];
    return (low + along * (RESAMPLER_WEIGHT[phase + 1][point] - low)) / 2147483648.0;
}

static void has_weights_that_join_and_add_up(void **state)
{
    (void)state;
    for (unsigned phase = 0; phase <= RESAMPLER_PHASES; phase++) {
        int64_t sum = 0;
        for (unsigned point = 0; point < RESAMPLER_POINTS; point++) {
            const int32_t mirrored =
                RESAMPLER_WEIGHT[RESAMPLER_PHASES - phase][RESAMPLER_POINTS - 1 - point];
            sum += RESAMPLER_WEIGHT[phase][point];
            assert_true(abs(RESAMPLER_WEIGHT[phase][point] - mirrored) <= 8);
        }
        assert_true(sum == 2147483648);
    }
    for (unsigned point = 1; point < RESAMPLER_POINTS; point++) {
        assert_int_equal(RESAMPLER_WEIGHT[RESAMPLER_PHASES][point], RESAMPLER_WEIGHT[0][point - 1]);
    }
}

/// How much of a frequency comes through, from the integral over all places.
static double interpolation_response(double frequency)
{
    enum { FINE = 1024 };
    double sum = 0.0;
    for (unsigned n = 0; n < FINE; n++) {
        const double at = (n + 0.5) / FINE;
        for (unsigned point = 0; point < RESAMPLER_POINTS; point++) {
            const double distance = at + RESAMPLER_BEFORE - point;
            sum += weight(point, at) * cos(TURN * frequency * distance) / FINE;
        }
    }
    return sum;
}

static double response(double frequency, unsigned decimation)
{
    const double x = TURN / 2.0 * frequency;
    const double box = x > 0.0 ? sin(x) / (decimation * sin(x / decimation)) : 1.0;
    return interpolation_response(frequency) * box;
}

/// Images lie around multiples of the rate. Once more samples are taken, they fold back anywhere.
static void lets_next_to_nothing_of_the_images_through(void **state)
{
    (void)state;
    double worst_low = 0.0;
    double worst_high = 0.0;
    double worst_near = 0.0;
    for (unsigned n = 0; n < 50; n++) {
        const double frequency = 0.004 + 0.0095 * n;
        const double passed = interpolation_response(frequency);
        const double near = fabs(interpolation_response(1.0 - frequency) / passed);
        double far = 0.0;
        for (unsigned rate = 1; rate <= 3; rate++) {
            far = fmax(far, fabs(interpolation_response(rate + frequency) / passed));
            far = fmax(far,
                       rate == 1 ? 0.0 : fabs(interpolation_response(rate - frequency) / passed));
        }
        if (frequency < 0.03) {
            worst_low = fmax(worst_low, fmax(far, near));
        }
        worst_near = frequency < 0.3 ? fmax(worst_near, near) : worst_near;
        worst_high = fmax(worst_high, far);
    }
    print_message("images: of lines below 0.03 of the rate %.5f %%, below 0.3 %.4f %%; those from "
                  "beyond the rate %.4f %%\n",
                  100.0 * worst_low, 100.0 * worst_near, 100.0 * worst_high);
    assert_true(worst_low < 0.00002);
    assert_true(worst_near < 0.0025);
    assert_true(worst_high < 0.0005);
}

static void gives_back_what_interpolation_and_box_take(void **state)
{
    (void)state;
    for (unsigned decimation = 1; decimation <= RESAMPLER_DECIMATION_LIMIT; decimation++) {
        double worst = 0.0;
        for (unsigned n = 0; n < 362; n++) {
            const double frequency = 0.0013 * n;
            const double gain = (double)resampler_gain((float)frequency, decimation);
            worst = fmax(worst, fabs(gain * response(frequency, decimation) - 1.0));
        }
        print_message("gain for sums of %u frames: off by %.4f %% at worst\n", decimation,
                      100.0 * worst);
        assert_true(worst < 0.0005);
    }
    for (unsigned n = 0; n < 361; n++) {
        const double frequency = 0.001 + 0.0013 * n;
        const double x = TURN / 2.0 * frequency;
        const double gain = (double)resampler_converter_gain((float)frequency);
        assert_true(fabs(gain * sin(x) / x - 1.0) < 0.0001);
    }
}

static void gives_nothing_for_what_is_no_frequency(void **state)
{
    (void)state;
    static const float none[] = { -0.1F, 0.47F, 1e30F, NAN, INFINITY };
    for (unsigned n = 0; n < sizeof none / sizeof none[0]; n++) {
        assert_true(resampler_gain(none[n], 1) <= 0.0F);
        assert_true(resampler_converter_gain(none[n]) <= 0.0F);
    }
    assert_true(resampler_gain(0.1F, 0) <= 0.0F);
    assert_true(resampler_gain(0.1F, RESAMPLER_DECIMATION_LIMIT + 1) <= 0.0F);
}

/// Lines of ten cycles and their multiples, with ends anywhere between the samples.
static void keeps_every_line_of_a_window_with_fractional_ends(void **state)
{
    (void)state;
    double worst_low = 0.0;
    double worst_high = 0.0;
    for (unsigned run = 0; run < 24; run++) {
        const double start = RESAMPLER_BEFORE + 0.137 * run;
        const double length = 1350.0 + 37.7 * run;
        const unsigned k = 10 * (50 - (run * 17) % 50);
        const double frequency = k / length;
        for (unsigned n = 0; n < COUNT; n++) {
            samples[n] = (int32_t)lround(4e6 * cos(TURN * frequency * (n - start) + 0.3)) + 5000000;
        }
        const struct resampler_window window = { samples, COUNT, to_q32(start),
                                                 to_q32(start + length) };
        double scale;
        assert_int_equal(resampler_run(&window, out, &scale), STATUS_OK);
        const double line = line_in(out, k) / scale * (double)resampler_gain((float)frequency, 1);
        const double off = fabs(line / 4e6 - 1.0);
        *(frequency < 0.25 ? &worst_low : &worst_high) =
            fmax(frequency < 0.25 ? worst_low : worst_high, off);
    }
    print_message("lines up to 0.25 of the rate: off by %.5f %%, above: %.5f %%\n",
                  100.0 * worst_low, 100.0 * worst_high);
    assert_true(worst_low < 0.0002);
    assert_true(worst_high < 0.0002);
}

static void uses_the_range_for_large_and_small_signals(void **state)
{
    (void)state;
    static const int32_t sizes[] = { 1, 3, 2047, 1 << 23, 1 << 30, INT32_MAX };
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        for (unsigned k = 0; k < COUNT; k++) {
            samples[k] = (k / 16) % 2 == 0 ? sizes[n] : -sizes[n];
        }
        const struct resampler_window window = { samples, COUNT, 4 * ONE, (4 + 2048) * ONE };
        double scale;
        assert_int_equal(resampler_run(&window, out, &scale), STATUS_OK);
        int32_t peak = 0;
        for (unsigned k = 0; k < RESAMPLER_COUNT; k++) {
            peak = abs(out[k]) > peak ? abs(out[k]) : peak;
        }
        assert_true(peak >= 1 << 26 && peak < 1 << 29);
        assert_true(fabs(out[7] / scale / sizes[n] - 1.0) < 0.001); // The middle of a flat part.
    }
}

static void gives_silence_for_a_constant(void **state)
{
    (void)state;
    static const int32_t levels[] = { 0, 1, -7, 2048, INT32_MAX, INT32_MIN };
    for (unsigned n = 0; n < sizeof levels / sizeof levels[0]; n++) {
        for (unsigned k = 0; k < COUNT; k++) {
            samples[k] = levels[n];
        }
        const struct resampler_window window = { samples, COUNT, 4 * ONE, 2000 * ONE + 7 };
        double scale;
        assert_int_equal(resampler_run(&window, out, &scale), STATUS_OK);
        for (unsigned k = 0; k < RESAMPLER_COUNT; k++) {
            assert_int_equal(out[k], 0);
        }
    }
}

static void survives_the_wildest_samples(void **state)
{
    (void)state;
    for (unsigned k = 0; k < COUNT; k++) {
        samples[k] = k % 3 == 0 ? INT32_MIN : INT32_MAX;
    }
    const struct resampler_window window = { samples, COUNT, 3 * ONE, (COUNT - 4) * ONE };
    double scale;
    assert_int_equal(resampler_run(&window, out, &scale), STATUS_OK);
    for (unsigned k = 0; k < RESAMPLER_COUNT; k++) {
        assert_true(abs(out[k]) < 1 << 29);
    }
}

static void refuses_a_window_that_its_samples_do_not_cover(void **state)
{
    (void)state;
    memset(samples, 0, sizeof samples);
    const struct resampler_window bad[] = {
        { samples, COUNT, 3 * ONE - 1, 1000 * ONE },
        { samples, COUNT, 3 * ONE, (COUNT - 4) * ONE + 1 },
        { samples, COUNT, 100 * ONE, 100 * ONE },
        { samples, COUNT, 100 * ONE, 99 * ONE },
        { samples, COUNT, INT64_MIN, INT64_MAX },
        { samples, 7, 3 * ONE, 3 * ONE },
        { samples, 0, 0, 0 },
        { samples, UINT32_MAX, 3 * ONE, 1000 * ONE },
    };
    double scale;
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_int_equal(resampler_run(&bad[n], out, &scale), STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_weights_that_join_and_add_up),
        cmocka_unit_test(lets_next_to_nothing_of_the_images_through),
        cmocka_unit_test(gives_back_what_interpolation_and_box_take),
        cmocka_unit_test(gives_nothing_for_what_is_no_frequency),
        cmocka_unit_test(keeps_every_line_of_a_window_with_fractional_ends),
        cmocka_unit_test(uses_the_range_for_large_and_small_signals),
        cmocka_unit_test(gives_silence_for_a_constant),
        cmocka_unit_test(survives_the_wildest_samples),
        cmocka_unit_test(refuses_a_window_that_its_samples_do_not_cover),
    };
    return cmocka_run_group_tests_name("resampler", tests, NULL, NULL);
}

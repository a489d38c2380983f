// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harmonics.h"
#include "resampler.h"

static int32_t bins[RFFT_POINTS];

static int clear(void **state)
{
    (void)state;
    memset(bins, 0, sizeof bins);
    return 0;
}

static void put(unsigned bin, int32_t re, int32_t im)
{
    bins[2 * bin] = re;
    bins[2 * bin + 1] = im;
}

/// Every bin has a power of its own, so a sum tells which bins are in it.
static void fill(unsigned first, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        put(first + n, n % 2 == 0 ? 1 << n : 0, n % 2 == 0 ? 0 : 1 << n);
    }
}

static uint64_t powers(unsigned first, unsigned last)
{
    uint64_t sum = 0;
    for (unsigned n = first; n <= last; n++) {
        sum += 1ull << (2 * n);
    }
    return sum;
}

static void takes_three_bins_for_a_subgroup(void **state)
{
    (void)state;
    fill(30 - 8, 17);
    assert_true(harmonics_subgroup(bins, 10, 3) == powers(7, 9));
    clear(state);
    fill(36 - 8, 17);
    assert_true(harmonics_subgroup(bins, 12, 3) == powers(7, 9));
}

static void takes_half_of_the_outer_bins_for_a_group(void **state)
{
    (void)state;
    fill(30 - 8, 17);
    assert_true(harmonics_group(bins, 10, 3) ==
                powers(4, 12) + (powers(3, 3) + powers(13, 13)) / 2);
    clear(state);
    fill(36 - 8, 17);
    assert_true(harmonics_group(bins, 12, 3) ==
                powers(3, 13) + (powers(2, 2) + powers(14, 14)) / 2);
}

static void takes_what_is_left_for_the_interharmonics(void **state)
{
    (void)state;
    fill(30, 12);
    assert_true(harmonics_between(bins, 10, 3) == powers(2, 8));
    clear(state);
    fill(36, 14);
    assert_true(harmonics_between(bins, 12, 3) == powers(2, 10));
    clear(state);
    fill(0, 12);
    assert_true(harmonics_between(bins, 10, 0) == powers(2, 8));
}

static void counts_every_bin_once_in_subgroups_and_what_lies_between(void **state)
{
    (void)state;
    for (uint32_t cycles = 10; cycles <= 12; cycles += 2) {
        const uint32_t last = cycles * (HARMONICS_COUNT + 1) - 2;
        uint64_t all = 0;
        for (uint32_t bin = 0; bin < RFFT_BINS; bin++) {
            put(bin, (int32_t)(bin * 7919u % 100003u), (int32_t)(bin * 104729u % 100019u));
            const int64_t re = bins[2 * bin];
            const int64_t im = bins[2 * bin + 1];
            all += bin >= 2 && bin <= last ? (uint64_t)(re * re + im * im) : 0;
        }
        uint64_t sum = harmonics_between(bins, cycles, 0);
        for (uint32_t order = 1; order <= HARMONICS_COUNT; order++) {
            sum += harmonics_subgroup(bins, cycles, order) + harmonics_between(bins, cycles, order);
        }
        assert_true(sum == all);
    }
}

static void has_single_lines_for_windows_of_few_cycles(void **state)
{
    (void)state;
    fill(0, 12);
    assert_true(harmonics_subgroup(bins, 2, 3) == powers(6, 6));
    assert_true(harmonics_group(bins, 2, 3) == powers(6, 6));
    assert_true(harmonics_between(bins, 2, 3) == 0);
}

static void has_nothing_where_there_is_no_order(void **state)
{
    (void)state;
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        bins[n] = INT32_MIN;
    }
    static const uint32_t wrong[][2] = { { 10, 0 },
                                         { 10, 51 },
                                         { 0, 1 },
                                         { 17, 1 },
                                         { UINT32_MAX, 40 },
                                         { 10, UINT32_MAX },
                                         { 1u << 31, 1u << 31 } };
    for (unsigned n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        assert_true(harmonics_subgroup(bins, wrong[n][0], wrong[n][1]) == 0);
        assert_true(harmonics_group(bins, wrong[n][0], wrong[n][1]) == 0);
        if (wrong[n][1] != 0) {
            assert_true(harmonics_between(bins, wrong[n][0], wrong[n][1]) == 0);
        }
    }
}

static void gives_back_droop_and_scale(void **state)
{
    (void)state;
    const struct harmonics_sampling sampling = { .frequency = 0.008F, .decimation = 1 };
    double gain[HARMONICS_COUNT];
    double square[HARMONICS_COUNT];
    harmonics_squared_gains(&sampling, gain);
    const double at_1 = (double)resampler_gain(0.008F, 1);
    assert_true(fabs(gain[0] / (at_1 * at_1) - 1.0) < 1e-6);
    const double at_40 = (double)resampler_gain(0.32F, 1);
    assert_true(fabs(gain[39] / (at_40 * at_40) - 1.0) < 1e-5);
    put(10, 1000, 0);
    put(400, 0, -300);
    harmonics_mean_squares(bins, 10, 4.0, gain, square);
    assert_true(fabs(square[0] / (250.0 * 250.0 / 2.0 * at_1 * at_1) - 1.0) < 1e-6);
    assert_true(fabs(square[39] / (75.0 * 75.0 / 2.0 * at_40 * at_40) - 1.0) < 1e-5);
    assert_true(fabs(harmonics_distortion(square) - square[39]) < 1e-9);
}

static void counts_the_converters_own_averages(void **state)
{
    (void)state;
    const double pi = 3.141592653589793;
    const struct harmonics_sampling plain = { .frequency = 0.01F, .decimation = 2 };
    const struct harmonics_sampling sinc3 = { 0.01F, 2, 3 };
    double gain[HARMONICS_COUNT];
    double more[HARMONICS_COUNT];
    harmonics_squared_gains(&plain, gain);
    harmonics_squared_gains(&sinc3, more);
    for (unsigned order = 1; order <= 46; order++) {
        const double x = pi * 0.01 * order / 2.0; // Two frames in a sample.
        assert_true(fabs(more[order - 1] / gain[order - 1] * pow(sin(x) / x, 6.0) - 1.0) < 5e-4);
    }
}

static void says_nothing_of_orders_near_half_the_rate(void **state)
{
    (void)state;
    const struct harmonics_sampling slow = { .frequency = 0.012F, .decimation = 1 };
    double gain[HARMONICS_COUNT];
    harmonics_squared_gains(&slow, gain);
    assert_true(gain[38] > 1.0);
    assert_true(gain[39] <= 0.0);
    const struct harmonics_sampling none = { .frequency = NAN, .decimation = 99 };
    harmonics_squared_gains(&none, gain);
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        assert_true(gain[n] >= 0.0 && gain[n] <= 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_three_bins_for_a_subgroup, clear),
        cmocka_unit_test_setup(takes_half_of_the_outer_bins_for_a_group, clear),
        cmocka_unit_test_setup(takes_what_is_left_for_the_interharmonics, clear),
        cmocka_unit_test_setup(counts_every_bin_once_in_subgroups_and_what_lies_between, clear),
        cmocka_unit_test_setup(has_single_lines_for_windows_of_few_cycles, clear),
        cmocka_unit_test_setup(has_nothing_where_there_is_no_order, clear),
        cmocka_unit_test_setup(gives_back_droop_and_scale, clear),
        cmocka_unit_test_setup(counts_the_converters_own_averages, clear),
        cmocka_unit_test_setup(says_nothing_of_orders_near_half_the_rate, clear),
    };
    return cmocka_run_group_tests_name("harmonics", tests, NULL, NULL);
}

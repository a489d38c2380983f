// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <kiss_fftr.h>

#include "rfft.h"
#include "rfft_table.h"

static const double TURN = 6.283185307179586;

static double sine[RFFT_POINTS]; // One turn, for the naive transform.
static int32_t samples[RFFT_POINTS];
static int32_t bins[RFFT_POINTS];
static uint64_t dice;

static int start(void **state)
{
    (void)state;
    dice = 1;
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        sine[n] = sin(TURN * n / RFFT_POINTS);
    }
    return 0;
}

static int32_t throw_dice(int32_t limit)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (int32_t)((int64_t)(dice >> 32) * (2 * (int64_t)limit + 1) >> 32) - limit;
}

static void transform(void)
{
    memcpy(bins, samples, sizeof bins);
    rfft(bins);
}

/// Bin `k` from its definition, scaled as the header says.
static void naive(unsigned k, double *re, double *im)
{
    double sum_re = 0.0;
    double sum_im = 0.0;
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        const unsigned turn = (k * n) % RFFT_POINTS;
        sum_re += samples[n] * sine[(turn + RFFT_POINTS / 4) % RFFT_POINTS];
        sum_im -= samples[n] * sine[turn];
    }
    *re = sum_re / (RFFT_POINTS / 2.0);
    *im = sum_im / (RFFT_POINTS / 2.0);
}

static double worst_against_naive(void)
{
    double worst = 0.0;
    for (unsigned k = 1; k < RFFT_BINS; k++) {
        double re;
        double im;
        naive(k, &re, &im);
        worst = fmax(worst, hypot(bins[2 * k] - re, bins[2 * k + 1] - im));
    }
    double mean;
    double alternating;
    double none;
    naive(0, &mean, &none);
    naive(RFFT_BINS, &alternating, &none);
    worst = fmax(worst, fabs(bins[0] - mean));
    return fmax(worst, fabs(bins[1] - alternating));
}

static void has_a_sine_in_its_table(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= RFFT_QUARTER; n++) {
        const double exact = sin(TURN / 4.0 * n / RFFT_QUARTER) * 2147483648.0;
        assert_true(fabs(RFFT_SINE[n] - exact) <= (n == RFFT_QUARTER ? 1.0 : 0.5001));
    }
}

static void agrees_with_the_definition_on_noise_at_full_scale(void **state)
{
    (void)state;
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        samples[n] = throw_dice(RFFT_LIMIT);
    }
    transform();
    const double worst = worst_against_naive();
    print_message(
        "full-scale noise against the definition: off by %.1f of 2^29 at worst, %.0f dB\n", worst,
        20.0 * log10(worst / RFFT_LIMIT));
    assert_true(worst < 10.0);
}

static void finds_a_line_of_a_millionth_beside_one_of_full_scale(void **state)
{
    (void)state;
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        const double a = TURN * n / RFFT_POINTS;
        samples[n] = (int32_t)lround((RFFT_LIMIT - 1000) * cos(10.0 * a + 0.4) +
                                     500.0 * cos(500.0 * a - 1.1));
    }
    transform();
    assert_true(fabs(bins[20] - (RFFT_LIMIT - 1000) * cos(0.4)) < 4.0);
    assert_true(fabs(bins[21] - (RFFT_LIMIT - 1000) * sin(0.4)) < 4.0);
    assert_true(fabs(bins[1000] - 500.0 * cos(-1.1)) < 4.0);
    assert_true(fabs(bins[1001] - 500.0 * sin(-1.1)) < 4.0);
    const double worst = worst_against_naive();
    print_message("two lines against the definition: off by %.1f of 2^29 at worst\n", worst);
    assert_true(worst < 10.0);
}

/// Corners of the range, where an addition would overflow first: the sanitizer watches.
static void stays_in_range_whatever_the_samples_are(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 12; pattern++) {
        for (unsigned n = 0; n < RFFT_POINTS; n++) {
            const bool up = pattern == 0 || (pattern < 11 && ((n >> (pattern - 1u)) & 1u) != 0) ||
                            (pattern == 11 && throw_dice(1) > 0);
            samples[n] = up ? RFFT_LIMIT : -RFFT_LIMIT;
        }
        transform();
        assert_true(worst_against_naive() < 10.0);
    }
}

static void agrees_with_kissfft(void **state)
{
    (void)state;
    static kiss_fft_scalar in[RFFT_POINTS];
    static kiss_fft_cpx out[RFFT_BINS + 1];
    for (unsigned n = 0; n < RFFT_POINTS; n++) {
        samples[n] = throw_dice(RFFT_LIMIT);
        in[n] = (float)samples[n] / (float)RFFT_BINS;
    }
    kiss_fftr_cfg kiss = kiss_fftr_alloc(RFFT_POINTS, 0, NULL, NULL);
    assert_non_null(kiss);
    kiss_fftr(kiss, in, out);
    kiss_fftr_free(kiss);
    transform();
    double worst = 0.0;
    double theirs = 0.0;
    for (unsigned k = 1; k < RFFT_BINS; k++) {
        double re;
        double im;
        naive(k, &re, &im);
        const double kiss_re = (double)out[k].r;
        const double kiss_im = (double)out[k].i;
        worst = fmax(worst, hypot(bins[2 * k] - kiss_re, bins[2 * k + 1] - kiss_im));
        theirs = fmax(theirs, hypot(kiss_re - re, kiss_im - im));
    }
    print_message("against kissfft (float): %.1f of 2^29; kissfft against the definition: %.1f\n",
                  worst, theirs);
    assert_true(worst < 64.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_a_sine_in_its_table, start),
        cmocka_unit_test_setup(agrees_with_the_definition_on_noise_at_full_scale, start),
        cmocka_unit_test_setup(finds_a_line_of_a_millionth_beside_one_of_full_scale, start),
        cmocka_unit_test_setup(stays_in_range_whatever_the_samples_are, start),
        cmocka_unit_test_setup(agrees_with_kissfft, start),
    };
    return cmocka_run_group_tests_name("rfft", tests, NULL, NULL);
}

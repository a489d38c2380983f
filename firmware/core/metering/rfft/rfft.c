// SPDX-License-Identifier: MIT
#include "rfft.h"

#include <stddef.h>

#include "rfft_table.h"

enum { COMPLEX_POINTS = RFFT_POINTS / 2 };

/// exp(-j angle): `re` is the cosine, `im` the sine, in units of 2^-31.
struct twiddle {
    int32_t re;
    int32_t im;
};

/// Half of a * b, where b is in units of 2^-31. One instruction where there is a multiplication
/// that gives the upper word.
static inline int32_t half_product(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}

/// For `step` of 2048 steps of a turn, 0 to 1535.
static struct twiddle twiddle_at(unsigned step)
{
    if (step <= RFFT_QUARTER) {
        return (struct twiddle){ RFFT_SINE[RFFT_QUARTER - step], RFFT_SINE[step] };
    }
    if (step <= 2 * RFFT_QUARTER) {
        const unsigned back = 2 * RFFT_QUARTER - step;
        return (struct twiddle){ -RFFT_SINE[RFFT_QUARTER - back], RFFT_SINE[back] };
    }
    const unsigned beyond = step - 2 * RFFT_QUARTER;
    return (struct twiddle){ -RFFT_SINE[RFFT_QUARTER - beyond], -RFFT_SINE[beyond] };
}

/// The sums of a radix-4 butterfly over elements `distance` apart, at half their size.
struct butterfly {
    int32_t re[4];
    int32_t im[4];
};

static inline struct butterfly butterfly_at(const int32_t *z, unsigned distance)
{
    const int32_t *a = z;
    const int32_t *b = z + 2 * distance;
    const int32_t *c = z + 4 * distance;
    const int32_t *d = z + 6 * distance;
    const int32_t even_re = (a[0] >> 1) + (c[0] >> 1);
    const int32_t even_im = (a[1] >> 1) + (c[1] >> 1);
    const int32_t even_less_re = (a[0] >> 1) - (c[0] >> 1);
    const int32_t even_less_im = (a[1] >> 1) - (c[1] >> 1);
    const int32_t odd_re = (b[0] >> 1) + (d[0] >> 1);
    const int32_t odd_im = (b[1] >> 1) + (d[1] >> 1);
    const int32_t odd_less_re = (b[0] >> 1) - (d[0] >> 1);
    const int32_t odd_less_im = (b[1] >> 1) - (d[1] >> 1);
    return (struct butterfly){
        .re = { even_re + odd_re, even_less_re + odd_less_im, even_re - odd_re,
                even_less_re - odd_less_im },
        .im = { even_im + odd_im, even_less_im - odd_less_re, even_im - odd_im,
                even_less_im + odd_less_re },
    };
}

/// The first butterfly of each block needs no multiplication.
static void stage_untwisted(int32_t *z, unsigned distance)
{
    for (unsigned block = 0; block < COMPLEX_POINTS; block += 4 * distance) {
        int32_t *at = z + 2 * (size_t)block;
        const struct butterfly sums = butterfly_at(at, distance);
        for (unsigned k = 0; k < 4; k++) {
            at[2 * k * distance] = sums.re[k] >> 1;
            at[2 * k * distance + 1] = sums.im[k] >> 1;
        }
    }
}

static void stage_twisted(int32_t *z, unsigned distance, unsigned offset)
{
    const unsigned step = offset * (RFFT_POINTS / (4 * distance));
    const struct twiddle w[4] = {
        { 0, 0 }, twiddle_at(step), twiddle_at(2 * step), twiddle_at(3 * step)
    };
    for (unsigned block = offset; block < COMPLEX_POINTS; block += 4 * distance) {
        int32_t *at = z + 2 * (size_t)block;
        const struct butterfly sums = butterfly_at(at, distance);
        at[0] = sums.re[0] >> 1;
        at[1] = sums.im[0] >> 1;
        for (unsigned k = 1; k < 4; k++) {
            at[2 * k * distance] =
                half_product(sums.re[k], w[k].re) + half_product(sums.im[k], w[k].im);
            at[2 * k * distance + 1] =
                half_product(sums.im[k], w[k].re) - half_product(sums.re[k], w[k].im);
        }
    }
}

/// The stages leave the elements in the order of their base-4 digits read backwards.
static void put_in_order(int32_t *z)
{
    unsigned mirrored = 0;
    for (unsigned n = 0; n < COMPLEX_POINTS; n++) {
        if (n < mirrored) {
            const int32_t re = z[2 * n];
            const int32_t im = z[2 * n + 1];
            z[2 * n] = z[2 * mirrored];
            z[2 * n + 1] = z[2 * mirrored + 1];
            z[2 * mirrored] = re;
            z[2 * mirrored + 1] = im;
        }
        unsigned digit = COMPLEX_POINTS / 4;
        while (digit > 0 && mirrored >= 3 * digit) {
            mirrored -= 3 * digit;
            digit /= 4;
        }
        mirrored += digit;
    }
}

/// Takes the spectra of even and odd samples apart, which went through the transform as one
/// complex signal, and joins them to the spectrum of all.
static void split(int32_t *z)
{
    const int32_t mean = z[0];
    const int32_t alternating = z[1];
    z[0] = mean + alternating;
    z[1] = mean - alternating;
    for (unsigned k = 1; k <= COMPLEX_POINTS / 2; k++) {
        int32_t *low = z + 2 * (size_t)k;
        int32_t *high = z + 2 * (size_t)(COMPLEX_POINTS - k);
        const struct twiddle w = twiddle_at(k);
        const int32_t even_re = (low[0] >> 1) + (high[0] >> 1);
        const int32_t even_im = (low[1] >> 1) - (high[1] >> 1);
        const int32_t sum_im = low[1] + high[1];
        const int32_t less_re = low[0] - high[0];
        const int32_t odd_re = half_product(sum_im, w.re) - half_product(less_re, w.im);
        const int32_t odd_im = -half_product(less_re, w.re) - half_product(sum_im, w.im);
        low[0] = even_re + odd_re;
        low[1] = even_im + odd_im;
        high[0] = even_re - odd_re;
        high[1] = odd_im - even_im;
    }
}

void rfft(int32_t data[RFFT_POINTS])
{
    for (unsigned distance = COMPLEX_POINTS / 4; distance > 0; distance /= 4) {
        stage_untwisted(data, distance);
        for (unsigned offset = 1; offset < distance; offset++) {
            stage_twisted(data, distance, offset);
        }
    }
    put_in_order(data);
    split(data);
}

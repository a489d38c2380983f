// SPDX-License-Identifier: MIT
#include "harmonics.h"

#include "resampler.h"

enum { CONVERTER_SINC_LIMIT = 8 };

static uint64_t square_of(const int32_t *bins, uint32_t bin)
{
    const int64_t re = bins[2 * bin];
    const int64_t im = bins[2 * bin + 1];
    return (uint64_t)(re * re) + (uint64_t)(im * im);
}

/// Sum over the bins `first` to `last`; those from RFFT_BINS on count as nothing.
static uint64_t sum_of(const int32_t *bins, uint32_t first, uint32_t last)
{
    uint64_t sum = 0;
    for (uint32_t bin = first; bin <= last && bin < RFFT_BINS; bin++) {
        sum += square_of(bins, bin);
    }
    return sum;
}

static uint32_t bin_of(uint32_t cycles, uint32_t order)
{
    if (cycles < 1 || cycles > HARMONICS_CYCLES_LIMIT || order < 1 || order > HARMONICS_COUNT) {
        return 0;
    }
    return cycles * order;
}

uint64_t harmonics_subgroup(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order)
{
    const uint32_t centre = bin_of(cycles, order);
    if (centre == 0 || centre >= RFFT_BINS) {
        return 0;
    }
    const uint32_t reach = cycles < HARMONICS_GROUPED_CYCLES ? 0 : 1;
    return sum_of(bins, centre - reach, centre + reach);
}

uint64_t harmonics_group(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order)
{
    const uint32_t centre = bin_of(cycles, order);
    if (centre == 0 || centre >= RFFT_BINS) {
        return 0;
    }
    if (cycles < HARMONICS_GROUPED_CYCLES) {
        return square_of(bins, centre);
    }
    // An odd number of cycles has no bin in the middle between two harmonics.
    const uint32_t reach = (cycles - 1) / 2;
    const uint64_t inner = sum_of(bins, centre - reach, centre + reach);
    if (cycles % 2 != 0) {
        return inner;
    }
    const uint32_t below = centre - reach - 1;
    const uint32_t above = centre + reach + 1;
    return inner + (sum_of(bins, below, below) + sum_of(bins, above, above)) / 2;
}

uint64_t harmonics_between(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order)
{
    const uint32_t centre = order == 0 ? 0 : bin_of(cycles, order);
    if ((order != 0 && centre == 0) || cycles < HARMONICS_GROUPED_CYCLES ||
        cycles > HARMONICS_CYCLES_LIMIT) {
        return 0;
    }
    return sum_of(bins, centre + 2, centre + cycles - 2);
}

void harmonics_squared_gains(const struct harmonics_sampling *sampling,
                             double gain[HARMONICS_COUNT])
{
    const uint32_t sincs = sampling->converter_sincs < CONVERTER_SINC_LIMIT
                               ? sampling->converter_sincs
                               : CONVERTER_SINC_LIMIT;
    for (uint32_t n = 0; n < HARMONICS_COUNT; n++) {
        const float frequency = sampling->frequency * (float)(n + 1);
        float factor = resampler_gain(frequency, sampling->decimation);
        if (sincs > 0 && factor > 0.0F) {
            const float in_frames = frequency / (float)sampling->decimation;
            const float sinc = resampler_converter_gain(in_frames);
            for (uint32_t k = 0; k < sincs; k++) {
                factor *= sinc;
            }
        }
        gain[n] = (double)factor * (double)factor;
    }
}

void harmonics_mean_squares(const int32_t bins[RFFT_POINTS], uint32_t cycles, double scale,
                            const double gain[HARMONICS_COUNT], double square[HARMONICS_COUNT])
{
    // Half the square of an amplitude is its mean square.
    const double unit = scale > 0.0 ? 0.5 / (scale * scale) : 0.0;
    for (uint32_t n = 0; n < HARMONICS_COUNT; n++) {
        square[n] = (double)harmonics_subgroup(bins, cycles, n + 1) * unit * gain[n];
    }
}

double harmonics_distortion(const double square[HARMONICS_COUNT])
{
    double sum = 0.0;
    for (uint32_t n = 1; n < HARMONICS_DISTORTION_END; n++) {
        sum += square[n];
    }
    return sum;
}

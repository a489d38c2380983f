// SPDX-License-Identifier: MIT
#include "resampler.h"

#include <stdbool.h>
#include <stddef.h>

#include "resampler_table.h"

enum {
    PHASE_BITS = 6,
    PEAK_BITS = 29, ///< Samples are scaled to just below 2^29: half of that times 1.5 comes out.
    LONGEST_BITS = 24,
};

static const float HIGHEST = 0.47F; ///< Cycles per sample.

/// Half of a * b, where b is in units of 2^-31.
static inline int32_t half_product(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}

static bool window_fits(const struct resampler_window *window)
{
    const int64_t one = (int64_t)1 << 32;
    return window->count >= RESAMPLER_POINTS && window->count < 1u << LONGEST_BITS &&
           window->start_q32 >= RESAMPLER_BEFORE * one && window->end_q32 > window->start_q32 &&
           window->end_q32 <= ((int64_t)window->count - RESAMPLER_AFTER) * one;
}

static int64_t mean_of(const int32_t *samples, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += samples[n];
    }
    return sum / (int64_t)count;
}

static uint64_t distance_from(int64_t mean, int32_t sample)
{
    const int64_t distance = sample - mean;
    return (uint64_t)(distance < 0 ? -distance : distance);
}

/// How far to the left samples can go without reaching 2^29; negative is to the right.
static int room_above(const int32_t *samples, uint32_t count, int64_t mean)
{
    uint64_t peak = 1;
    for (uint32_t n = 0; n < count; n++) {
        const uint64_t distance = distance_from(mean, samples[n]);
        peak = distance > peak ? distance : peak;
    }
    int bits = 0;
    while (bits < 63 && (peak >> bits) != 0) {
        bits++;
    }
    return PEAK_BITS - bits;
}

/// Takes the mean away and scales the samples to the range.
static int prepare(const struct resampler_window *window)
{
    const int64_t mean = mean_of(window->samples, window->count);
    const int shift = room_above(window->samples, window->count, mean);
    for (uint32_t n = 0; n < window->count; n++) {
        const int64_t sample = window->samples[n] - mean;
        window->samples[n] = (int32_t)(shift >= 0 ? sample * ((int64_t)1 << shift)
                                                  : sample / ((int64_t)1 << -shift));
    }
    return shift;
}

/// The value `fraction` (of 2^32) of the way from `near`[3] to `near`[4], halved.
static inline int32_t interpolated(const int32_t *near, uint32_t fraction)
{
    const uint32_t phase = fraction >> (32 - PHASE_BITS);
    const int32_t along = (int32_t)((fraction << PHASE_BITS) >> 1);
    const int32_t *low = RESAMPLER_WEIGHT[phase];
    const int32_t *high = RESAMPLER_WEIGHT[phase + 1];
    int32_t at_low = 0;
    int32_t at_high = 0;
    for (unsigned k = 0; k < RESAMPLER_POINTS; k++) {
        at_low += half_product(near[k], low[k]);
        at_high += half_product(near[k], high[k]);
    }
    return at_low + 2 * half_product(at_high - at_low, along);
}

enum status resampler_run(const struct resampler_window *window, int32_t out[RESAMPLER_COUNT],
                          double *scale)
{
    if (!window_fits(window)) {
        return STATUS_INVALID;
    }
    const int shift = prepare(window);
    const int64_t length_q32 = window->end_q32 - window->start_q32;
    const int64_t step_q32 = length_q32 / RESAMPLER_COUNT;
    const uint32_t rest = (uint32_t)(length_q32 % RESAMPLER_COUNT);
    int64_t place_q32 = window->start_q32;
    uint32_t carried = 0;
    for (uint32_t n = 0; n < RESAMPLER_COUNT; n++) {
        const int32_t *near = window->samples + (place_q32 >> 32) - RESAMPLER_BEFORE;
        out[n] = interpolated(near, (uint32_t)place_q32);
        carried += rest;
        place_q32 += step_q32 + (int64_t)(carried / RESAMPLER_COUNT);
        carried %= RESAMPLER_COUNT;
    }
    // The interpolation halves.
    *scale = 0.5;
    for (int n = 0; n < shift; n++) {
        *scale *= 2.0;
    }
    for (int n = 0; n > shift; n--) {
        *scale *= 0.5;
    }
    return STATUS_OK;
}

/// The value of a table over 0 to half the rate; 0 outside.
static float looked_up(const float table[RESAMPLER_STEPS + 1], float frequency)
{
    if (!(frequency >= 0.0F && frequency < HIGHEST)) {
        return 0.0F;
    }
    const float place = frequency * (float)(2 * RESAMPLER_STEPS);
    const uint32_t step = (uint32_t)place;
    return table[step] + (place - (float)step) * (table[step + 1] - table[step]);
}

float resampler_gain(float frequency, uint32_t decimation)
{
    if (decimation < 1 || decimation > RESAMPLER_DECIMATION_LIMIT) {
        return 0.0F;
    }
    return looked_up(RESAMPLER_GAIN[decimation - 1], frequency);
}

float resampler_converter_gain(float frequency)
{
    return looked_up(RESAMPLER_SINC_GAIN, frequency);
}

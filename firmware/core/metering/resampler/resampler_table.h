// SPDX-License-Identifier: MIT
#pragma once

/// What resampler takes from tables: the weights of its interpolation, and what makes up for its
/// droop.

#include <stdint.h>

#include "resampler.h"

enum {
    RESAMPLER_PHASES = 64,
    RESAMPLER_STEPS = 128, ///< From frequency 0 to half the rate.
};

/// Weights of eight samples in units of 2^-31, for a place between the fourth and the fifth of
/// them, in steps of 1/64. Each row adds up to 2^31.
extern const int32_t RESAMPLER_WEIGHT[RESAMPLER_PHASES + 1][RESAMPLER_POINTS];

/// One over the response of the interpolation and of the box of `row` + 1 frames before it.
extern const float RESAMPLER_GAIN[RESAMPLER_DECIMATION_LIMIT][RESAMPLER_STEPS + 1];

/// One over sin(x) / x, x being pi times the frequency in cycles per sample.
extern const float RESAMPLER_SINC_GAIN[RESAMPLER_STEPS + 1];

// SPDX-License-Identifier: MIT
#pragma once

/// Harmonics and what lies between them, from the spectrum of a window of whole cycles: the
/// groupings of IEC 61000-4-7 (clause 5.6).
///
/// With M cycles in a window, bin M h is harmonic h, and bins lie about 5 Hz apart:
///
///     bin          Mh-5 -4 -3 -2 -1  0 +1 +2 +3 +4 +5        (M = 10, 50 Hz)
///     group        1/2   1  1  1  1  1  1  1  1  1 1/2
///     subgroup                   1  1  1
///     between                            1  1  1  ... to M(h+1)-2
///
/// Squares are exact integers: the same on every machine, whatever order they are added in.

#include <stdint.h>

#include "rfft.h"

enum {
    HARMONICS_COUNT = 50,          ///< Orders 1 to 50.
    HARMONICS_DISTORTION_END = 40, ///< The last order that THDS counts.
    HARMONICS_CYCLES_LIMIT = 16,   ///< Most cycles in a window.
    HARMONICS_GROUPED_CYCLES = 8,  ///< Windows of fewer cycles have lines only, no groups.
};

/// Sums of squared magnitudes of the bins of rfft() in `bins`, for a window of `cycles` cycles. 0
/// for an order that is not 1 to HARMONICS_COUNT or lies beyond the bins, and for a number of
/// cycles that is not 1 to HARMONICS_CYCLES_LIMIT. With fewer than HARMONICS_GROUPED_CYCLES, group
/// and subgroup are the harmonic's own bin, and between is 0.
uint64_t harmonics_subgroup(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order);
uint64_t harmonics_group(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order);

/// The centred subgroup of interharmonics between `order` and the next; `order` may be 0.
uint64_t harmonics_between(const int32_t bins[RFFT_POINTS], uint32_t cycles, uint32_t order);

/// How a window was sampled, for what must be given back to its harmonics.
struct harmonics_sampling {
    float frequency;          ///< Of the mains, in cycles per sample of the window.
    uint32_t decimation;      ///< Frames in each sample, 1 to RESAMPLER_DECIMATION_LIMIT.
    uint32_t converter_sincs; ///< Averages in series in the converter itself; 0 to 8.
};

/// Squares of the factors that harmonic `order` (element order - 1) came out too small by. 0: the
/// order is beyond what these samples can tell.
void harmonics_squared_gains(const struct harmonics_sampling *sampling,
                             double gain[HARMONICS_COUNT]);

/// Mean squares of harmonic subgroups, in squares of the unit of the samples: `scale` as
/// resampler_run() said, `gain` from harmonics_squared_gains().
void harmonics_mean_squares(const int32_t bins[RFFT_POINTS], uint32_t cycles, double scale,
                            const double gain[HARMONICS_COUNT], double square[HARMONICS_COUNT]);

/// Sum of the elements for orders 2 to HARMONICS_DISTORTION_END: THDS^2 times the first element.
double harmonics_distortion(const double square[HARMONICS_COUNT]);

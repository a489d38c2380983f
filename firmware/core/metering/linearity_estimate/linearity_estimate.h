// SPDX-License-Identifier: MIT
#pragma once

/// Finds a converter's nonlinearity from the mains itself, by how often codes occur.
///
/// A sine spends a known share of its time below each level (the arcsine law of the code density
/// test, IEEE 1241), so the share of codes below one tells where the step to that code lies. Mains
/// is not a sine: harmonics in phase with its peaks bend the law exactly as a smooth nonlinearity
/// of the converter does, and from one swing the two cannot be told apart. But harmonics scale with
/// the swing, and the converter's steps stay where they are. So two or more swings of the same
/// shape (a heater's current, once, twice and four times through its transformer, with the voltage)
/// tell both. With a single swing, all is put down to the converter: right only for a clean sine.
///
/// Only linearity is found: gain and offset are those of a best straight line. Noise of the
/// converter does no harm, as it is the mean code that counts. Steps finer than a cell of the
/// density are not seen.

#include <stdbool.h>
#include <stdint.h>

#include "code_density.h"
#include "status.h"

enum {
    LINEARITY_SWING_LIMIT = 4,
    LINEARITY_HARMONIC_LIMIT = 15, ///< Harmonics of the mains that are told apart.
    LINEARITY_EDGES = CODE_DENSITY_CELLS + 1,
    LINEARITY_LEAST_CODES = 100000, ///< Ten seconds at 10 kHz.
};

struct linearity_estimate {
    int32_t code_min;
    uint32_t cell_codes;
    uint32_t first; ///< The range of edges that were seen; beyond it the ends hold on.
    uint32_t last;
    bool separated;            ///< From more than one swing: harmonics of the mains are not in it.
    double disagreement_codes; ///< Rms by which the swings differ; 0 for a single one.
    double largest_codes;      ///< The largest correction.
    float correction[LINEARITY_EDGES]; ///< Codes to add at code_min + index * cell_codes.
};

/// Estimates from `count` swings, which share range and cells.
///
/// @return STATUS_INVALID  none, too many, or swings of different range or cells;
///         STATUS_MISSING  a swing has too few codes, fills too little of the range, or clips; or
///                         swings differ by less than a fifth, so that nothing can be told apart.
MUST_CHECK enum status linearity_estimate(const struct code_density *const *swing, unsigned count,
                                          struct linearity_estimate *estimate);

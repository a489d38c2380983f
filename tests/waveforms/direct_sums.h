// SPDX-License-Identifier: MIT
#pragma once

/// What a stretch of a recording is by definition, computed in doubles straight from its codes:
/// mean squares and the Fourier integral at one frequency, by the trapezoidal rule between two
/// places that may lie between samples. Nothing of the meter is in it but the places.

#include "power_terms.h"
#include "recorded_codes.h"

/// Begin with zeros.
struct direct_sums {
    double frames;
    struct power_measures sum; ///< Squares of root mean squares, and powers, times frames.
};

/// Adds the stretch `from` to `to`, in frames of the recording, which holds `cycles` cycles of the
/// fundamental. Its means are taken off.
void direct_sums_add(struct direct_sums *sums, const struct recorded_codes *codes, double from,
                     double to, double cycles);

/// Over all stretches: roots of mean squares, those of the fundamental too, and mean powers.
struct power_measures direct_sums_means(const struct direct_sums *sums);

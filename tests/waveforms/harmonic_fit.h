// SPDX-License-Identifier: MIT
#pragma once

/// The harmonics of some samples by least squares: an offset and a sine of every order at once, as
/// the independent method behind the test data has it. In doubles, without a transform, and without
/// interpolation: where the samples begin and end within a cycle makes no difference.

#include <stdint.h>

enum { HARMONIC_FIT_ORDERS = 40 };

struct harmonic_pointer {
    double re; ///< Root mean square, of the cosine.
    double im; ///< Of the sine, negative when it is ahead: re + j im is X of X e^(jwt).
};

/// Fits samples `first` to `last` of `sample`. The fundamental has phase 0 at sample `origin`,
/// which need not be whole, and takes `period` samples; orders up to the 40th stay below half the
/// rate. Fails the cmocka test that calls it when the samples do not determine the harmonics.
void harmonic_fit(const int32_t *sample, uint32_t first, uint32_t last, double origin,
                  double period, struct harmonic_pointer pointer[HARMONIC_FIT_ORDERS]);

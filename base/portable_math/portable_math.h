// SPDX-License-Identifier: MIT
#pragma once

/// Elementary functions from additions, multiplications and divisions alone.
///
/// A C library may differ from the next one in the last bit of a sine. These functions use plain
/// IEEE 754 double operations in a fixed order, so that what enters registers and batches is
/// bit-identical on every architecture. They are accurate to a few units in the last place, not
/// correctly rounded, and meant for a few hundred calls a second.

#include <stdint.h>

/// The square root of `x`; 0 for `x` <= 0 and for a value that is not a number.
double portable_sqrt(double x);

/// Sine and cosine of `x` radians, |x| <= 100000. Beyond that, and for infinities, 0.
double portable_sin(double x);
double portable_cos(double x);

/// The angle of the point (x, y) in radians, -pi to pi; 0 for the origin.
double portable_atan2(double y, double x);

/// The logarithm to base 2 of `x`; -1100, which is below every finite result, for `x` <= 0.
double portable_log2(double x);

/// The nearest integer, halves away from zero; saturated to the range of int64_t, 0 for not a
/// number.
int64_t portable_round(double x);

// SPDX-License-Identifier: MIT
#pragma once

/// Sums of products of whole numbers, exact, in two widths.
///
/// Narrow codes lie within +-(DOT_PRODUCT_NARROW - 1); so many products of two of them as
/// DOT_PRODUCT_COUNT fit 32 bits, which processors do quickly. Wide ones fit 24 bits with sign.
/// Both give the same sums for the same numbers.

#include <stdint.h>

enum {
    DOT_PRODUCT_NARROW = 4096,
    DOT_PRODUCT_COUNT = 128, ///< Most numbers in one call.
};

int32_t dot_product_narrow(const int16_t *a, const int16_t *b, uint32_t count);
int32_t dot_product_narrow_sum(const int16_t *a, uint32_t count);

int64_t dot_product_wide(const int32_t *a, const int32_t *b, uint32_t count);
int64_t dot_product_wide_sum(const int32_t *a, uint32_t count);

/// Wide codes times a narrow wave.
int64_t dot_product_mixed(const int32_t *a, const int16_t *b, uint32_t count);

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

/// Several sums in one pass, because most of a pass is loading.
struct narrow_power {
    int32_t sum;
    int32_t square;
};

struct narrow_waves {
    int32_t with_cosine;
    int32_t with_sine;
};

struct narrow_lags {
    int32_t together;
    int32_t behind; ///< a one place before b.
    int32_t ahead;  ///< b one place before a.
};

struct narrow_power dot_product_narrow_power(const int16_t *a, uint32_t count);
struct narrow_waves dot_product_narrow_waves(const int16_t *a, const int16_t *cosine,
                                             const int16_t *sine, uint32_t count);

/// Reads from a[-1] and b[-1] on.
struct narrow_lags dot_product_narrow_lags(const int16_t *a, const int16_t *b, uint32_t count);

int64_t dot_product_wide(const int32_t *a, const int32_t *b, uint32_t count);
int64_t dot_product_wide_sum(const int32_t *a, uint32_t count);

/// Wide codes times a narrow wave.
int64_t dot_product_mixed(const int32_t *a, const int16_t *b, uint32_t count);

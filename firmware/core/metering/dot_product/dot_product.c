// SPDX-License-Identifier: MIT
#include "dot_product.h"

int32_t dot_product_narrow(const int16_t *a, const int16_t *b, uint32_t count)
{
    int32_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += (int32_t)a[n] * b[n];
    }
    return sum;
}

int32_t dot_product_narrow_sum(const int16_t *a, uint32_t count)
{
    int32_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += a[n];
    }
    return sum;
}

struct narrow_power dot_product_narrow_power(const int16_t *a, uint32_t count)
{
    struct narrow_power power = { .sum = 0 };
    for (uint32_t n = 0; n < count; n++) {
        const int32_t x = a[n];
        power.sum += x;
        power.square += x * x;
    }
    return power;
}

struct narrow_waves dot_product_narrow_waves(const int16_t *a, const int16_t *cosine,
                                             const int16_t *sine, uint32_t count)
{
    struct narrow_waves waves = { .with_cosine = 0 };
    for (uint32_t n = 0; n < count; n++) {
        const int32_t x = a[n];
        waves.with_cosine += x * cosine[n];
        waves.with_sine += x * sine[n];
    }
    return waves;
}

struct narrow_lags dot_product_narrow_lags(const int16_t *a, const int16_t *b, uint32_t count)
{
    struct narrow_lags lags = { .together = 0 };
    int32_t a_last = a[-1];
    int32_t b_last = b[-1];
    for (uint32_t n = 0; n < count; n++) {
        const int32_t x = a[n];
        const int32_t y = b[n];
        lags.together += x * y;
        lags.behind += a_last * y;
        lags.ahead += x * b_last;
        a_last = x;
        b_last = y;
    }
    return lags;
}

int64_t dot_product_wide(const int32_t *a, const int32_t *b, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += (int64_t)a[n] * b[n];
    }
    return sum;
}

int64_t dot_product_wide_sum(const int32_t *a, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += a[n];
    }
    return sum;
}

int64_t dot_product_mixed(const int32_t *a, const int16_t *b, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += (int64_t)a[n] * b[n];
    }
    return sum;
}

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

// SPDX-License-Identifier: MIT
#include "constant_time.h"

#include <stdint.h>

bool constant_time_equal(const void *one, size_t one_size, const void *other, size_t other_size)
{
    // Volatile, so that no compiler leaves the loop at the first difference.
    const volatile uint8_t *left = one;
    const volatile uint8_t *right = other;
    uint8_t difference = 0;

    if (one_size != other_size || one_size == 0) {
        return false;
    }
    for (size_t i = 0; i < one_size; i++) {
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

void constant_time_wipe(void *secret, size_t size)
{
    volatile uint8_t *bytes = secret;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = 0;
    }
}

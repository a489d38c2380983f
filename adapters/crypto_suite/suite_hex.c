// SPDX-License-Identifier: MIT
#include "suite_hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned value_of(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
    if (found == NULL) {
        (void)fprintf(stderr, "'%c' is no hexadecimal digit\n", digit);
        abort();
    }
    return (unsigned)(found - digits);
}

size_t suite_hex(const char *digits, uint8_t *out, size_t capacity)
{
    const size_t size = strlen(digits) / 2;
    if (strlen(digits) % 2 != 0 || size > capacity) {
        (void)fprintf(stderr, "%zu bytes do not fit in %zu\n", size, capacity);
        abort();
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(value_of(digits[2 * i]) << 4 | value_of(digits[2 * i + 1]));
    }
    return size;
}

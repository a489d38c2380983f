// SPDX-License-Identifier: MIT
#include "digit_text.h"

#include <string.h>

enum { BYTE_BITS = 8 };

void digit_text_encode(const struct digit_alphabet *alphabet, const uint8_t *in, size_t size,
                       char *out)
{
    const uint32_t mask = (1u << alphabet->bits) - 1u;
    uint32_t pool = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < size; i++) {
        pool = pool << BYTE_BITS | in[i];
        for (bits += BYTE_BITS; bits >= alphabet->bits; bits -= alphabet->bits) {
            *out++ = alphabet->digits[pool >> (bits - alphabet->bits) & mask];
        }
    }
    if (bits > 0) {
        *out++ = alphabet->digits[pool << (alphabet->bits - bits) & mask];
    }
    *out = '\0';
}

enum status digit_text_decode(const struct digit_alphabet *alphabet, const char *text,
                              size_t length, uint8_t *out, size_t capacity, size_t *size)
{
    uint32_t pool = 0;
    unsigned bits = 0;
    size_t filled = 0;

    for (size_t i = 0; i < length; i++) {
        const char *digit = memchr(alphabet->digits, text[i], (size_t)1 << alphabet->bits);
        if (digit == NULL) {
            return STATUS_INVALID;
        }
        pool = pool << alphabet->bits | (uint32_t)(digit - alphabet->digits);
        bits += alphabet->bits;
        if (bits >= BYTE_BITS) {
            if (filled == capacity) {
                return STATUS_FULL;
            }
            bits -= BYTE_BITS;
            out[filled++] = (uint8_t)(pool >> bits);
        }
    }
    // A whole character of nothing but filling, or filling other than zeros.
    if (bits >= alphabet->bits || (pool & ((1u << bits) - 1u)) != 0) {
        return STATUS_INVALID;
    }
    *size = filled;
    return STATUS_OK;
}

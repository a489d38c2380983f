// SPDX-License-Identifier: MIT
#include "base32.h"

enum { NO_DIGIT = 32, BITS = 5, BYTE_BITS = 8 };

void base32_encode(const uint8_t *in, size_t size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t pool = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < size; i++) {
        pool = pool << BYTE_BITS | in[i];
        for (bits += BYTE_BITS; bits >= BITS; bits -= BITS) {
            *out++ = digits[pool >> (bits - BITS) & 31u];
        }
    }
    if (bits > 0) {
        *out++ = digits[pool << (BITS - bits) & 31u];
    }
    *out = '\0';
}

static uint32_t digit_of(char character)
{
    if (character >= 'A' && character <= 'Z') {
        return (uint32_t)(character - 'A');
    }
    return character >= '2' && character <= '7' ? (uint32_t)(character - '2') + 26 : NO_DIGIT;
}

enum status base32_decode(const char *text, size_t length, uint8_t *out, size_t capacity,
                          size_t *size)
{
    uint32_t pool = 0;
    unsigned bits = 0;
    size_t filled = 0;

    for (size_t i = 0; i < length; i++) {
        const uint32_t digit = digit_of(text[i]);
        if (digit == NO_DIGIT) {
            return STATUS_INVALID;
        }
        pool = pool << BITS | digit;
        bits += BITS;
        if (bits >= BYTE_BITS) {
            if (filled == capacity) {
                return STATUS_FULL;
            }
            bits -= BYTE_BITS;
            out[filled++] = (uint8_t)(pool >> bits);
        }
    }
    // A whole character of nothing but filling, or filling other than zeros.
    if (bits >= BITS || (pool & ((1u << bits) - 1u)) != 0) {
        return STATUS_INVALID;
    }
    *size = filled;
    return STATUS_OK;
}

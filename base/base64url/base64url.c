// SPDX-License-Identifier: MIT
#include "base64url.h"

enum { NO_DIGIT = 64, BITS = 6, BYTE_BITS = 8 };

void base64url_encode(const uint8_t *in, size_t size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t pool = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < size; i++) {
        pool = pool << BYTE_BITS | in[i];
        for (bits += BYTE_BITS; bits >= BITS; bits -= BITS) {
            *out++ = digits[pool >> (bits - BITS) & 63u];
        }
    }
    if (bits > 0) {
        *out++ = digits[pool << (BITS - bits) & 63u];
    }
    *out = '\0';
}

static uint32_t digit_of(char character)
{
    if (character >= 'A' && character <= 'Z') {
        return (uint32_t)(character - 'A');
    }
    if (character >= 'a' && character <= 'z') {
        return (uint32_t)(character - 'a') + 26;
    }
    if (character >= '0' && character <= '9') {
        return (uint32_t)(character - '0') + 52;
    }
    if (character == '-') {
        return 62;
    }
    return character == '_' ? 63 : NO_DIGIT;
}

enum status base64url_decode(const char *text, size_t length, uint8_t *out, size_t capacity,
                             size_t *size)
{
    uint32_t pool = 0;
    unsigned bits = 0;
    size_t filled = 0;

    // A single character over would hold six bits of a byte.
    if (length % 4 == 1) {
        return STATUS_INVALID;
    }
    if (length / 4 * 3 + length % 4 * 3 / 4 > capacity) {
        return STATUS_FULL;
    }
    for (size_t i = 0; i < length; i++) {
        const uint32_t digit = digit_of(text[i]);
        if (digit == NO_DIGIT) {
            return STATUS_INVALID;
        }
        pool = pool << BITS | digit;
        bits += BITS;
        if (bits >= BYTE_BITS) {
            bits -= BYTE_BITS;
            out[filled++] = (uint8_t)(pool >> bits);
        }
    }
    if ((pool & ((1u << bits) - 1u)) != 0) {
        return STATUS_INVALID;
    }
    *size = filled;
    return STATUS_OK;
}

// SPDX-License-Identifier: MIT
#include "base64url.h"

#include "digit_text.h"

static const struct digit_alphabet alphabet = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6
};

void base64url_encode(const uint8_t *in, size_t size, char *out)
{
    digit_text_encode(&alphabet, in, size, out);
}

enum status base64url_decode(const char *text, size_t length, uint8_t *out, size_t capacity,
                             size_t *size)
{
    // A single character over would hold six bits of a byte.
    if (length % 4 == 1) {
        return STATUS_INVALID;
    }
    if (length / 4 * 3 + length % 4 * 3 / 4 > capacity) {
        return STATUS_FULL;
    }
    return digit_text_decode(&alphabet, text, length, out, capacity, size);
}

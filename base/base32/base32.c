// SPDX-License-Identifier: MIT
#include "base32.h"

#include "digit_text.h"

static const struct digit_alphabet alphabet = { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5 };

void base32_encode(const uint8_t *in, size_t size, char *out)
{
    digit_text_encode(&alphabet, in, size, out);
}

enum status base32_decode(const char *text, size_t length, uint8_t *out, size_t capacity,
                          size_t *size)
{
    return digit_text_decode(&alphabet, text, length, out, capacity, size);
}

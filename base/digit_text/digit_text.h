// SPDX-License-Identifier: MIT
#pragma once

/// Bytes as digits of a few bits each, the highest bits first: what the alphabets of RFC 4648 have
/// in common (section 3.3 to 3.5), without padding.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct digit_alphabet {
    const char *digits; ///< 2 to the power of `bits` characters, the digit 0 first.
    unsigned bits;      ///< Of a digit, 1 to 7.
};

/// Writes as many digits as `size` bytes need, the last one filled up with zeros, and a NUL.
void digit_text_encode(const struct digit_alphabet *alphabet, const uint8_t *in, size_t size,
                       char *out);

/// Reads `length` digits. There is one text for every run of bytes, and no other is taken.
///
/// @return STATUS_INVALID  a character is no digit, or the last one is superfluous or not filled up
///                         with zeros;
///         STATUS_FULL     `capacity` is too small.
MUST_CHECK enum status digit_text_decode(const struct digit_alphabet *alphabet, const char *text,
                                         size_t length, uint8_t *out, size_t capacity,
                                         size_t *size);

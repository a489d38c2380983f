// SPDX-License-Identifier: MIT
#pragma once

/// Bytes as text for people and QR codes: A to Z and 2 to 7 (RFC 4648 section 6), without padding.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Characters for `size` bytes, without a final NUL.
#define BASE32_LENGTH(size) (((size)*8 + 4) / 5)

/// Writes BASE32_LENGTH(size) characters and a NUL to `out`.
void base32_encode(const uint8_t *in, size_t size, char *out);

/// Reads `length` characters. There is one text for every run of bytes, and no other is taken: no
/// padding, no white space, no small letters, and unused bits are 0. Whoever takes what people type
/// turns it into capitals first.
///
/// @return STATUS_INVALID  it is no such text;  STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status base32_decode(const char *text, size_t length, uint8_t *out, size_t capacity,
                                     size_t *size);

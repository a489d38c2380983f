// SPDX-License-Identifier: MIT
#pragma once

/// Bytes as text that needs no escaping in JSON and URLs: RFC 4648 section 5, without padding.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Characters for `size` bytes, without a final NUL.
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/// Writes BASE64URL_LENGTH(size) characters and a NUL to `out`.
void base64url_encode(const uint8_t *in, size_t size, char *out);

/// Reads `length` characters. There is one text for every run of bytes, and no other is taken: no
/// padding, no white space, and unused bits are 0.
///
/// @return STATUS_INVALID  it is no such text;  STATUS_FULL  `capacity` is too small.
MUST_CHECK enum status base64url_decode(const char *text, size_t length, uint8_t *out,
                                        size_t capacity, size_t *size);

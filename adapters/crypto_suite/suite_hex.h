// SPDX-License-Identifier: MIT
#pragma once

/// Bytes written as hexadecimal digits in tests and in files of test vectors.

#include <stddef.h>
#include <stdint.h>

/// Writes what `digits` say to `out`; digits that are none, or more than `capacity` bytes, end the
/// program.
///
/// @return the number of bytes
size_t suite_hex(const char *digits, uint8_t *out, size_t capacity);

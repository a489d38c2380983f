// SPDX-License-Identifier: MIT
#pragma once

/// Reads a QR code out of a picture, by a reader that is not of the library that draws it.

#include <stdbool.h>
#include <stddef.h>

/// `modules` is a square of `side` times `side`, row by row, other than 0 where it is dark, with
/// the light around the code. The text in `out` ends with 0.
///
/// @return whether exactly one code was found, and its text had room.
bool test_qr_reader_read(const unsigned char *modules, int side, char *out, size_t capacity);

// SPDX-License-Identifier: MIT
#pragma once

/// Reads one field of a form as browsers send it (application/x-www-form-urlencoded, WHATWG URL
/// Standard section 5.1), and of a query, which is written the same way.
///
/// Stricter than browsers need: a '%' without two hexadecimal digits, an encoded NUL anywhere, and
/// the same name twice are mistakes.

#include <stddef.h>

#include "status.h"

/// Copies the decoded value of `name`, with a final NUL, and its size without that.
///
/// @return STATUS_MISSING  there is no such field;
///         STATUS_INVALID  there are several;
///         STATUS_CORRUPT  the form, in any of its fields, is not well encoded;
///         STATUS_FULL     the value is longer than `capacity` - 1 bytes. Unless STATUS_OK, `out`
///                         is empty and `*size` 0.
MUST_CHECK enum status form_reader_field(const void *form, size_t form_size, const char *name,
                                         char *out, size_t capacity, size_t *size);

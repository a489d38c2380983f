// SPDX-License-Identifier: MIT
#pragma once

/// The inside of a JSON string, one code point at a time.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { JSON_TEXT_END = 0 }; ///< The closing quote; a NUL itself is never accepted.

/// Reads the code point at `*position` of `text`, escaped or in UTF-8, and moves behind it.
///
/// @return STATUS_CORRUPT  the text ends, a control character, a bad escape, a lone surrogate, an
///                         overlong or impossible UTF-8 form, or NUL.
MUST_CHECK enum status json_text_next(const char *text, size_t size, size_t *position,
                                      uint32_t *code_point);

/// Writes a code point in UTF-8 to `out`. @return the number of bytes, 1 to 4.
size_t json_text_utf8(uint32_t code_point, char out[4]);

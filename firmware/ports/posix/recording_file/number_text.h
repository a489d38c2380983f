// SPDX-License-Identifier: MIT
#pragma once

/// Decimal numbers in text that does not end with a zero byte, whatever the locale.

#include <stdbool.h>

/// Reads the number between `text` and `end`, with spaces and one pair of quotes around it allowed.
/// Returns false unless all of it is one finite number.
bool number_from_text(const char *text, const char *end, double *value);

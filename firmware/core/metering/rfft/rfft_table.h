// SPDX-License-Identifier: MIT
#pragma once

/// The sine of a quarter turn, from which rfft takes all its twiddle factors.

#include <stdint.h>

enum { RFFT_QUARTER = 512 };

/// sin(n pi / 1024) in units of 2^-31; the last is 2^31 - 1.
extern const int32_t RFFT_SINE[RFFT_QUARTER + 1];

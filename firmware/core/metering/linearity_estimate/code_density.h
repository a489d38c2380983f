// SPDX-License-Identifier: MIT
#pragma once

/// How often a converter gave which codes, in cells of some codes each.

#include <stdint.h>

#include "status.h"

enum { CODE_DENSITY_CELLS = 512 };

/// Owned by the caller; 2 KB. Use it only through the functions below.
struct code_density {
    int32_t code_min;
    uint32_t cell_codes; ///< Codes in a cell; a power of two.
    uint32_t total;
    uint32_t outside; ///< Codes beyond the range.
    uint32_t count[CODE_DENSITY_CELLS];
};

/// Empties `density` for codes from `code_min` to `code_max`; cells are as fine as fits.
///
/// @return STATUS_INVALID  the range is empty or wider than 2^24 codes.
MUST_CHECK enum status code_density_init(struct code_density *density, int32_t code_min,
                                         int32_t code_max);

/// Counts codes. After 2^31 codes no more are counted.
void code_density_add(struct code_density *density, const int32_t *codes, uint32_t count);

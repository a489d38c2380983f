// SPDX-License-Identifier: MIT
#pragma once

/// Straightens the codes of one input of a converter, by lines between up to 513 points.
///
/// A table takes 1 KB and is shared by all inputs of a converter. Corrections come in sixteenths of
/// a code and are rounded to whole codes when they are applied. Beyond the first and the last point
/// the correction there goes on.

#include <stdint.h>

#include "status.h"

enum {
    LINEARITY_POINT_LIMIT = 513,
    LINEARITY_LARGEST = 2047, ///< Largest correction, in codes.
};

/// Owned by the caller. Filled by linearity_table_init(), constant from then on.
struct linearity_table {
    int32_t code_min;   ///< Code of the first point.
    uint32_t cell_bits; ///< Points lie 2^cell_bits codes apart.
    uint32_t cells;     ///< One less than points; 0: the table changes nothing.
    int16_t sixteenths[LINEARITY_POINT_LIMIT]; ///< To be added at each point.
};

/// Makes a table from `points` corrections in codes, at `code_min` and every `cell_codes` after it.
/// When `cell_codes` is no power of two, points are moved along the lines between them.
///
/// @return STATUS_INVALID  fewer than 2 or more than LINEARITY_POINT_LIMIT points, a range beyond
///                         2^24 codes, or a correction that is no number or too large; the table
///                         then changes nothing.
MUST_CHECK enum status linearity_table_init(struct linearity_table *table, int32_t code_min,
                                            uint32_t cell_codes, const float *correction,
                                            uint32_t points);

/// Corrects `count` codes of 24 bits in place.
void linearity_table_apply(const struct linearity_table *table, int32_t *codes, uint32_t count);

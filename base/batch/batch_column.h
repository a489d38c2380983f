// SPDX-License-Identifier: MIT
#pragma once

/// The columns of a batch: which field of a reading each one carries, and in what range.
/// Belongs to the codec alone; callers use batch.h.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reading.h"

enum column_type {
    COLUMN_U8,
    COLUMN_U16,
    COLUMN_I16,
    COLUMN_U32,
    COLUMN_I32,
    COLUMN_U64, ///< 0 to INT64_MAX, as a column holds signed integers.
    COLUMN_I64, ///< 0 to INT64_MAX: a register is never negative.
};

struct column {
    uint16_t offset; ///< In struct reading, or in struct reading_channel.
    uint8_t type;    ///< enum column_type.
    bool steady;     ///< Grows at a steady pace: coded as differences of differences.
};

enum { READING_COLUMN_COUNT = 6, CHANNEL_COLUMN_COUNT = 9 };

/// The columns in the order of contracts/batch.md.
extern const struct column batch_reading_columns[READING_COLUMN_COUNT];
extern const struct column batch_channel_columns[CHANNEL_COLUMN_COUNT];

/// The field as an integer. `base` is the reading or the channel that the column belongs to.
int64_t batch_column_load(const struct column *column, const void *base);

/// Stores the field, or returns false and leaves it when `value` is out of its range.
bool batch_column_store(const struct column *column, void *base, int64_t value);

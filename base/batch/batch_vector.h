// SPDX-License-Identifier: MIT
#pragma once

/// The golden batches of contracts/vectors, as values: what the bytes must decode to.

#include "batch.h"

enum { BATCH_VECTOR_COUNT = 6 };

struct batch_vector {
    const char *name; ///< Of the file, without its ending.
    struct batch_header header;
    struct record records[BATCH_RECORD_LIMIT];
};

/// Fills in golden batch `index`, 0 to BATCH_VECTOR_COUNT - 1.
void batch_vector_fill(struct batch_vector *vector, unsigned index);

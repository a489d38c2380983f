// SPDX-License-Identifier: MIT
#pragma once

/// Numbers of contracts/batch.md that encoder and decoder share.

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

enum batch_key {
    BATCH_KEY_VERSION = 0,
    BATCH_KEY_JOURNAL_ID = 1,
    BATCH_KEY_BOOT_ID = 2,
    BATCH_KEY_FIRST_SEQ = 3,
    BATCH_KEY_OLDEST_SEQ = 4,
    BATCH_KEY_COUNT = 5,
    BATCH_KEY_ANCHORS = 6, ///< From here on, what a batch does not hold is left out.
    BATCH_KEY_EVENTS = 7,
    BATCH_KEY_WAVEFORMS = 8,
    BATCH_KEY_SPECTRA = 9,
    BATCH_KEY_INTERVALS = 10,
    BATCH_KEY_READINGS = 11,
};

enum {
    BATCH_VERSION = 1,
    BATCH_NO_CHANNEL = 0xFF, ///< The column belongs to the reading as a whole.
};

/// The key under which records of `kind` stand. Kinds that follow each other have keys that do, and
/// readings come last, for by then it is known which records they are.
static inline unsigned batch_key_of(unsigned kind)
{
    return kind == RECORD_KIND_READING ? BATCH_KEY_READINGS
                                       : BATCH_KEY_ANCHORS + (kind - RECORD_KIND_ANCHOR);
}

_Static_assert(BATCH_KEY_ANCHORS + (RECORD_KIND_INTERVAL - RECORD_KIND_ANCHOR) ==
                       BATCH_KEY_INTERVALS &&
                   RECORD_KIND_COUNT == RECORD_KIND_INTERVAL + 1,
               "keys and kinds go together");

/// A row of numbers as it is written: the first as it is, then differences, and from the third on
/// differences of differences if it is steady. Modulo 2^64, so that the difference of two
/// differences needs no more room than the values themselves.
struct batch_row {
    uint64_t value;
    uint64_t difference;
    unsigned count;
};

static inline int64_t batch_row_code(struct batch_row *row, bool steady, int64_t value)
{
    const uint64_t difference = (uint64_t)value - row->value;
    const uint64_t bend = difference - row->difference;
    const bool twice = steady && row->count >= 2;

    row->value = (uint64_t)value;
    row->difference = row->count >= 1 ? difference : 0;
    row->count++;
    return (int64_t)(twice ? bend : difference);
}

static inline int64_t batch_row_value(struct batch_row *row, bool steady, int64_t coded)
{
    const bool twice = steady && row->count >= 1;
    row->difference = twice ? row->difference + (uint64_t)coded : (uint64_t)coded;
    row->value += row->difference;
    row->count++;
    if (row->count == 1) {
        row->difference = 0;
    }
    return (int64_t)row->value;
}

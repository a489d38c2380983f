// SPDX-License-Identifier: MIT
#pragma once

/// The linearity table of the converter and who made it, kept power-safe.
///
/// A table is longer than a value of the key-value store may be. Its points are three values in
/// that one of two banks which is not in force; a head is written last, names the bank and holds
/// the check sum over all points, and so is what counts:
///
///     lin.a0 lin.a1 lin.a2     points, 171 to a value     lin     version, bank, table, note, CRC
///     lin.b0 lin.b1 lin.b2
///
/// After any power cut there is the old table with its note or the new one with its own, never a
/// mix. Clearing writes a head alone. Not thread-safe: one task owns a store.

#include <stdbool.h>
#include <stdint.h>

#include "key_value.h"
#include "linearity.h"
#include "status.h"

enum { LINEARITY_STORE_WHO_SIZE = 16 }; ///< Longest name in bytes.

/// Who put a table into force, or cleared one, when, and how good it is.
struct linearity_note {
    uint32_t number; ///< Counts from 1 over the life of the device; 0: there was never one.
    int64_t utc_s;   ///< 0: the time was not known.
    char who[LINEARITY_STORE_WHO_SIZE + 1];
    uint8_t swings;           ///< What it was estimated from; 0: it was cleared.
    float largest_codes;      ///< Largest correction.
    float disagreement_codes; ///< Rms by which the swings differed.
};

/// Owned by the caller. Use it only through the functions below.
struct linearity_store {
    const struct key_value *values;
    struct linearity_note note;
    uint32_t newest; ///< Number given out last.
    unsigned bank;   ///< Holds the table in force, or would.
};

/// Loads what is kept in `values`, which outlives the store, to `*table`.
///
/// @return STATUS_OK       all that was there is loaded; `*table` may be one that changes nothing;
///         STATUS_CORRUPT  it fails its check: no table, and no note;
///         STATUS_IO       storage failed: as STATUS_CORRUPT.
MUST_CHECK enum status linearity_store_load(struct linearity_store *store,
                                            const struct key_value *values,
                                            struct linearity_table *table);

/// Keeps `table` (with no cells: clears) and remembers `note`, whose number the store gives. May
/// block for as long as the disk does.
///
/// @return STATUS_INVALID  it is no table that linearity_table_init() makes;
///         otherwise       what key_value.set() returned; after a failure what was there stays, but
///                         may show the new one after a restart.
MUST_CHECK enum status linearity_store_keep(struct linearity_store *store,
                                            const struct linearity_table *table,
                                            const struct linearity_note *note);

/// Who changed it last. Valid until the next call.
const struct linearity_note *linearity_store_note(const struct linearity_store *store);

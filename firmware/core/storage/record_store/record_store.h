// SPDX-License-Identifier: MIT
#pragma once

/// The key_value seam over a flash region: a log of values in one half of the region, until it is
/// full and the newest value of every key is copied to the other half.
///
/// A set() that returned STATUS_OK survives any power cut; one that was cut short left the old
/// value or the new one. No unit of flash is programmed twice between two erases. Setting the value
/// that is there already costs nothing. Layout: docs/storage.md. Not thread-safe: one task owns a
/// store, or a lock around it.

#include <stdbool.h>
#include <stdint.h>

#include "flash_region.h"
#include "key_value.h"
#include "status.h"

enum {
    RECORD_STORE_KEY_LIMIT = 48,   ///< Most keys in one store.
    RECORD_STORE_ENTRY_SIZE = 480, ///< Largest entry; a multiple of FLASH_PROGRAM_SIZE.
};

/// Where the newest value of one key is.
struct record_store_slot {
    char key[KEY_VALUE_KEY_SIZE + 1];
    uint32_t offset; ///< In its half.
    uint16_t value_size;
};

/// Storage for one store, owned by the caller. Use it only through the functions below.
struct record_store {
    const struct flash_region *region;
    uint64_t generation; ///< Of the half in use; the higher one counts.
    uint32_t half_size;
    uint32_t end; ///< Where the next entry goes in the half.
    uint32_t head_crc;
    unsigned half;
    unsigned slot_count;
    bool must_rebuild; ///< What lies behind `end` is not known: the next set() moves to the other
                       ///< half.
    struct record_store_slot slot[RECORD_STORE_KEY_LIMIT];
    uint8_t buffer[RECORD_STORE_ENTRY_SIZE];
};

/// Finds the store in `region`, or makes an empty one where there is none.
///
/// @return STATUS_INVALID  the region has fewer than two sectors;
///         STATUS_FULL     it holds more keys than RECORD_STORE_KEY_LIMIT;
///         STATUS_IO       the flash failed.
MUST_CHECK enum status record_store_open(struct record_store *store,
                                         const struct flash_region *region);

/// The seam, over a store that must outlive it. Besides what key_value.h says, get() and set()
/// return STATUS_INVALID for a key that is empty or a key or value longer than key_value.h allows;
/// set() returns STATUS_FULL when keys or values have no room any more, and get() STATUS_CORRUPT
/// when the flash has lost what it held. A set() that failed with STATUS_IO may show its value
/// after a restart.
struct key_value record_store_key_value(struct record_store *store);

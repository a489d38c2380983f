// SPDX-License-Identifier: MIT
#pragma once

/// What a meter keeps over a power cut: its journal, and named values, in files that behave as
/// flash.

#include <stdint.h>

#include "entropy.h"
#include "flash_file.h"
#include "flash_unsynced.h"
#include "host_lock.h"
#include "journal.h"
#include "key_value.h"
#include "options.h"
#include "record_store.h"

/// One file of flash, and what makes a killed process look like a power cut when tests ask for it.
struct device_flash {
    struct flash_file *file;
    struct flash_unsynced *unsynced; ///< NULL: not asked for.
    const struct flash_region *region;
};

struct device_storage {
    int lock_file; ///< Held as long as the process lives; -1 before.
    struct device_flash journal_flash;
    struct device_flash values_flash;
    struct record_store records;
    struct key_value unlocked;
    struct host_lock values_mutex;
    struct lock values_lock;
    struct key_value values; ///< From any task that may wait: one at a time.
    struct journal journal;
    uint32_t boot_id;
};

/// Makes options->data_dir if need be and claims it for this process.
///
/// @return STATUS_BUSY  another process uses the folder;
///         otherwise    what failed; `fault` says what and what to do.
MUST_CHECK enum status device_storage_claim(struct device_storage *storage,
                                            const struct options *options,
                                            char fault[OPTIONS_FAULT_SIZE]);

/// Opens everything in the claimed folder, and counts this boot.
///
/// @return what failed; `fault` says what and what to do.
MUST_CHECK enum status device_storage_open(struct device_storage *storage,
                                           const struct options *options,
                                           const struct entropy *entropy,
                                           char fault[OPTIONS_FAULT_SIZE]);

/// Why the flash last failed, in a few words.
const char *device_storage_fault(const struct device_storage *storage);

/// The journal's name in 32 hexadecimal digits.
void device_storage_name(const struct device_storage *storage, char out[2 * JOURNAL_ID_SIZE + 1]);

/// Closes what is open.
void device_storage_close(struct device_storage *storage);

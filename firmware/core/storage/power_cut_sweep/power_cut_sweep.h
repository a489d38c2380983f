// SPDX-License-Identifier: MIT
#pragma once

/// For the tests of what lies over a record store: cuts power at every step of every change, and
/// once more in what follows, and fails the test unless the old or the new is there, wholly.

#include <stdbool.h>
#include <stddef.h>

#include "flash_memory.h"
#include "record_store.h"
#include "status.h"

/// A device with a blank flash. Its changes are numbered from 1 and made in a row.
struct power_cut_sweep {
    struct flash_memory *flash;
    struct record_store *records;
    void *store; ///< What lies over the records: `store_size` bytes without pointers to themselves.
    size_t store_size;
    unsigned changes;
    enum status (*change)(unsigned number);
    bool (*holds)(unsigned number); ///< What this change left, and nothing else; 0: nothing yet.
    void (*open)(void);             ///< Records and store, as a boot does.
};

/// Ends with one change more than `changes` at most, and prints how many cuts there were.
void power_cut_sweep(const struct power_cut_sweep *sweep, const char *name);

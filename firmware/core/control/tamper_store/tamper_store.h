// SPDX-License-Identifier: MIT
#pragma once

/// Keeps over a power cut that the case was opened, and how often.
///
/// A record that cannot be read is no clean slate: it loads as latched, so that destroying the
/// record does not clear it.

#include <stdbool.h>

#include "key_value.h"
#include "status.h"
#include "tamper.h"

/// Owned by the caller. Use it only through the functions below.
struct tamper_store {
    const struct key_value *values;
    struct tamper_record kept; ///< Valid while `is_kept`.
    bool is_kept;
};

/// Binds the store; `values` must outlive it.
void tamper_store_init(struct tamper_store *store, const struct key_value *values);

/// Loads what is kept. A device that never kept anything was never opened.
///
/// @return STATUS_CORRUPT  the record is damaged: `*record` is latched, with count 0;
///         STATUS_IO       it cannot be read now: the same.
MUST_CHECK enum status tamper_store_load(struct tamper_store *store, struct tamper_record *record);

/// Makes `record` what is kept; writes only when it differs. May block for as long as the disk
/// does.
///
/// @return what key_value.set() returned; after a failure the next call tries again.
MUST_CHECK enum status tamper_store_keep(struct tamper_store *store, struct tamper_record record);

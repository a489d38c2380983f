// SPDX-License-Identifier: MIT
#pragma once

/// The relay states that survive a power cut, kept as one key-value record.
///
/// The button task publishes what is to be kept and never touches storage; another task calls
/// relay_store_keep() with it. A power cut between the two restores the state before the change.

#include <stdbool.h>
#include <stdint.h>

#include "key_value.h"
#include "status.h"

/// Storage for one store, owned by the caller. Use it only through the functions below.
struct relay_store {
    const struct key_value *values;
    uint8_t kept;
    bool is_kept; ///< `kept` is what the record holds.
};

/// Binds `store` to `values`, which must outlive it.
void relay_store_init(struct relay_store *store, const struct key_value *values);

/// Reads the states kept last, bit n for relay n. Without a record, or with one that fails its
/// check, every relay is open.
///
/// @return STATUS_OK       a record was there;
///         STATUS_MISSING  none was; `*mask` is 0;
///         STATUS_CORRUPT  it was not one of ours; `*mask` is 0;
///         STATUS_IO       storage failed; `*mask` is 0.
MUST_CHECK enum status relay_store_load(struct relay_store *store, uint8_t *mask);

/// Makes `mask` the states to be restored; writes only when it differs from what is kept. May block
/// for as long as the disk does.
///
/// @return what key_value.set() returned; after a failure the next call tries again.
MUST_CHECK enum status relay_store_keep(struct relay_store *store, uint8_t mask);

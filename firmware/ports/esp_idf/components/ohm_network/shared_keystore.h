// SPDX-License-Identifier: MIT
#pragma once

/// A keystore for several tasks: each call of the table holds a lock.
///
/// A store belongs to one task, but TLS signs in the tasks of the MQTT and HTTP clients. Whoever
/// else uses the store uses it through this table, too. A call waits for as long as another task's
/// call takes, a second with a slow chip.

#include "keystore.h"
#include "lock.h"

/// Owned by the caller; use it only through the table.
struct shared_keystore {
    const struct keystore *store;
    struct lock lock;
};

/// Makes the table; `shared` and `store` outlive it.
struct keystore shared_keystore_init(struct shared_keystore *shared, const struct keystore *store,
                                     struct lock lock);

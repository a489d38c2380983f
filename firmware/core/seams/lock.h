// SPDX-License-Identifier: MIT
#pragma once

/// Mutual exclusion between two tasks that may both wait. The button and sampling tasks never take
/// one.

#include <stdbool.h>

#include "status.h"

struct lock {
    void (*acquire)(void *ctx);

    /// @return false  another task holds the lock, perhaps for as long as a disk hangs.
    MUST_CHECK bool (*try_acquire)(void *ctx);

    void (*release)(void *ctx);
    void *ctx;
};

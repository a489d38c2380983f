// SPDX-License-Identifier: MIT
#pragma once

/// What the fleet's rules need from the machine: the time and randomness. Any thread may call.

#include <stddef.h>
#include <stdint.h>

struct fleet_host {
    int64_t (*utc_ms)(void *ctx);        ///< Unix time; may jump when the clock is set.
    uint64_t (*monotonic_ms)(void *ctx); ///< Never goes back.
    void (*fill_random)(void *ctx, uint8_t *out, size_t size); ///< For names, not for keys.
    void *ctx;
};

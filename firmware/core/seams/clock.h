// SPDX-License-Identifier: MIT
#pragma once

/// The device's two clocks. Monotonic time never jumps and counts from boot; wall time may be
/// absent.

#include <stdbool.h>
#include <stdint.h>

struct clock {
    uint64_t (*uptime_us)(void *ctx); ///< Monotonic, since boot.

    /// Tells Unix time and how far it may be off; false while the device does not know the time.
    bool (*utc_ms)(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms);

    void *ctx;
};

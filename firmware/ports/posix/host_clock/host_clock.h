// SPDX-License-Identifier: MIT
#pragma once

/// The clocks of a Linux host as a device's clocks, with a speed factor for tests.
///
/// At speed N the device's time runs N times as fast: ten minutes of an outage last one minute at
/// speed 10. Its wall-clock time then starts with the host's and runs away from it.

#include <stdint.h>

#include "clock.h"

enum { HOST_CLOCK_SPEED_LIMIT = 1000 };

/// Storage for one clock, owned by the caller. Use it only through the functions below.
struct host_clock {
    uint64_t start_us; ///< CLOCK_MONOTONIC at the device's boot.
    int64_t start_utc_ms;
    uint32_t speed;
};

/// The device boots now. `speed` is 1 to HOST_CLOCK_SPEED_LIMIT.
void host_clock_init(struct host_clock *clock, uint32_t speed);

/// The seam on `clock`, which must outlive it. From any task.
struct clock host_clock_seam(struct host_clock *clock);

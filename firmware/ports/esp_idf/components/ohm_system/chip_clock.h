// SPDX-License-Identifier: MIT
#pragma once

/// The device's clocks on an ESP32: esp_timer since boot, and UTC once somebody has told it.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_timer.h. UTC runs on with the crystal, whose error is taken
/// to be CHIP_CLOCK_DRIFT_PPM at most; the uncertainty grows by that.

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "freertos/FreeRTOS.h"

enum { CHIP_CLOCK_DRIFT_PPM = 40 };

/// Owned by the caller; use it only through the functions below, from any task.
struct chip_clock {
    portMUX_TYPE lock;
    bool is_known;
    int64_t told_utc_ms;
    uint64_t told_at_us; ///< Uptime when it was told.
    uint32_t uncertainty_ms;
};

void chip_clock_init(struct chip_clock *clock);

/// It is `utc_ms` now, give or take `uncertainty_ms`.
void chip_clock_tell(struct chip_clock *clock, int64_t utc_ms, uint32_t uncertainty_ms);

/// The seam on `clock`, which must outlive it.
struct clock chip_clock_seam(struct chip_clock *clock);

// SPDX-License-Identifier: MIT
#pragma once

/// The restart seam. ESP-IDF's own restart first lets drivers shut down, the radio among them, and
/// one that hangs would hold it up for ever: so the RTC's watchdog is set to reset the chip a
/// second later, whatever happens.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_system.h, hal/wdt_hal.h, and esp_system's own use of it in
/// system_internal.c.

#include "restart.h"

struct restart chip_restart(void);

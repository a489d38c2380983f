// SPDX-License-Identifier: MIT
#include "chip_restart.h"

#include <stdint.h>

#include "esp_system.h"
#include "hal/wdt_hal.h"
#include "soc/rtc.h"

enum { PATIENCE_MS = 1000 };

static void arm(void)
{
    wdt_hal_context_t watchdog = RWDT_HAL_CONTEXT_DEFAULT();
    const uint32_t ticks = (uint32_t)((uint64_t)PATIENCE_MS * rtc_clk_slow_freq_get_hz() / 1000);

    wdt_hal_init(&watchdog, WDT_RWDT, 0, false);
    wdt_hal_write_protect_disable(&watchdog);
    wdt_hal_config_stage(&watchdog, WDT_STAGE0, ticks, WDT_STAGE_ACTION_RESET_SYSTEM);
    wdt_hal_enable(&watchdog);
    wdt_hal_write_protect_enable(&watchdog);
}

static void now(void *ctx)
{
    (void)ctx;
    arm();
    esp_restart();
}

struct restart chip_restart(void)
{
    return (struct restart){ .now = now };
}

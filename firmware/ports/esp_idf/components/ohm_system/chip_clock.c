// SPDX-License-Identifier: MIT
#include "chip_clock.h"

#include "esp_timer.h"

enum { US_PER_MS = 1000 };

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return (uint64_t)esp_timer_get_time();
}

static bool utc_ms(void *ctx, int64_t *now_ms, uint32_t *uncertainty_ms)
{
    struct chip_clock *clock = ctx;
    const uint64_t now_us = uptime_us(NULL);

    portENTER_CRITICAL(&clock->lock);
    const bool is_known = clock->is_known;
    const int64_t told_utc_ms = clock->told_utc_ms;
    const uint64_t told_at_us = clock->told_at_us;
    const uint32_t told_uncertainty_ms = clock->uncertainty_ms;
    portEXIT_CRITICAL(&clock->lock);
    if (is_known) {
        const uint64_t passed_ms = (now_us - told_at_us) / US_PER_MS;
        *now_ms = told_utc_ms + (int64_t)passed_ms;
        *uncertainty_ms =
            told_uncertainty_ms + (uint32_t)(passed_ms * CHIP_CLOCK_DRIFT_PPM / 1000000);
    }
    return is_known;
}

void chip_clock_init(struct chip_clock *clock)
{
    *clock = (struct chip_clock){ .lock = portMUX_INITIALIZER_UNLOCKED };
}

void chip_clock_tell(struct chip_clock *clock, int64_t now_utc_ms, uint32_t uncertainty_ms)
{
    const uint64_t now_us = uptime_us(NULL);

    portENTER_CRITICAL(&clock->lock);
    clock->is_known = true;
    clock->told_utc_ms = now_utc_ms;
    clock->told_at_us = now_us;
    clock->uncertainty_ms = uncertainty_ms;
    portEXIT_CRITICAL(&clock->lock);
}

struct clock chip_clock_seam(struct chip_clock *clock)
{
    return (struct clock){ .uptime_us = uptime_us, .utc_ms = utc_ms, .ctx = clock };
}

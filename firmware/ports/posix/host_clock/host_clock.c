// SPDX-License-Identifier: MIT
#include "host_clock.h"

#include <sys/timex.h>
#include <time.h>

enum {
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    UNSYNCHRONISED_MS = 1000, ///< A host that no time service looks after is set by hand.
    LEAST_MS = 10,
};

/// 1 January 2024: an earlier clock was never set.
static const int64_t PLAUSIBLE_MS = 1704067200000;

static uint64_t read_us(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / NS_PER_US;
}

static uint64_t uptime_us(void *ctx)
{
    const struct host_clock *clock = ctx;
    return (read_us(CLOCK_MONOTONIC) - clock->start_us) * clock->speed;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    const struct host_clock *clock = ctx;
    struct timex kernel = { .modes = 0 };
    const int state = ntp_adjtime(&kernel);
    const int64_t host_ms = (int64_t)(read_us(CLOCK_REALTIME) / 1000);

    if (host_ms < PLAUSIBLE_MS) {
        return false;
    }
    *utc = clock->speed == 1 ? host_ms : clock->start_utc_ms + (int64_t)(uptime_us(ctx) / 1000);
    *uncertainty_ms = UNSYNCHRONISED_MS;
    if (state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0) {
        const long error_ms = kernel.maxerror / 1000;
        *uncertainty_ms = error_ms > LEAST_MS ? (uint32_t)error_ms : LEAST_MS;
    }
    return true;
}

void host_clock_init(struct host_clock *clock, uint32_t speed)
{
    *clock = (struct host_clock){ .start_us = read_us(CLOCK_MONOTONIC),
                                  .start_utc_ms = (int64_t)(read_us(CLOCK_REALTIME) / 1000),
                                  .speed = speed };
}

struct clock host_clock_seam(struct host_clock *clock)
{
    return (struct clock){ .uptime_us = uptime_us, .utc_ms = utc_ms, .ctx = clock };
}

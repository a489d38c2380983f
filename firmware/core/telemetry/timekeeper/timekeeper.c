// SPDX-License-Identifier: MIT
#include "timekeeper.h"

static uint32_t drift_ms(uint64_t elapsed_ms)
{
    const uint64_t drift = elapsed_ms * TIMEKEEPER_DRIFT_PPM / 1000000u;
    return drift > UINT32_MAX ? UINT32_MAX : (uint32_t)drift;
}

static uint32_t add_limited(uint32_t left, uint32_t right)
{
    return left > UINT32_MAX - right ? UINT32_MAX : left + right;
}

static bool disagrees(const struct timekeeper *timekeeper, const struct anchor *observed)
{
    int64_t expected_ms = 0;
    uint32_t uncertainty_ms = 0;

    if (!timekeeper_utc_ms(timekeeper, observed->uptime_ms, &expected_ms, &uncertainty_ms)) {
        return true;
    }
    const int64_t apart_ms = observed->utc_ms > expected_ms ? observed->utc_ms - expected_ms
                                                            : expected_ms - observed->utc_ms;
    return apart_ms > (int64_t)add_limited(uncertainty_ms, observed->uncertainty_ms);
}

void timekeeper_init(struct timekeeper *timekeeper)
{
    *timekeeper = (struct timekeeper){ .known = false };
}

bool timekeeper_observe(struct timekeeper *timekeeper, const struct anchor *observed)
{
    if (observed->utc_ms < 0 || observed->utc_ms > INT64_MAX / 4 ||
        observed->source == ANCHOR_SOURCE_NONE) {
        return false;
    }
    if (timekeeper->known && observed->source < timekeeper->best.source) {
        return false;
    }
    const bool better = !timekeeper->known || observed->source > timekeeper->best.source;
    const bool due =
        timekeeper->pending || better || disagrees(timekeeper, observed) ||
        observed->uptime_ms - timekeeper->anchored_uptime_ms >= TIMEKEEPER_ANCHOR_PERIOD_MS;

    // Between anchors the older observation stands, so that command expiry and stored readings are
    // judged by the same line of time.
    if (due) {
        timekeeper->best = *observed;
        timekeeper->known = true;
        timekeeper->pending = true;
    }
    return due;
}

void timekeeper_anchored(struct timekeeper *timekeeper, const struct anchor *anchor)
{
    timekeeper->anchored_uptime_ms = anchor->uptime_ms;
    timekeeper->pending = false;
}

bool timekeeper_utc_ms(const struct timekeeper *timekeeper, uint64_t uptime_ms, int64_t *utc_ms,
                       uint32_t *uncertainty_ms)
{
    if (!timekeeper->known) {
        return false;
    }
    const struct anchor *best = &timekeeper->best;
    const bool later = uptime_ms >= best->uptime_ms;
    const uint64_t elapsed_ms = later ? uptime_ms - best->uptime_ms : best->uptime_ms - uptime_ms;
    *utc_ms = best->utc_ms + (later ? (int64_t)elapsed_ms : -(int64_t)elapsed_ms);
    *uncertainty_ms = add_limited(best->uncertainty_ms, drift_ms(elapsed_ms));
    return true;
}

// SPDX-License-Identifier: MIT
#include "status_led.h"

enum { US_PER_MS = 1000 };

/// `blinks` times `on_ms` light, each followed by `off_ms` dark; the rest of the period is dark
/// too.
struct rhythm {
    uint32_t period_ms;
    uint32_t on_ms;
    uint32_t off_ms;
    uint32_t blinks;
};

static struct rhythm rhythm_of(enum status_led_pattern pattern)
{
    switch (pattern) {
    case STATUS_LED_PROVISIONING:
        return (struct rhythm){ .period_ms = 400, .on_ms = 200, .off_ms = 200, .blinks = 1 };
    case STATUS_LED_NETWORK:
        return (struct rhythm){ .period_ms = 1000, .on_ms = 100, .off_ms = 100, .blinks = 2 };
    case STATUS_LED_CONNECTED:
        return (struct rhythm){ .period_ms = 1000, .on_ms = 100, .off_ms = 900, .blinks = 1 };
    case STATUS_LED_DISCONNECTED:
        break;
    }
    return (struct rhythm){ .period_ms = 1000, .on_ms = 500, .off_ms = 500, .blinks = 1 };
}

void status_led_init(struct status_led *led, uint64_t now_us)
{
    *led = (struct status_led){ .pattern = STATUS_LED_DISCONNECTED, .since_us = now_us };
}

void status_led_show(struct status_led *led, enum status_led_pattern pattern, uint64_t now_us)
{
    if (pattern != led->pattern) {
        led->pattern = pattern;
        led->since_us = now_us;
    }
}

bool status_led_is_on(const struct status_led *led, uint64_t now_us)
{
    const struct rhythm rhythm = rhythm_of(led->pattern);
    const uint64_t phase_ms = (now_us - led->since_us) / US_PER_MS % rhythm.period_ms;
    const uint64_t blink_ms = rhythm.on_ms + rhythm.off_ms;
    return phase_ms / blink_ms < rhythm.blinks && phase_ms % blink_ms < rhythm.on_ms;
}

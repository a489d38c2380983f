// SPDX-License-Identifier: MIT
#pragma once

/// One light that tells the state of the network connection by its rhythm.
///
///   pattern       on and off, in milliseconds
///   disconnected  500 on, 500 off
///   provisioning  200 on, 200 off
///   network       100 on, 100 off, 100 on, 700 off: two blinks a second
///   connected     100 on, 900 off: one blink a second

#include <stdbool.h>
#include <stdint.h>

enum status_led_pattern {
    STATUS_LED_DISCONNECTED = 0, ///< Neither network nor broker.
    STATUS_LED_PROVISIONING,     ///< The set-up portal is open.
    STATUS_LED_NETWORK,          ///< Wi-Fi is up, the broker is not.
    STATUS_LED_CONNECTED,        ///< Wi-Fi and broker are up.
};

/// Storage for one light, owned by the caller. Use it only through the functions below.
struct status_led {
    enum status_led_pattern pattern;
    uint64_t since_us; ///< When the rhythm began.
};

/// Starts with STATUS_LED_DISCONNECTED.
void status_led_init(struct status_led *led, uint64_t now_us);

/// Chooses the rhythm. A new one starts with its first blink at once; asking for the present one
/// changes nothing.
void status_led_show(struct status_led *led, enum status_led_pattern pattern, uint64_t now_us);

/// Tells whether the light is on at `now_us`.
bool status_led_is_on(const struct status_led *led, uint64_t now_us);

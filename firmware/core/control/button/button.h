// SPDX-License-Identifier: MIT
#pragma once

/// One push button that knows how long it was held.
///
/// A contact counts as closed or open once it has read the same for BUTTON_DEBOUNCE_MS; the hold is
/// counted from the first closed reading to the first open one. A button that is down at the start
/// counts only after it was once up, so a stuck button cannot restart a device for ever.

#include <stdbool.h>
#include <stdint.h>

enum {
    BUTTON_DEBOUNCE_MS = 30,
    BUTTON_WIFI_RESET_MS = 3000,
    BUTTON_HOTSPOT_MS = 7000,
    BUTTON_FACTORY_RESET_MS = 10000,
    BUTTON_RESTART_MS = 12000,
};

/// What a hold asks for.
enum button_action {
    BUTTON_ACTION_NONE = 0,      ///< Held for less than 3 s.
    BUTTON_ACTION_WIFI_RESET,    ///< 3 s and more: forget the network's credentials.
    BUTTON_ACTION_HOTSPOT,       ///< 7 s and more: open the set-up portal.
    BUTTON_ACTION_FACTORY_RESET, ///< 10 s and more: forget everything.
    BUTTON_ACTION_RESTART,       ///< 12 s: start again at once, without waiting for the release.
};

enum button_state {
    BUTTON_STUCK, ///< Down since the start or since a restart was asked for; waits to come up.
    BUTTON_UP,
    BUTTON_CLOSING, ///< Reads closed, not yet for the debounce time.
    BUTTON_DOWN,
    BUTTON_OPENING, ///< Reads open, not yet for the debounce time.
};

enum button_event {
    BUTTON_READS_CLOSED,
    BUTTON_READS_OPEN,
    BUTTON_SETTLED,  ///< The last reading has stood for the debounce time.
    BUTTON_HELD_OUT, ///< The hold has reached the time of a restart.
};

/// The whole behaviour: where `event` leads from `state`.
enum button_state button_next(enum button_state state, enum button_event event);

/// What a hold of `held_ms` asks for.
enum button_action button_action_of(uint64_t held_ms);

/// Storage for one button, owned by the caller. Use it only through the functions below.
struct button {
    enum button_state state;
    uint64_t pressed_us;  ///< First closed reading of this hold.
    uint64_t released_us; ///< First open reading since then.
};

void button_init(struct button *button);

/// Takes one reading of the contact; call it about every 10 ms.
///
/// @return what has to be done now, mostly BUTTON_ACTION_NONE.
enum button_action button_step(struct button *button, bool closed, uint64_t now_us);

/// A static name such as "factory_reset"; never NULL.
const char *button_action_name(enum button_action action);

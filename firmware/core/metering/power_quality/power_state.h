// SPDX-License-Identifier: MIT
#pragma once

/// Whether a voltage is in a dip, a swell or an interruption: a pure state machine over what each
/// Urms(1/2) is against the thresholds (IEC 61000-4-30, single phase).
///
/// An interruption is a special case of a dip: both begin and end by thresholds of their own, so a
/// dip goes on while the voltage is interrupted, and both are reported.

#include <stdbool.h>

enum power_state {
    POWER_STATE_NORMAL = 0,
    POWER_STATE_DIP,
    POWER_STATE_INTERRUPTION, ///< And in a dip.
    POWER_STATE_SWELL,
    POWER_STATE_COUNT,
};

/// Where one Urms(1/2) lies, in shares of the declared voltage (defaults).
enum power_level {
    POWER_LEVEL_NONE = 0, ///< Below the interruption threshold (5 %).
    POWER_LEVEL_TRACE,    ///< Above that, within its hysteresis (5 to 7 %).
    POWER_LEVEL_LOW,      ///< Below the dip threshold (90 %).
    POWER_LEVEL_LOWISH,   ///< Above that, within its hysteresis (90 to 92 %).
    POWER_LEVEL_NORMAL,
    POWER_LEVEL_HIGHISH, ///< Within the swell's hysteresis (above 108, up to 110 %).
    POWER_LEVEL_HIGH,    ///< Above the swell threshold.
    POWER_LEVEL_COUNT,
};

/// Thresholds as shares of the declared voltage.
struct power_thresholds {
    double interruption; ///< 0.05
    double dip;          ///< 0.90
    double swell;        ///< 1.10
    double hysteresis;   ///< 0.02, of each.
};

/// Whether the levels are in order and the thresholds numbers.
bool power_thresholds_are_sound(const struct power_thresholds *thresholds);

/// `share` is Urms(1/2) over the declared voltage.
enum power_level power_level_of(const struct power_thresholds *thresholds, double share);

enum power_state power_state_next(enum power_state state, enum power_level level);

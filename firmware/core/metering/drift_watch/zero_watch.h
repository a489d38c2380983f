// SPDX-License-Identifier: MIT
#pragma once

/// Whether the zero of an input, its mean code, moves away from where it was.
///
/// The offset itself does no harm, since every window takes it out; but a bias that wanders takes
/// the room for the signal and tells of a fault. A zero drifts when its window means stay away from
/// their own mean over ten minutes by more than 1/ZERO_WATCH_SHARE of the converter's range for
/// more than some two seconds. A single window, however far off, is not enough: a load that steps
/// inside a cycle or an inrush has a mean for a moment. The flag ends when the slow mean has come
/// close. A creep is told from 1/ZERO_WATCH_SHARE of the range in ten minutes on. Through a sensor
/// that passes direct current, a load that draws it looks the same.

#include <stdint.h>

#include "adc_source.h"

enum {
    ZERO_WATCH_SHARE = 256,   ///< 16 codes of 4096.
    ZERO_WATCH_SLOW_S = 600,  ///< Time constant of what is taken for the zero.
    ZERO_WATCH_FAST_S = 3,    ///< Time constant of the departure.
    ZERO_WATCH_SETTLE_S = 10, ///< The start is only learned from.
};

struct zero_watch_input {
    double slow;      ///< The zero, codes.
    double departure; ///< From it, codes.
    double age_s;     ///< Time learned from.
};

/// Storage for one watch, owned by the caller. Use it only through the functions below.
struct zero_watch {
    double limit; ///< Codes.
    struct zero_watch_input input[ADC_INPUT_LIMIT];
};

/// Starts for a converter whose codes span `range`.
void zero_watch_init(struct zero_watch *watch, double range);

/// Takes the mean code of `input`, below ADC_INPUT_LIMIT, over a window of whole cycles.
void zero_watch_take(struct zero_watch *watch, unsigned input, double mean, double seconds);

/// Bit n is set while the zero of input n drifts.
uint16_t zero_watch_drifting(const struct zero_watch *watch);

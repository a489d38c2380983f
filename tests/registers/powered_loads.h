// SPDX-License-Identifier: MIT
#pragma once

/// The loads of a powered meter: windows as a sampling task makes them, and what they are.

#include <stdint.h>

#include "cycle_window.h"
#include "meter_registers.h"
#include "wiring.h"

enum {
    POWERED_CHANNELS = 3,
    POWERED_LOADS = 6, ///< Kinds of windows.
};

/// Lets a sampling task make the windows, each `window_ms` long, a multiple of 20. Returns the
/// wiring that they are for.
const struct wiring *powered_loads_make(uint32_t window_ms);

/// The window of load number `load`; 0 to POWERED_LOADS - 1.
const struct cycle_window *powered_loads_window(unsigned load);

/// What the codes of a channel mean, by definition: the mean of v i over a cycle, and the reactive
/// power of the fundamental of its Fourier series. The codes are rounded: next to a net of little
/// that is not what the load was meant to be.
struct meter_power powered_loads_power(unsigned load, unsigned channel);

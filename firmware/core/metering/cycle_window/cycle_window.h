// SPDX-License-Identifier: MIT
#pragma once

/// What the sampling task hands to the processing task: the sums of some whole cycles, or of a
/// fragment between them. Windows follow on without overlap; together they hold every frame that
/// arrived.

#include <stdbool.h>
#include <stdint.h>

#include "cycle_sums.h"
#include "reading.h"

struct cycle_window {
    struct cycle_sums sums;
    uint64_t ended_us; ///< Uptime at the end of the window.
    double rate_hz;    ///< Frames per second.
    uint32_t cycles;   ///< Whole cycles in the window; 0 in a fragment. A merged window holds
                       ///< whole windows.
    bool whole;       ///< Nothing but whole, sound cycles: fit for root mean squares and frequency.
    uint16_t clipped; ///< Bit n: input n touched a rail.
    uint16_t drifted; ///< Bit n: the zero of input n moves away.
    uint16_t quality; ///< Bits of enum reading_quality.
};

// SPDX-License-Identifier: MIT
#pragma once

/// For whoever wants the harmonics of a window as phasors, while they are at hand.

#include <stdbool.h>
#include <stdint.h>

#include "rfft.h"

/// One input of one window of whole cycles. All inputs of a window have the same beginning and end,
/// so their angles can be compared.
struct spectrum_bins {
    uint64_t ended_us; ///< Uptime; the same for all inputs of a window.
    double frequency_hz;
    uint32_t cycles; ///< Harmonic h is bin h * cycles.
    unsigned input;
    bool clipped;
    double scale;       ///< What a bin has to be divided by to be in codes, peak.
    const int32_t *bin; ///< RFFT_POINTS numbers, as rfft() leaves them; only for the time of the
                        ///< call.
};

struct spectrum_tap {
    void (*bins)(void *ctx, const struct spectrum_bins *bins);
    void *ctx;
};

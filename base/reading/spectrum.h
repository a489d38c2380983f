// SPDX-License-Identifier: MIT
#pragma once

/// The harmonics of one voltage or current: subgroups of IEC 61000-4-7, root mean square over a
/// number of 10/12-cycle windows.

#include <stdint.h>

#include "waveform_chunk.h"

enum { SPECTRUM_HARMONIC_COUNT = 50 };

struct spectrum {
    uint64_t uptime_ms;       ///< End of the last window.
    uint32_t span_ms;         ///< From the start of the first window to the end of the last.
    uint32_t windows;         ///< Windows in it; with rotation, fewer than the span holds.
    uint32_t frequency_mhz;   ///< Mean over the windows.
    uint32_t fundamental_rms; ///< Subgroup of order 1: steps of 10 mV, or of 0.1 mA.
    uint32_t distortion_ppm;  ///< THDS over orders 2 to 40, in millionths of the fundamental.
    uint8_t channel;
    uint8_t signal;   ///< enum signal_kind.
    uint16_t quality; ///< Bits of enum reading_quality.
    /// Subgroup of order h + 1 in millionths of the fundamental; element 0 is 1000000, or 0 when
    /// there is no fundamental. At most UINT32_MAX.
    uint32_t harmonic_ppm[SPECTRUM_HARMONIC_COUNT];
};

// SPDX-License-Identifier: MIT
#pragma once

/// How whoever wants the samples themselves listens to the sampling task: waveforms for harmonics,
/// half cycles for power quality, snapshots for events.
///
/// A tap is called by the sampling task, in the order of time, with codes that are linearised. It
/// must be quick and must not wait. Frames come in runs without a hole; every frame comes once,
/// and a boundary between the two frames that it separates, so
///
///     frames(0..31)  boundary(fraction)  frames(32..127)  frames(0..127)  gap()  frames(...)
///
/// means that a cycle ends `fraction` of the way from frame 31 to frame 32. Gaps may follow one
/// another without frames in between; what they lost adds up, unless it is unknown in one of them.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"

struct tap_boundary {
    double fraction;      ///< From the frame before (0) towards the frame after (1).
    double cycle_frames;  ///< Length of the cycle that ends here; 0 when none was seen whole.
    double period_frames; ///< Smoothed length of a cycle; 0 while none is known.
    double rate_hz;       ///< Frames per second, as the source last measured them; 0: nothing new.
    double
        delay_frames; ///< The reference's fundamental crossed zero so long before; may be negative.
    uint32_t cycles_per_window; ///< 10 or 12, as the frequency asks for.
    bool jumped;                ///< The cycle is no whole, sound one.
    bool window_ends;           ///< A 10/12-cycle window closed here.
    uint64_t uptime_us;         ///< At the frame after the boundary.
};

struct frame_tap {
    /// Frames `from` to `to` - 1 of `block`, none when they are equal.
    void (*frames)(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to);

    /// A cycle boundary lies before the next frame.
    void (*boundary)(void *ctx, const struct tap_boundary *boundary);

    /// Frames are missing before the next one; 0: it is not known how many.
    void (*gap)(void *ctx, uint64_t lost_frames);

    void *ctx;
};

/// Who wants the codes as the converter gave them, before they are straightened and before codes
/// beyond the rails are brought back. One for a sampling task, called before all else, once for
/// every block whose inputs are in their places.
struct code_tap {
    void (*codes)(void *ctx, const struct adc_block *block);
    void *ctx;
};

/// The most taps of one sampling task.
enum { FRAME_TAP_LIMIT = 4 };

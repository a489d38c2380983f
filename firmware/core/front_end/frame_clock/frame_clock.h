// SPDX-License-Identifier: MIT
#pragma once

/// How fast a converter really is, measured against the uptime clock.
///
/// Converters on the same chip as the processor run from dividers that are off by up to percents of
/// what was asked for, and frequency and energy are off by as much. The rate is counted over
/// stretches of FRAME_CLOCK_SPAN_US; until the first stretch of half a second is over it is the
/// nominal one. An error of the time stamps of e microseconds makes e / 8 millionths of the rate.

#include <stdbool.h>
#include <stdint.h>

enum {
    FRAME_CLOCK_FIRST_US = 500000, ///< After so long the first measurement is taken.
    FRAME_CLOCK_SPAN_US = 8000000, ///< Length of the later ones.
};

/// Storage for one clock, owned by the caller. Use it only through the functions below.
struct frame_clock {
    uint64_t rate_mhz;
    uint64_t begin_us;
    uint64_t begin_frames;
    uint64_t frames; ///< Ever, lost ones included.
    bool running;    ///< `begin_us` counts.
    bool measured;   ///< `rate_mhz` is not the nominal rate.
};

/// Starts with the rate in millihertz that was asked for.
void frame_clock_init(struct frame_clock *clock, uint64_t nominal_mhz);

/// `frames` more have passed, the last of them at `uptime_us`; lost ones count, when it is known
/// how many they were.
void frame_clock_pass(struct frame_clock *clock, uint64_t frames, uint64_t uptime_us);

/// It is not known how many frames have passed: the stretch in progress is given up.
void frame_clock_restart(struct frame_clock *clock);

/// Frames in a thousand seconds.
uint64_t frame_clock_rate_mhz(const struct frame_clock *clock);

/// Whether that was measured.
bool frame_clock_is_measured(const struct frame_clock *clock);

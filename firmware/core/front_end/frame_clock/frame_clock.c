// SPDX-License-Identifier: MIT
#include "frame_clock.h"

static const uint64_t MHZ_US = 1000000000; // Millihertz times microseconds in one cycle.

/// No stretch holds more frames than this, so that products stay within 64 bits.
static const uint64_t FRAME_LIMIT = UINT64_C(1) << 33;

void frame_clock_init(struct frame_clock *clock, uint64_t nominal_mhz)
{
    *clock = (struct frame_clock){ .rate_mhz = nominal_mhz };
}

static void begin(struct frame_clock *clock, uint64_t uptime_us)
{
    clock->begin_us = uptime_us;
    clock->begin_frames = clock->frames;
    clock->running = true;
}

void frame_clock_pass(struct frame_clock *clock, uint64_t frames, uint64_t uptime_us)
{
    clock->frames += frames;
    if (!clock->running || uptime_us <= clock->begin_us) {
        begin(clock, uptime_us);
        return;
    }
    const uint64_t spent_us = uptime_us - clock->begin_us;
    const uint64_t wanted_us = clock->measured ? FRAME_CLOCK_SPAN_US : FRAME_CLOCK_FIRST_US;
    if (spent_us < wanted_us) {
        return;
    }
    const uint64_t passed = clock->frames - clock->begin_frames;
    if (passed > 0 && passed < FRAME_LIMIT && frames < FRAME_LIMIT) {
        clock->rate_mhz = (passed * MHZ_US + spent_us / 2u) / spent_us;
        clock->measured = true;
    }
    begin(clock, uptime_us);
}

void frame_clock_restart(struct frame_clock *clock)
{
    clock->running = false;
}

uint64_t frame_clock_rate_mhz(const struct frame_clock *clock)
{
    return clock->rate_mhz;
}

bool frame_clock_is_measured(const struct frame_clock *clock)
{
    return clock->measured;
}

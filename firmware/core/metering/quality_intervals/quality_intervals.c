// SPDX-License-Identifier: MIT
#include "quality_intervals.h"

#include <stddef.h>

#include "portable_math.h"

static const uint64_t TEN_MINUTES_US = 600000000u;
static const uint64_t TWO_HOURS_US = 7200000000u;
static const int64_t TEN_SECONDS_US = 10000000;
static const int64_t YEAR_2020_MS = 1577836800000;
static const int64_t YEAR_2200_MS = 7258118400000;
static const int64_t STILL_US = 5000;
static const double LEAST_BLOCK_S = 5.0; ///< Less of 10 s has no frequency to speak of.
static const uint32_t SHORT_MS = 500;    ///< Two windows may lie across the ends of an interval.

void quality_intervals_init(struct quality_intervals *intervals,
                            const struct quality_intervals_port *port)
{
    *intervals = (struct quality_intervals){ .port = port };
    intervals->level[0].period_us = TEN_MINUTES_US;
    intervals->level[0].kind = INTERVAL_QUALITY_10MIN;
    intervals->level[1].period_us = TWO_HOURS_US;
    intervals->level[1].kind = INTERVAL_QUALITY_2H;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/// The interval or block in which the wall time `at` lies; an end belongs to what it ends.
static int64_t index_of(int64_t at, int64_t period_us)
{
    return floor_div(at - 1, period_us);
}

/// Uptime at which the interval of index `index` ends; never negative.
static uint64_t end_of(const struct quality_intervals *intervals, const struct quality_level *level,
                       int64_t index)
{
    const int64_t end = (index + 1) * (int64_t)level->period_us - intervals->offset_us;
    return end > 0 ? (uint64_t)end : 0;
}

static bool is_disturbed(const struct quality_intervals *intervals, uint64_t from_us,
                         uint64_t to_us)
{
    const struct quality_intervals_port *port = intervals->port;
    return port->disturbed != NULL && from_us < to_us && port->disturbed(port->ctx, from_us, to_us);
}

static uint32_t to_mhz(double hz)
{
    const int64_t mhz = portable_round(hz * 1000.0);
    return mhz < 0 ? 0 : mhz > UINT32_MAX ? UINT32_MAX : (uint32_t)mhz;
}

static void open_level(struct quality_level *level, int64_t index, uint64_t started_us,
                       uint8_t flags)
{
    level->index = index;
    level->started_us = started_us;
    level->sums = (struct interval_sums){ .seconds = 0.0 };
    level->frequency_low_hz = 0.0;
    level->frequency_high_hz = 0.0;
    level->flags = flags;
    level->open = true;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        struct quality_intervals_extreme *ahead = &level->ahead[n];
        if (ahead->known) {
            interval_sums_extreme(&level->sums, n, ahead->low_v);
            interval_sums_extreme(&level->sums, n, ahead->high_v);
        }
        ahead->known = false;
    }
}

static void close_level(struct quality_intervals *intervals, struct quality_level *level,
                        uint64_t ended_us)
{
    const uint64_t length_us = ended_us > level->started_us ? ended_us - level->started_us : 0;
    struct metering_interval interval = {
        .uptime_ms = ended_us / 1000u,
        .length_ms = (uint32_t)(length_us / 1000u > UINT32_MAX ? UINT32_MAX : length_us / 1000u),
        .kind = level->kind,
    };
    level->open = false;
    if (level->sums.windows == 0) {
        return;
    }
    interval_sums_tell(&level->sums, &interval);
    const bool has_blocks = level->frequency_high_hz > 0.0;
    interval.frequency_low_mhz =
        has_blocks ? to_mhz(level->frequency_low_hz) : interval.frequency_mhz;
    interval.frequency_high_mhz =
        has_blocks ? to_mhz(level->frequency_high_hz) : interval.frequency_mhz;
    // A clock that is being disciplined makes intervals a little shorter or longer.
    if (length_us + QUALITY_INTERVALS_SLEW_US < level->period_us ||
        interval.measured_ms + SHORT_MS < level->period_us / 1000u) {
        level->flags |= INTERVAL_SHORT;
    }
    if (!intervals->aligned) {
        level->flags |= INTERVAL_UNALIGNED;
    }
    if ((level->flags & INTERVAL_FLAGGED) != 0) {
        interval.quality |= READING_QUALITY_FLAGGED;
    }
    interval.flags = level->flags;
    intervals->port->closed(intervals->port->ctx, &interval);
}

/// Ends the 10 s in progress.
static void close_block(struct quality_intervals *intervals)
{
    if (intervals->block_s >= LEAST_BLOCK_S) {
        const double hz = (double)intervals->block_cycles / intervals->block_s;
        for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
            struct quality_level *level = &intervals->level[n];
            const bool first = !(level->frequency_high_hz > 0.0);
            if (first || hz < level->frequency_low_hz) {
                level->frequency_low_hz = hz;
            }
            if (first || hz > level->frequency_high_hz) {
                level->frequency_high_hz = hz;
            }
        }
    }
    intervals->block_cycles = 0;
    intervals->block_s = 0.0;
}

static int64_t wall(const struct quality_intervals *intervals, uint64_t at_us)
{
    return (int64_t)at_us + intervals->offset_us;
}

static void set_clock(struct quality_intervals *intervals, bool known, int64_t offset_us)
{
    intervals->aligned = known;
    intervals->offset_us = offset_us;
}

/// Takes over the time at `ended_us`; splits the intervals where the newest window ended when the
/// clock was set.
static void follow_clock(struct quality_intervals *intervals, bool utc_known, int64_t utc_ms,
                         uint64_t ended_us)
{
    const bool known = utc_known && utc_ms >= YEAR_2020_MS && utc_ms < YEAR_2200_MS;
    const int64_t offset_us = known ? utc_ms * 1000 - (int64_t)ended_us : 0;
    const int64_t step_us = offset_us - intervals->offset_us;
    const bool set = known != intervals->aligned || step_us > QUALITY_INTERVALS_SLEW_US ||
                     step_us < -QUALITY_INTERVALS_SLEW_US;
    if (!set && step_us > -STILL_US && step_us < STILL_US) {
        return; // Rounding to milliseconds; the ticks stay where they are.
    }
    if (!intervals->started || !set) {
        set_clock(intervals, known, offset_us);
        return;
    }
    close_block(intervals);
    const uint64_t at_us = intervals->last_us;
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        struct quality_level *level = &intervals->level[n];
        if (level->open) {
            level->flags |= INTERVAL_CLOCK_STEP;
            close_level(intervals, level, at_us);
        }
    }
    set_clock(intervals, known, offset_us);
    intervals->block = index_of(wall(intervals, ended_us), TEN_SECONDS_US);
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        struct quality_level *level = &intervals->level[n];
        open_level(level, index_of(wall(intervals, ended_us), (int64_t)level->period_us), at_us,
                   INTERVAL_CLOCK_STEP);
    }
}

/// Moves `level` on to the interval in which the window that ends at `ended_us` belongs.
static void turn_level(struct quality_intervals *intervals, struct quality_level *level,
                       uint64_t ended_us)
{
    const int64_t index = index_of(wall(intervals, ended_us), (int64_t)level->period_us);
    if (level->open && index > level->index) {
        const uint64_t tick_us = end_of(intervals, level, level->index);
        if (is_disturbed(intervals, intervals->last_us, tick_us)) {
            level->flags |= INTERVAL_FLAGGED;
        }
        close_level(intervals, level, tick_us);
        open_level(level, index, end_of(intervals, level, index - 1), 0);
    }
    const uint64_t from_us =
        intervals->last_us > level->started_us ? intervals->last_us : level->started_us;
    if (is_disturbed(intervals, from_us, ended_us)) {
        level->flags |= INTERVAL_FLAGGED;
    }
}

static void begin(struct quality_intervals *intervals, const struct window_report *report,
                  uint64_t ended_us)
{
    const double length_us = report->seconds * 1e6;
    const bool sound = length_us > 0.0 && length_us < (double)ended_us;
    const uint64_t started_us = sound ? ended_us - (uint64_t)length_us : 0;
    intervals->started = true;
    intervals->last_us = started_us;
    intervals->block = index_of(wall(intervals, ended_us), TEN_SECONDS_US);
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        struct quality_level *level = &intervals->level[n];
        open_level(level, index_of(wall(intervals, ended_us), (int64_t)level->period_us),
                   started_us, 0);
    }
}

static void add_three_seconds(struct quality_intervals *intervals,
                              const struct window_report *report)
{
    interval_sums_add(&intervals->three, report);
    if (intervals->three.windows >= QUALITY_INTERVALS_THREE_SECONDS) {
        intervals->three_seconds = intervals->three;
        intervals->three = (struct interval_sums){ .seconds = 0.0 };
    }
}

void quality_intervals_window(struct quality_intervals *intervals,
                              const struct window_report *report, bool utc_known, int64_t utc_ms)
{
    const uint64_t ended_us =
        report->ended_us > intervals->last_us ? report->ended_us : intervals->last_us;
    if (ended_us > (uint64_t)YEAR_2200_MS * 1000u) {
        return;
    }
    follow_clock(intervals, utc_known, utc_ms, ended_us);
    if (!intervals->started) {
        begin(intervals, report, ended_us);
    }
    const int64_t block = index_of(wall(intervals, ended_us), TEN_SECONDS_US);
    if (block != intervals->block) {
        close_block(intervals);
        intervals->block = block;
    }
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        turn_level(intervals, &intervals->level[n], ended_us);
        interval_sums_add(&intervals->level[n].sums, report);
    }
    add_three_seconds(intervals, report);
    if (report->whole && report->seconds > 0.0) {
        intervals->block_cycles += report->cycles;
        intervals->block_s += report->seconds;
    }
    intervals->last_us = ended_us;
}

static void widen(struct quality_intervals_extreme *extreme, double urms_v)
{
    if (!extreme->known || urms_v < extreme->low_v) {
        extreme->low_v = urms_v;
    }
    if (!extreme->known || urms_v > extreme->high_v) {
        extreme->high_v = urms_v;
    }
    extreme->known = true;
}

void quality_intervals_cycle(struct quality_intervals *intervals, unsigned channel, double urms_v,
                             uint64_t ended_us)
{
    if (channel >= READING_CHANNEL_COUNT) {
        return;
    }
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        struct quality_level *level = &intervals->level[n];
        if (level->open && ended_us <= end_of(intervals, level, level->index)) {
            interval_sums_extreme(&level->sums, channel, urms_v);
        } else {
            widen(&level->ahead[channel], urms_v);
        }
    }
}

void quality_intervals_distortion(struct quality_intervals *intervals, unsigned channel,
                                  uint32_t voltage_ppm, uint32_t current_ppm, double seconds)
{
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        interval_sums_distortion(&intervals->level[n].sums, channel, voltage_ppm, current_ppm,
                                 seconds);
    }
}

void quality_intervals_flush(struct quality_intervals *intervals)
{
    close_block(intervals);
    for (unsigned n = 0; n < QUALITY_INTERVALS_LEVELS; n++) {
        if (intervals->level[n].open) {
            close_level(intervals, &intervals->level[n], intervals->last_us);
        }
    }
    intervals->started = false;
}

// SPDX-License-Identifier: MIT
#pragma once

/// Aggregates of power quality: 10/12-cycle windows to 3 s, 10 minutes and 2 hours, as root mean
/// squares of root mean squares (IEC 61000-4-30, class S).
///
/// Intervals of 10 minutes and 2 hours are aligned to UTC; while the time is not known they are
/// aligned to uptime (INTERVAL_UNALIGNED). A window belongs to the interval in which it ends. A
/// clock that is set, by more than QUALITY_INTERVALS_SLEW_US, splits the intervals there, and both
/// parts say so (INTERVAL_CLOCK_STEP); nothing is stretched. An interval that a dip, swell or
/// interruption touches is flagged. The frequency is measured over 10 s, from the whole windows
/// that end between ticks of 10 s.

#include <stdbool.h>
#include <stdint.h>

#include "interval_sums.h"
#include "metering_interval.h"
#include "window_report.h"

enum {
    QUALITY_INTERVALS_SLEW_US = 500000, ///< A smaller step is a clock that is being disciplined.
    QUALITY_INTERVALS_LEVELS = 2,
    QUALITY_INTERVALS_THREE_SECONDS = 15, ///< Windows in 3 s: 150 or 180 cycles.
};

/// Who wants to know, and who knows of disturbances.
struct quality_intervals_port {
    void (*closed)(void *ctx, const struct metering_interval *interval);
    bool (*disturbed)(void *ctx, uint64_t from_us, uint64_t to_us); ///< As of a window_watcher.
    void *ctx;
};

struct quality_intervals_extreme {
    double low_v;
    double high_v;
    bool known;
};

/// One interval in progress.
struct quality_level {
    uint64_t period_us;
    uint64_t started_us;
    int64_t index; ///< Periods since the epoch of the time that it is aligned to.
    struct interval_sums sums;
    double frequency_low_hz;
    double frequency_high_hz;                                      ///< 0: none yet.
    struct quality_intervals_extreme ahead[READING_CHANNEL_COUNT]; ///< Cycles of the next one.
    uint8_t kind;                                                  ///< enum interval_kind.
    uint8_t flags;
    bool open;
};

/// Storage, owned by the caller. Use it only through the functions below.
struct quality_intervals {
    const struct quality_intervals_port *port;
    struct quality_level level[QUALITY_INTERVALS_LEVELS];
    struct interval_sums three;         ///< Of the 3 s in progress.
    struct interval_sums three_seconds; ///< The newest that are complete; `windows` 0 before.
    int64_t offset_us;                  ///< From uptime to the time that intervals are aligned to.
    bool aligned;
    bool started;
    uint64_t last_us; ///< End of the newest window.
    int64_t block;    ///< Index of the 10 s in progress.
    uint64_t block_cycles;
    double block_s;
};

/// `port` outlives `intervals`.
void quality_intervals_init(struct quality_intervals *intervals,
                            const struct quality_intervals_port *port);

/// Takes the next window. `utc_known` and `utc_ms` tell the time at its end; a time before 2020 is
/// not believed.
void quality_intervals_window(struct quality_intervals *intervals,
                              const struct window_report *report, bool utc_known, int64_t utc_ms);

/// Takes one Urms(1/2) of a channel, measured over the cycle that ended at `ended_us`. May run
/// ahead of the windows by less than an interval.
void quality_intervals_cycle(struct quality_intervals *intervals, unsigned channel, double urms_v,
                             uint64_t ended_us);

/// A channel's distortion was such for `seconds`.
void quality_intervals_distortion(struct quality_intervals *intervals, unsigned channel,
                                  uint32_t voltage_ppm, uint32_t current_ppm, double seconds);

/// Closes what there is: the device is about to stop.
void quality_intervals_flush(struct quality_intervals *intervals);

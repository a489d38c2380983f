// SPDX-License-Identifier: MIT
#pragma once

/// The load profile and the demand: mean import of the total in blocks of 15, 30 or 60 minutes that
/// are aligned to the local clock, and the highest demand since the last reset.
///
///   - Every block ends as a record (INTERVAL_DEMAND). A window across its end is shared out by
///     time, so blocks that follow on add up to what the registers counted.
///   - With sub-intervals of 1 to 5 minutes the demand slides: at the end of each, the mean over
///   the
///     last block length is put forward as the maximum. Without, only blocks are.
///   - A stretch is put forward only if it is whole: measured from end to end, no samples lost, no
///     time without a reference, length as set. A block that is not is marked INTERVAL_SHORT.
///   - While the time is not known, blocks follow uptime (INTERVAL_UNALIGNED), and their maximum
///   has
///     no time. When the clock becomes known, or steps by more than DEMAND_STEP_MS, the block is
///     closed there and another one begins, both marked INTERVAL_CLOCK_STEP; nothing is stretched.
///     Smaller corrections move the end of the running block.
///   - A window longer than a block (the device stood still for so long) is in no block; the
///     registers have it.
///
/// The total is net over its channels per window (meter_registers.h). One task owns a demand.

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "interval_sums.h"
#include "maximum_demand.h"
#include "record_sink.h"
#include "status.h"
#include "time_zone.h"
#include "window_report.h"

enum {
    DEMAND_STEP_MS = 2000,   ///< Corrections of the clock up to this do not split a block.
    DEMAND_PENDING = 2,      ///< Blocks that wait for a sink that refuses.
    DEMAND_SLICE_LIMIT = 60, ///< Sub-intervals of a block.
};

struct demand_settings {
    uint32_t block_min; ///< 15, 30 or 60.
    uint32_t sub_min;   ///< 0, or 1 to 5 that divide `block_min`.
};

/// What the total imported in a stretch of time.
struct demand_slice {
    uint64_t began_us;   ///< Uptime.
    int64_t ends_utc_us; ///< By the clock that it was begun with; uptime while none is known.
    uint64_t measured_us;
    int64_t import_mj;
    bool is_whole;
};

/// What is kept of a sub-interval that is over and was whole.
struct demand_share {
    int64_t import_mj;
    uint64_t measured_us;
};

/// Storage owned by the caller. Use it only through the functions below.
struct demand {
    const struct clock *clock;
    const struct time_zone *zone;
    const struct record_sink *sink;
    struct maximum_demand *maximum;
    const uint8_t *rate;
    struct window_watcher watcher;
    struct demand_settings settings;

    int64_t utc_offset_us; ///< UTC less uptime; 0 while the time is not known.
    bool utc_known;
    bool is_open;   ///< A block is running.
    uint64_t at_us; ///< Uptime up to which windows were taken.
    uint8_t flags;  ///< Of the running block.
    struct demand_slice block;
    struct demand_slice slice;
    struct interval_sums sums;

    struct demand_share ring[DEMAND_SLICE_LIMIT]; ///< The last sub-intervals, oldest first.
    uint32_t slices;

    struct metering_interval pending[DEMAND_PENDING];
    uint32_t pending_count;
    uint32_t lost; ///< Blocks that were given up because the sink refused for too long.
};

/// Binds the demand to its surroundings, which outlive it. `rate` is the tariff rate in force.
///
/// @return STATUS_INVALID  the settings are not as they should be.
MUST_CHECK enum status demand_init(struct demand *demand, const struct demand_settings *settings,
                                   const struct clock *clock, const struct time_zone *zone,
                                   const struct record_sink *sink, struct maximum_demand *maximum,
                                   const uint8_t *rate);

/// What looks on while windows become readings; lives in the demand.
const struct window_watcher *demand_watcher(const struct demand *demand);

/// Stores a new maximum, then the blocks that ended. Call it after each step of the processing
/// task. May block for as long as the disk does.
///
/// @return what storage said: the rest waits for the next step.
MUST_CHECK enum status demand_step(struct demand *demand);

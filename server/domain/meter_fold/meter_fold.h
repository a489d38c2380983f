// SPDX-License-Identifier: MIT
#pragma once

/// Everything that is derived from a device's records, in the order of their sequence numbers:
/// lifetime registers and roll-ups. The same records from the same state give the same result, so
/// the store keeps the state now and then, and what came later is folded again after a restart.
///
/// Records must have a place in time: the caller gives the anchor that is in force at the start of
/// each batch, and anchors inside the batch take over from there.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "meter_segment.h"
#include "rollup.h"

enum meter_direction { METER_IMPORT, METER_EXPORT, METER_DIRECTION_COUNT };

/// What the store keeps between two foldings.
struct meter_state {
    bool has_last;
    uint32_t boot_id;   ///< Of the last reading folded.
    uint64_t uptime_ms; ///< Of the last reading folded.
    int64_t time_ms;    ///< Of the last reading folded.
    struct meter_segment segment[ROLLUP_ROW_COUNT][METER_DIRECTION_COUNT]; ///< The total last.
};

/// A register that did not simply go on.
struct meter_notice {
    enum meter_event event;
    uint64_t seq;
    uint8_t channel; ///< READING_CHANNEL_COUNT: the total.
    enum meter_direction direction;
    int64_t time_ms;
};

/// Receives what the fold finds out.
struct meter_fold_sink {
    /// A minute is over, or its sums are wanted: merge `rows` (one per channel, the total last,
    /// some of them empty) into what is stored for `start_ms`. The same minute may come again, with
    /// more.
    MUST_CHECK enum status (*minute)(void *ctx, int64_t start_ms,
                                     const struct rollup rows[ROLLUP_ROW_COUNT]);
    MUST_CHECK enum status (*notice)(void *ctx, const struct meter_notice *notice);
    void *ctx;
};

/// A reading with its place in time.
struct placed_reading {
    uint32_t boot_id;
    uint64_t seq;
    int64_t time_ms; ///< End of the window.
    const struct reading *reading;
};

/// Takes the next reading into `state` and writes what its window adds to `samples`, one per
/// channel and the total last; those of channels that were not measured have `window_us` 0.
///
/// @param sink  for notices; NULL: nobody wants them.
/// @return what the sink returned.
MUST_CHECK enum status meter_state_take(struct meter_state *state,
                                        const struct placed_reading *placed,
                                        struct rollup_sample samples[ROLLUP_ROW_COUNT],
                                        const struct meter_fold_sink *sink);

/// Plain, so that the caller owns it; use it only through the functions.
struct meter_fold {
    struct meter_state state;
    struct anchor anchor; ///< In force.
    bool open;            ///< The minute below holds something.
    int64_t minute_ms;
    struct rollup rows[ROLLUP_ROW_COUNT];
};

/// Starts from what the store kept.
void meter_fold_init(struct meter_fold *fold, const struct meter_state *state);

/// Tells that the records to come are from a new journal: registers below are resets.
void meter_fold_begin_journal(struct meter_fold *fold);

/// Sets the anchor in force, at the start of a batch.
void meter_fold_set_anchor(struct meter_fold *fold, const struct anchor *anchor);

/// Folds one record; passes on what the sink returns.
MUST_CHECK enum status meter_fold_take(struct meter_fold *fold, uint32_t boot_id, uint64_t seq,
                                       const struct record *record,
                                       const struct meter_fold_sink *sink);

/// Hands the open minute to the sink, even though it is not over, and forgets it.
MUST_CHECK enum status meter_fold_flush(struct meter_fold *fold,
                                        const struct meter_fold_sink *sink);

/// The UTC time of `uptime_ms` under an anchor; absurd sums end at the limits of the calendar that
/// the store can hold (years 1 to 9999).
int64_t anchor_time_ms(const struct anchor *anchor, uint64_t uptime_ms);

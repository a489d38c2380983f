// SPDX-License-Identifier: MIT
#pragma once

/// Raw integer sums over a stretch of frames that begins and ends between two samples.
///
///     frames   . | x   x   x   x   x   x   x | .        x is summed as an integer;
///                begin                   end            the edges keep the codes on both sides
///
/// Gains, offsets and phases are applied afterwards, once per window: the sums themselves are
/// exact, and the same on every architecture. A stretch may have holes; what was lost is counted.
///
/// Sums stay exact while frames * code^2 < 2^63: days at 16 bits and 10 kHz, 6 s at 24 bits.

#include <stdint.h>

#include "adc_source.h"
#include "reading.h"
#include "wiring.h"

enum {
    CYCLE_SUMS_LAG_LIMIT = 256,                    ///< Longest lag of the voltage in frames.
    FRAME_HISTORY_PAST = CYCLE_SUMS_LAG_LIMIT + 1, ///< The frame before the block has a lag too.
};

/// A point in time between two frames, with what the converter saw around it.
struct sums_edge {
    double fraction; ///< From the frame before (0) towards the frame after (1).
    int32_t before[ADC_INPUT_LIMIT];
    int32_t after[ADC_INPUT_LIMIT];
    int32_t lagged_before[READING_CHANNEL_COUNT]; ///< The channel's voltage one lag earlier.
    int32_t lagged_after[READING_CHANNEL_COUNT];
};

/// The sums of one stretch. Frames after `begin` up to and including the one before `end` are in.
struct cycle_sums {
    uint64_t frames;      ///< Frames summed.
    uint64_t lost_frames; ///< Frames known to be missing.
    struct sums_edge begin;
    struct sums_edge end;
    int64_t sum[ADC_INPUT_LIMIT];          ///< Sum of x, of every input.
    int64_t square[ADC_INPUT_LIMIT];       ///< Sum of x x.
    int64_t cross[READING_CHANNEL_COUNT];  ///< Sum of v i, of every channel.
    int64_t lagged[READING_CHANNEL_COUNT]; ///< Sum of v' i, v' one lag earlier.
};

/// What came before the block in hand: the frame before it, and voltages as far back as the lag.
struct frame_history {
    uint32_t lag;                    ///< Frames, 1 to CYCLE_SUMS_LAG_LIMIT.
    uint32_t held;                   ///< Frames of the block taken last.
    int32_t newest[ADC_INPUT_LIMIT]; ///< The last frame of the block in hand.
    int32_t before[ADC_INPUT_LIMIT]; ///< The frame before the block in hand.
    int32_t voltage[READING_CHANNEL_COUNT][FRAME_HISTORY_PAST + ADC_FRAME_LIMIT];
};

/// Starts with silence and a lag of about a quarter of a 50 Hz cycle.
void frame_history_init(struct frame_history *history, double rate_hz);

/// Moves on to `block`, which has at least one frame; edges and sums refer to it from now on.
void frame_history_take(struct frame_history *history, const struct wiring *wiring,
                        const struct adc_block *block);

/// The edge between frames `frame` - 1 and `frame` of the block in hand, 0 <= frame < frame_count.
struct sums_edge frame_history_edge(const struct frame_history *history,
                                    const struct wiring *wiring, const struct adc_block *block,
                                    uint32_t frame, double fraction);

/// Empties `sums` and lets it begin at `begin`.
void cycle_sums_begin(struct cycle_sums *sums, const struct sums_edge *begin);

/// Adds frames `from` to `to` - 1 of the block in hand. Cheap: this is the hot path.
void cycle_sums_add(struct cycle_sums *sums, const struct wiring *wiring, unsigned input_count,
                    const struct adc_block *block, const struct frame_history *history,
                    uint32_t from, uint32_t to);

/// Adds the stretch `next`, which begins where `sums` ends, or after a hole.
void cycle_sums_join(struct cycle_sums *sums, const struct cycle_sums *next);

/// Measured length in frames, without what was lost.
double cycle_sums_length(const struct cycle_sums *sums);

/// Means over the stretch, by the trapezoidal rule with fractional ends; 0 for an empty stretch.
double cycle_sums_mean(const struct cycle_sums *sums, unsigned input);
double cycle_sums_mean_square(const struct cycle_sums *sums, unsigned input);
double cycle_sums_mean_product(const struct cycle_sums *sums, const struct wiring *wiring,
                               unsigned channel);
double cycle_sums_mean_lagged(const struct cycle_sums *sums, const struct wiring *wiring,
                              unsigned channel);

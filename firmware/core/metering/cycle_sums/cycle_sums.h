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
/// Of every input there are the sums of x, of x x, and of x times the cosine and the sine of an
/// oscillator that begins with phase 0 at the edge and runs at the pace of the mains. Each cycle is
/// a stretch of its own that begins near phase 0, so cycles that are joined add coherently, though
/// no cycle is as long as the next. Of every channel there are the sums of v i, with v of
/// the same frame, of one frame before and of one frame after.
///
/// Sums stay exact for CYCLE_SUMS_CODE_LIMIT^2 / (largest |code|)^2 times CYCLE_SUMS_FRAMES frames:
/// 131072 frames at 24 bits (13 s at 10 kHz), days at 16 bits. cycle_sums_room() tells.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "reading.h"
#include "wiring.h"

enum {
    CYCLE_SUMS_CODE_LIMIT = 1 << 23, ///< Codes lie from minus this up to this.
    CYCLE_SUMS_FRAMES = 65536,       ///< So many of the largest codes can be summed, and more.
};

/// A point in time between two frames, with what the converter saw around it.
struct sums_edge {
    double fraction;                  ///< From the frame before (0) towards the frame after (1).
    int32_t earlier[ADC_INPUT_LIMIT]; ///< Two frames before.
    int32_t before[ADC_INPUT_LIMIT];
    int32_t after[ADC_INPUT_LIMIT];
};

/// What belongs to the oscillator: it runs at OSCILLATOR_PEAK.
struct sums_wave {
    uint32_t step;        ///< Of the phase, a frame; 0: the oscillator does not run.
    uint32_t next_phase;  ///< Of the frame after the end.
    uint32_t first_phase; ///< Of the frame after the beginning.
    uint32_t first_step;
    uint64_t advance; ///< By how much the phase went on, over all frames.
    uint64_t frames;  ///< Frames that were correlated; may be fewer than were summed.
    int64_t cosine;   ///< Sums of the wave itself, which need not be whole turns long.
    int64_t sine;
    int64_t cosine_square;
    int64_t sine_square;
    int64_t cosine_sine;
    int64_t with_cosine[ADC_INPUT_LIMIT]; ///< Sum of x cos.
    int64_t with_sine[ADC_INPUT_LIMIT];   ///< Sum of x sin.
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
    int64_t behind[READING_CHANNEL_COUNT]; ///< Sum of v' i, v' one frame earlier than i.
    int64_t ahead[READING_CHANNEL_COUNT];  ///< Sum of v i', v one frame later than i'.
    struct sums_wave wave;
};

/// The block in hand and the two frames before it, ready for summing.
struct frame_history {
    int32_t newest[2]
                  [ADC_INPUT_LIMIT]; ///< The last frame of the block in hand, and the one before.
    int32_t before[2][ADC_INPUT_LIMIT]; ///< The last frame before the block, and the one before.
    bool begun;                         ///< A block has come.
    bool narrow;                        ///< All codes of the block and the last before are small.
    int16_t code[ADC_INPUT_LIMIT][ADC_FRAME_LIMIT + 1]; ///< Then they are here, the last before
                                                        ///< first.
    int16_t cosine[ADC_FRAME_LIMIT];
    int16_t sine[ADC_FRAME_LIMIT];
};

/// Starts before the first frame; what is not known of the time before is taken as equal to it.
void frame_history_init(struct frame_history *history);

/// Moves on to `block`, which has at least one frame; edges and sums refer to it from now on. Its
/// codes lie within CYCLE_SUMS_CODE_LIMIT.
void frame_history_take(struct frame_history *history, unsigned input_count,
                        const struct adc_block *block);

/// The edge between frames `frame` - 1 and `frame` of the block in hand, 0 <= frame < frame_count.
struct sums_edge frame_history_edge(const struct frame_history *history,
                                    const struct adc_block *block, uint32_t frame, double fraction);

/// Empties `sums` and lets it begin at `begin`, with an oscillator that stands still.
void cycle_sums_begin(struct cycle_sums *sums, const struct sums_edge *begin);

/// Lets the oscillator run: a cycle of the mains is expected to take `period_frames`. Comes before
/// the first frame. A period that makes no sense leaves it standing. At the edge its phase is
/// `start`: 0, or what cycle_sums_carry() says of the cycle before.
void cycle_sums_tune(struct cycle_sums *sums, double period_frames, int32_t start);

/// The phase in which the oscillator of the next cycle begins: three quarters of what this one is
/// beyond a whole turn at its end. So a boundary that is found late or early moves what follows by
/// a quarter of that only; boundaries that waver from cycle to cycle, as those next to a load that
/// skips every second one do, would else turn its current against the voltage. 0 when the
/// oscillator stands still, or is off by more than 1/512 of a turn: then it is its pace that is
/// wrong, and the boundary knows better.
int32_t cycle_sums_carry(const struct cycle_sums *sums);

/// Takes back what the oscillator found, when the cycle turned out to be `cycle_frames` long and
/// that is more than 1 % from what was expected. The stretch goes on without fundamental, and one
/// that it is joined to takes its fundamental from its other cycles.
void cycle_sums_check_tune(struct cycle_sums *sums, double cycle_frames);

/// Adds frames `from` to `to` - 1 of the block in hand. Cheap: this is the hot path.
void cycle_sums_add(struct cycle_sums *sums, const struct wiring *wiring, unsigned input_count,
                    const struct adc_block *block, struct frame_history *history, uint32_t from,
                    uint32_t to);

/// Counts a hole of `frames`, over which the oscillator runs on.
void cycle_sums_lose(struct cycle_sums *sums, uint64_t frames);

/// Whether both stretches together are still exact for codes of up to `largest_code`.
bool cycle_sums_room(const struct cycle_sums *sums, const struct cycle_sums *next,
                     uint32_t largest_code);

/// Adds the stretch `next`, which begins where `sums` ends, or after a hole.
void cycle_sums_join(struct cycle_sums *sums, const struct cycle_sums *next);

/// Measured length in frames, without what was lost.
double cycle_sums_length(const struct cycle_sums *sums);

/// Means over the stretch, in codes, by the trapezoidal rule with fractional ends; 0 for an empty
/// stretch.
double cycle_sums_mean(const struct cycle_sums *sums, unsigned input);
/// Of the same stretch one frame earlier, which is another mean unless it is whole cycles.
double cycle_sums_mean_earlier(const struct cycle_sums *sums, unsigned input);
double cycle_sums_mean_square(const struct cycle_sums *sums, unsigned input);

/// Means of v i with both of the same frame, v one frame earlier than i, v one frame later than i.
/// For a sinusoid of w radians a frame they are P, P cos w + Q sin w and P cos w - Q sin w, with
/// the product of both means (the offsets) on top.
double cycle_sums_mean_product(const struct cycle_sums *sums, const struct wiring *wiring,
                               unsigned channel);
double cycle_sums_mean_behind(const struct cycle_sums *sums, const struct wiring *wiring,
                              unsigned channel);
double cycle_sums_mean_ahead(const struct cycle_sums *sums, const struct wiring *wiring,
                             unsigned channel);

/// The fundamental of one input in codes, root mean square:
///
///     x(t) = offset + sqrt(2) (re cos a - im sin a) + harmonics,  a the angle of the oscillator
///
/// Angles of inputs of the same stretch may be compared; a by itself says nothing but how far the
/// boundary lies from the crossing. V1 times the conjugate of I1 is P1 + j Q1.
struct sums_phasor {
    double re;
    double im;
};

/// Finds the fundamental of an input by least squares of offset, cosine and sine over the stretch.
/// When the stretch is whole cycles to within 2 %, that number of cycles corrects for an oscillator
/// that was too fast or too slow. test_fundamental.c has the figures: 2e-5 of the fundamental for
/// ten whole cycles; third harmonic times mismatch comes on top.
///
/// @return false  less than about three quarters of a cycle were seen; `*phasor` is 0.
bool cycle_sums_fundamental(const struct cycle_sums *sums, unsigned input,
                            struct sums_phasor *phasor);

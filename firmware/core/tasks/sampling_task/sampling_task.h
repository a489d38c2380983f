// SPDX-License-Identifier: MIT
#pragma once

/// Turns blocks of codes into windows of whole mains cycles, and never waits for anybody.
///
///   - Every frame that the source delivers is in exactly one window; what the source lost is
///     counted.
///   - Windows begin and end between samples, on the same phase of the reference voltage.
///   - Cycles next to each other go into one window until it has its number. A stretch that is not
///     a whole, sound cycle (before the first boundary, around a gap or a phase jump, without
///     mains) becomes a window of its own, so it spoils no other; it counts for energy.
///   - A window is told when the cycle after it is over: when that one has jumped, the crossing
///     between them may have been moved, and the window is flagged, too.
///   - A rate that departs from the clock or moves, and a zero that moves, raise
///     READING_QUALITY_DRIFT.
///   - When the ring is full, summing goes on in the present window, and nothing is lost
///     (READING_QUALITY_MERGED).
///   - Whoever wants the samples themselves adds a frame_tap.
///
/// One task owns a sampling_task and calls its functions; the ring and the taps are the only ways
/// out.

#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "cycle_sums.h"
#include "cycle_window.h"
#include "frame_tap.h"
#include "linearity.h"
#include "mains_phase.h"
#include "rate_watch.h"
#include "ring.h"
#include "status.h"
#include "wiring.h"
#include "zero_watch.h"

/// A ring of so many windows rides out 1.6 s of stalled processing before windows merge, and takes
/// 10 KB; a device with little memory takes half of both.
enum { SAMPLING_TASK_WINDOWS = 8, SAMPLING_TASK_WINDOWS_SMALL = 4 };

struct sampling_settings {
    uint32_t cycles_per_window; ///< 0: 10 below 55 Hz and 12 above, about 200 ms (IEC 61000-4-30).
    double reference_floor_v;   ///< Peak of the smallest voltage that counts as mains.
};

/// 10 or 12 cycles, mains from 20 V peak.
struct sampling_settings sampling_settings_default(void);

struct sampling_counters {
    uint64_t frames;      ///< Frames received and summed.
    uint64_t lost_frames; ///< Frames known to be lost, or unusable after a channel swap.
    uint64_t gaps;        ///< Holes in the stream, of known and unknown length.
    uint64_t windows;     ///< Windows put into the ring.
    uint64_t merges;      ///< Times a window was complete and the ring was full.
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct sampling_task {
    const struct adc_source *source;
    const struct wiring *wiring;
    struct ring *ring;
    struct sampling_settings settings;
    struct sampling_counters counters;
    struct mains_phase phase;
    struct frame_history history;
    struct cycle_window window; ///< Cycles that are complete.
    struct cycle_sums cycle;    ///< The cycle in progress.
    uint32_t cycles_taken;      ///< Whole cycles in a row towards the window's number.
    bool complete;              ///< The window has its number, and waits for the next cycle.
    struct rate_watch rate_watch;
    struct zero_watch zero_watch;
    const struct frame_tap *tap[FRAME_TAP_LIMIT];
    uint32_t taps;
    struct code_tap code_tap; ///< Its function is NULL: nobody listens.
    const struct linearity_table *linearity[ADC_INPUT_LIMIT]; ///< NULL: codes stay as they are.
    uint16_t cycle_clipped;
    uint16_t cycle_quality;
    bool started;            ///< The first frame has come.
    bool ended;              ///< The source has ended.
    bool flushed;            ///< And its last window is in the ring.
    double rate_hz;          ///< Frames per second as the source last measured them.
    uint64_t rate_mhz;       ///< The same, as it was told.
    uint64_t start_rate_mhz; ///< As told at the start.
    uint32_t largest_code;   ///< What the sums have to hold.
    struct adc_block block;
};

/// Binds the task to its source, wiring and ring (slots of struct cycle_window), which outlive it.
///
/// @return STATUS_INVALID  the wiring does not fit the source, its range of codes is
///                         empty or beyond 24 bits, or the rate is outside 1 to 200 kHz.
MUST_CHECK enum status sampling_task_init(struct sampling_task *task,
                                          const struct adc_source *source,
                                          const struct wiring *wiring, struct ring *ring,
                                          const struct sampling_settings *settings);

/// Lets `tap` listen from the next frame on. It outlives the task; before the first step only.
///
/// @return STATUS_FULL  there are FRAME_TAP_LIMIT of them already.
MUST_CHECK enum status sampling_task_add_tap(struct sampling_task *task,
                                             const struct frame_tap *tap);

/// Lets `tap` listen to the codes as they come, and change the tables of sampling_task_linearise()
/// there. Before the first step only.
void sampling_task_tap_codes(struct sampling_task *task, const struct code_tap *tap);

/// Straightens the codes of `input` by `table`, before all else but the look for clipping; NULL
/// ends it. The table outlives the task or its replacement. Between steps only, and what is in the
/// table changes between steps or within the code_tap only.
///
/// @return STATUS_INVALID  there is no such input.
MUST_CHECK enum status sampling_task_linearise(struct sampling_task *task, unsigned input,
                                               const struct linearity_table *table);

/// Takes one block from the source. Call it again at once after STATUS_OK, soon (10 ms) after
/// another.
///
/// `now_us` is the uptime; a window's end is told by it, and the rate is judged by it.
///
/// @return STATUS_BUSY     nothing has arrived, or the source has ended and the ring is full;
///         STATUS_MISSING  the source has ended, and its last windows are in the ring;
///         STATUS_IO       the converter failed; a later call may succeed.
MUST_CHECK enum status sampling_task_step(struct sampling_task *task, uint64_t now_us);

// SPDX-License-Identifier: MIT
#pragma once

/// Keeps the samples of whole 10/12-cycle windows for whoever computes harmonics.
///
///   - A window begins and ends between samples, on boundaries that the sampling task tells.
///   - A window with a gap, a jump or without a mains boundary in it is dropped and counted, and
///     the next one says why (`missed`). One that touched a rail says on which inputs.
///   - A window is given out when the cycle after it is over. When that one has jumped, the
///   crossing
///     between them may have been moved, and the window is dropped, too.
///   - Nobody waits: while no slot is free, windows are passed over and counted.
///
/// The sampling task calls the tap. Another thread takes windows out; all that the two share is a
/// ring of slots in storage that the caller owns.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame_tap.h"
#include "ring.h"
#include "status.h"
#include "waveform_plan.h"

enum {
    WAVEFORM_HISTORY = (WAVEFORM_BEFORE + WAVEFORM_AFTER) * WAVEFORM_DECIMATION_LIMIT,
};

/// One window. Whoever has taken it may change the samples.
struct captured_window {
    uint64_t ended_us;   ///< Uptime of its end.
    double rate_hz;      ///< Samples per second, as measured at its end.
    int64_t start_q32;   ///< In samples from the first one, times 2^32.
    int64_t end_q32;     ///< The same.
    uint32_t cycles;     ///< Whole cycles from start to end.
    uint32_t decimation; ///< Each sample is the sum of so many frames.
    uint32_t count;      ///< Samples of each input.
    uint32_t capacity;   ///< From the first sample of one input to that of the next.
    uint16_t inputs;     ///< Bit n: input n is in it; lowest first.
    uint16_t clipped;    ///< Bit n: input n touched a rail.
    uint16_t missed;     ///< Bits of enum reading_quality: why windows before it were dropped.
    int32_t sample[];
};

struct waveform_counters {
    uint32_t captured;
    uint32_t gaps;         ///< Windows dropped for frames that were lost,
    uint32_t jumps;        ///< for a cycle that was not sound,
    uint32_t unreferenced; ///< and because no boundary came in time.
    uint32_t passed_over;  ///< Windows that found no free slot.
};

enum waveform_state {
    WAVEFORM_IDLE = 0,
    WAVEFORM_FILLING,
    WAVEFORM_TRAILING, ///< The end has come; the interpolation needs some frames more.
};

/// Storage for one capture, owned by the caller. Use it only through the functions below.
struct waveform_capture {
    struct waveform_plan plan;
    struct ring ring;
    struct waveform_counters counters; ///< Written by the sampling task.
    struct captured_window *window;    ///< Being filled.
    struct captured_window *unproven;  ///< Filled, until the cycle after it is over; NULL: none.
    enum waveform_state state;
    _Atomic uint32_t stay; ///< Written by the taking side: inputs that every window is to have.
    uint32_t turn;
    uint32_t cycles_wanted;
    uint32_t frames;   ///< In the window being filled.
    uint32_t trailing; ///< Frames still to come.
    double rate_hz;    ///< Frames per second.
    double next_fraction;
    uint32_t next_cycles; ///< Of the window that begins where this one ends; 0: none does.
    uint16_t missed;
    int64_t sum[ADC_INPUT_LIMIT]; ///< Of the frames towards the next sample.
    uint16_t remembered;          ///< Inputs in `history`.
    uint16_t history_clipped;     ///< Those of which a block in `history` touched a rail.
    uint32_t history_count;
    int32_t history[ADC_INPUT_LIMIT][WAVEFORM_HISTORY]; ///< The newest frames, newest last.
};

/// Begins with nothing captured. `storage` outlives the capture.
///
/// @return STATUS_INVALID  the plan is none of waveform_plan_make()'s;
///         STATUS_FULL     the storage is smaller than the plan.
MUST_CHECK enum status waveform_capture_init(struct waveform_capture *capture,
                                             const struct waveform_plan *plan, uint64_t *storage,
                                             size_t storage_size);

/// What the sampling task has to call. A gap gives out a window that waits for its next cycle:
/// nothing has moved its end.
struct frame_tap waveform_capture_tap(struct waveform_capture *capture);

/// Taking side: from the next window on all windows are those of a turn with these inputs (bit n:
/// input n), as long as there is one; 0 lets the rotation go on.
void waveform_capture_stay(struct waveform_capture *capture, uint16_t inputs);

/// Taking side: the oldest window, or NULL. It stays until it is released.
struct captured_window *waveform_capture_peek(struct waveform_capture *capture);

/// Taking side: gives the window back. Call it only after waveform_capture_peek() gave one.
void waveform_capture_release(struct waveform_capture *capture);

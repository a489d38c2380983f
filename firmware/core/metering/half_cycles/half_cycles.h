// SPDX-License-Identifier: MIT
#pragma once

/// Sums of every voltage over half cycles of the mains, without a hole, for Urms(1/2) of
/// IEC 61000-4-30.
///
/// A frame tap. A grid of half cycles runs at the frequency of the mains and follows the zero
/// crossings of the reference gently: by at most 0.1 % of its length a half cycle, so that two of
/// them are always one cycle, through a phase jump too. It learns the frequency from sound cycles
/// only, five in a row; while they stay away (a dip, an interruption) it runs free at the last one.
///
/// Time passes by the frames, at the measured rate. Time stamps of boundaries correct it: gently
/// where they are late, since codes may have waited to be read, and at once only where they are
/// late for 25 cycles in a row, or early by more than 50 ms.
///
/// Half cycles begin and end between frames; sums are trapezoidal integrals as in docs/metering.md.
/// They leave as integers, one record for each voltage and half cycle, through a ring. While the
/// ring is full, half cycles grow together (READING_QUALITY_MERGED); none is lost.

#include <stdbool.h>
#include <stdint.h>

#include "frame_tap.h"
#include "reading.h"
#include "ring.h"
#include "status.h"
#include "wiring.h"

enum {
    HALF_CYCLES_VOLTAGE_LIMIT = WIRING_VOLTAGE_LIMIT,
    HALF_CYCLES_RECORDS = 128,      ///< A ring of so many rides out 1.2 s with one voltage, 5 KB;
    HALF_CYCLES_RECORDS_SMALL = 64, ///< half of both for a device with little memory.
    HALF_CYCLES_ONE = 32768,        ///< One frame in the fixed-point fields.
};

/// One voltage during one half cycle, or several that grew together. Codes are as they come from
/// the converter, its offset included.
struct half_cycle {
    uint64_t ended_us;    ///< Uptime at the end.
    int64_t square;       ///< Integral of code^2 over frames.
    int64_t sum_q15;      ///< Integral of code over frames, times HALF_CYCLES_ONE.
    uint32_t length_q15;  ///< Frames that were measured, times HALF_CYCLES_ONE.
    uint32_t ended_frame; ///< Last frame in it, counted from the start modulo 2^32, lost ones too.
    uint16_t ended_q15;   ///< From that frame towards the next, times HALF_CYCLES_ONE.
    uint8_t voltage;      ///< Index among the voltages of the wiring.
    uint8_t halves;       ///< Half cycles in it, 1 unless merged; saturates.
    uint16_t quality;     ///< GAP, NO_REFERENCE, MERGED, PARTIAL: not locked yet, or CLIPPED:
                          ///< a code within it or within 128 frames touched a rail.
};

/// One end of a half cycle.
struct half_cycle_edge {
    uint32_t fraction_q15; ///< From the frame before towards the frame after.
    int32_t before;
    int32_t after;
};

/// What is being summed of one voltage.
struct half_cycle_sums {
    uint8_t input;
    struct half_cycle_edge begin;
    uint64_t square;
    int64_t sum;
    int32_t newest;          ///< Code of the last frame.
    bool clipped;            ///< A block that it has frames of touched a rail.
    struct half_cycle waits; ///< What the ring had no room for; `halves` 0 when nothing waits.
};

/// Storage for one tap, owned by the caller. Use it only through the functions below.
struct half_cycles {
    struct ring *ring;
    double rate_hz;
    unsigned voltages;
    struct half_cycle_sums voltage[HALF_CYCLES_VOLTAGE_LIMIT];
    uint64_t frames; ///< Frames since init, lost ones included: the next frame's number.
    uint32_t summed; ///< Frames in the half cycle in progress.
    double ends_at;  ///< Where it ends, in frames: between frames n and n + 1 when n <= ends_at < n
                     ///< + 1.
    double half_frames;    ///< Half a period.
    double shift;          ///< What is left of the way to the mains' zero crossings.
    double boundary_at;    ///< The newest boundary.
    uint32_t sound_cycles; ///< In a row.
    bool locked;           ///< The grid has found the mains once.
    bool begun;            ///< `begin` of the voltages is set.
    uint16_t quality;
    double clock_us; ///< Uptime at frame `clock_frame`, smoothed over the boundaries.
    uint64_t clock_frame;
    uint32_t late_cycles; ///< Time stamps in a row that were late.
    bool clock_set;
    struct frame_tap tap;
};

/// Binds the tap to a ring of struct half_cycle, which outlives it. The wiring is only read here.
/// `rate_mhz` is the rate of frames per thousand seconds until boundaries tell another;
/// `nominal_hz` serves until the mains are found.
///
/// @return STATUS_INVALID  the rate is outside 1 to 200 kHz or the frequency outside 40 to 70 Hz,
///                         or no channel is measured.
MUST_CHECK enum status half_cycles_init(struct half_cycles *half_cycles,
                                        const struct wiring *wiring, struct ring *ring,
                                        uint64_t rate_mhz, double nominal_hz);

/// What to hand to the sampling task; valid as long as `half_cycles`.
const struct frame_tap *half_cycles_tap(const struct half_cycles *half_cycles);

/// How many different voltages the wiring has, and on which input each is: those of the channels in
/// order, each once. Beyond the limit, which wiring_check() sees to, they are left out.
unsigned half_cycles_voltages(const struct wiring *wiring,
                              uint8_t input[HALF_CYCLES_VOLTAGE_LIMIT]);

// SPDX-License-Identifier: MIT
#pragma once

/// Finds where the cycles of the mains begin, to a small fraction of a sample.
///
/// The reference voltage passes a band-limiting filter of integers: the difference to a quarter of
/// a 50 Hz cycle ago (which removes any offset at once and for good) and two moving averages (which
/// take away what could make a second zero crossing). The filter has the same delay for every
/// frequency, so the distance of two crossings is that of the mains. A crossing counts after
/// hysteresis and dead time, and lies where a least-squares line through the samples around it
/// meets zero. Works from 40 to 70 Hz at 1 to 200 thousand samples a second; knows no nominal
/// frequency. docs/metering.md has the figures.
///
/// A boundary is reported a constant time after the crossing that it stands for: windows are whole
/// cycles long, and where in the cycle they begin makes no difference.

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum {
    MAINS_PHASE_HISTORY = 80, ///< A quarter of a cycle at the decimated rate, with room.
    MAINS_PHASE_FIT = 16,     ///< Most samples under one line.
};

struct mains_phase_boundary {
    uint32_t frame;      ///< The boundary lies between frame - 1 and frame of the run that was fed.
    double fraction;     ///< How far from frame - 1 to frame, 0 <= fraction < 1.
    double cycle_frames; ///< Length of the cycle that ends here; 0 when none was seen whole.
    bool jumped; ///< That length differs from its predecessors' by more than 0.5 %, or the one of
                 ///< the cycle before did, so that the boundary between them is in doubt.
};

/// A moving sum over a ring of samples.
struct mains_phase_average {
    int64_t history[MAINS_PHASE_HISTORY];
    int64_t sum;
    uint32_t length;
    uint32_t position;
};

/// Storage for one tracker, owned by the caller. Use it only through the functions below.
struct mains_phase {
    double rate_hz;      ///< Frames per second.
    uint32_t decimation; ///< Frames per filtered sample.
    uint32_t fit_half;   ///< The line is fitted to twice as many samples.
    uint32_t settle;     ///< Samples until the filter is full.
    int64_t floor;       ///< Peak of the filtered signal below which there is no mains.
    uint64_t frames;     ///< Frames fed since init.
    int64_t collected;   ///< Sum of frames towards the next filtered sample.
    uint32_t collected_count;
    int64_t comb[MAINS_PHASE_HISTORY];
    uint32_t comb_length;
    uint32_t comb_position;
    struct mains_phase_average first;
    struct mains_phase_average second;
    int64_t recent[MAINS_PHASE_FIT];
    uint64_t samples;    ///< Filtered samples since the last restart.
    uint64_t crossed_at; ///< Sample of the last accepted crossing.
    int64_t peak;        ///< Of the cycle in progress.
    int64_t hysteresis;
    int direction; ///< 1 rising, -1 falling, 0 not chosen yet.
    bool armed_rising;
    bool armed_falling;
    uint32_t fit_wait; ///< Samples until the crossing has enough right neighbours; 0: none waits.
    uint64_t pending_frame; ///< The first frame after the boundary that is to be reported.
    double pending_at;      ///< That boundary, in frames since init.
    double last_at;         ///< The last reported boundary.
    bool has_last;
    double period_frames; ///< Smoothed; 0 before the first whole cycle.
    bool jumped_last;     ///< The length of the last cycle was not that of its predecessors.
    uint32_t odd_cycles;  ///< Cycles in a row that differed from the smoothed length.
};

/// Starts to look for the mains in `rate_mhz` frames per thousand seconds. `floor_codes` is the
/// peak of the smallest voltage that counts as mains.
///
/// @return STATUS_INVALID  the rate is outside 1 to 200 kHz, or the floor is not positive.
MUST_CHECK enum status mains_phase_init(struct mains_phase *phase, uint64_t rate_mhz,
                                        double floor_codes);

/// Takes the codes of one run of frames and finds the first boundary in it.
///
/// Returns true when a boundary was found; then only the frames up to and including
/// `boundary->frame` were taken, and the caller comes again with the rest. Returns false when all
/// were taken. A boundary that falls between two runs is reported as frame 0 of the second.
bool mains_phase_feed(struct mains_phase *phase, const int32_t *codes, uint32_t count,
                      struct mains_phase_boundary *boundary);

/// Forgets the signal, not the frequency: frames were lost, and the filter has to fill again.
void mains_phase_restart(struct mains_phase *phase);

/// Whether a crossing was seen within the last cycle of the slowest mains.
bool mains_phase_has_reference(const struct mains_phase *phase);

/// The smoothed length of a cycle in frames; 0 while none is known.
double mains_phase_period(const struct mains_phase *phase);

/// How many frames before a boundary the fundamental of the signal crossed zero, from the delays of
/// the filter and the present period; may be negative. 0 while no period is known.
double mains_phase_delay(const struct mains_phase *phase);

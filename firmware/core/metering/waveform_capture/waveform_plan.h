// SPDX-License-Identifier: MIT
#pragma once

/// Which windows of samples are kept for harmonics, and how much room that takes.
///
/// In rotation each window holds the voltage and the current of one channel, and the next window
/// those of the next channel; a meter with little memory sees every channel every few seconds. At
/// once, each window holds every input that is wired. Rates that need more room than there is are
/// brought down by adding up to four frames to one sample. That is a moving average: it is no
/// substitute for an anti-alias filter, and its droop is given back (resampler_gain()).

#include <stddef.h>
#include <stdint.h>

#include "reading.h"
#include "status.h"
#include "wiring.h"

enum {
    WAVEFORM_DECIMATION_LIMIT = 4,
    WAVEFORM_SLOWEST_RATE_HZ = 6400, ///< Of samples that are sums: the 50th of 60 Hz is in them.
    WAVEFORM_SLOWEST_HZ = 44,        ///< Ten cycles of this mains still fit into a window.
    WAVEFORM_BEFORE = 4,             ///< Samples kept before a window,
    WAVEFORM_AFTER = 6,              ///< and after it, for the interpolation.
};

enum waveform_mode {
    WAVEFORM_ROTATION = 0,
    WAVEFORM_AT_ONCE,
};

struct waveform_plan {
    uint64_t rate_mhz;                    ///< Frames per thousand seconds.
    uint32_t decimation;                  ///< Frames in one sample.
    uint32_t samples;                     ///< Room for so many of each input.
    uint32_t inputs;                      ///< Most inputs in one window.
    uint32_t slots;                       ///< Windows that may wait; a power of two.
    uint32_t turns;                       ///< Elements of `turn`.
    uint16_t turn[READING_CHANNEL_COUNT]; ///< Bit n: input n is in this window.
};

/// Plans for `storage_size` bytes of storage, with as little decimation as they allow. One slot
/// gives every second window, since the one after it has begun when it is handed over; two or
/// more give all of them, as long as they are taken in time.
///
/// @return STATUS_INVALID  the wiring has no channel, the rate is not 1 to 200 kHz, or the slots
///                         are not a power of two;
///         STATUS_FULL     the storage is too small, or has to be larger for this rate:
///                         waveform_plan_size() says how large.
MUST_CHECK enum status waveform_plan_make(struct waveform_plan *plan, const struct wiring *wiring,
                                          enum waveform_mode mode, uint64_t rate_mhz,
                                          uint32_t slots, size_t storage_size);

/// Bytes of storage for `inputs` inputs in each of `slots` windows, when `decimation` frames are
/// added to one sample.
size_t waveform_plan_size(uint64_t rate_mhz, uint32_t decimation, uint32_t inputs, uint32_t slots);

/// Bytes of storage that `plan` uses, and of one slot of it.
size_t waveform_plan_storage(const struct waveform_plan *plan);
size_t waveform_plan_slot(const struct waveform_plan *plan);

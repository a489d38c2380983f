// SPDX-License-Identifier: MIT
#pragma once

/// Turns captured windows into the harmonics of every input: newest levels for whoever asks, and
/// records of spectra that survive.
///
///   - Harmonics are subgroups of IEC 61000-4-7, joined over time as root mean squares.
///   - No window, no spectrum: without mains to measure against nothing is said, and an input with
///     next to no fundamental has no harmonics.
///   - A spectrum counts as measured when `sink` has taken it. While the sink refuses, it grows by
///     what follows (READING_QUALITY_MERGED); nothing is lost, and nothing piles up.
///
/// An input that several channels share is given once, under the first of them. One task owns a
/// spectrum_task and calls its functions; it is the one that takes from the waveform_capture.

#include <stdbool.h>
#include <stdint.h>

#include "calibration.h"
#include "harmonics.h"
#include "record.h"
#include "record_sink.h"
#include "spectrum_tap.h"
#include "status.h"
#include "waveform_capture.h"
#include "window_report.h"
#include "wiring.h"

struct spectrum_settings {
    uint32_t spectrum_ms;     ///< Length of a recorded spectrum; 0 records none.
    uint32_t level_ms;        ///< Length over which the newest levels are joined.
    double floor_codes;       ///< Fundamentals below this, rms, are noise.
    uint32_t converter_sincs; ///< Averages over one frame in the converter (3: a sinc^3 filter).
};

/// 60 s, 3 s, two codes, none.
struct spectrum_settings spectrum_settings_default(void);

struct spectrum_counters {
    uint64_t windows; ///< Taken from the capture.
    uint64_t spectra; ///< Committed.
    uint64_t refused; ///< Times the sink refused.
};

/// What the newest windows of an input say together.
struct spectrum_level {
    uint64_t at_us;          ///< Uptime at the end of the last of them; 0: there was none yet.
    double rms;              ///< Subgroup of order 1, in volts or amperes.
    uint32_t distortion_ppm; ///< THDS; 0 when there is no fundamental.
    uint16_t quality;        ///< Bits of enum reading_quality.
};

/// Sums of what one input showed, towards a spectrum and towards a level.
struct spectrum_sums {
    double square[HARMONICS_COUNT]; ///< Mean squares in codes, added over `windows`.
    double frequency_mhz;           ///< Added.
    uint64_t started_us;
    uint64_t ended_us;
    uint32_t windows;
    uint16_t quality;
    bool refused;
    double level_fundamental;
    double level_distortion;
    uint64_t level_started_us;
    uint32_t level_windows;
    uint16_t level_quality;
    struct spectrum_level level;
};

/// The product of the fundamentals of a channel's voltage and current.
struct spectrum_phase {
    double in_phase;  ///< Added.
    double lagging;   ///< Added; positive when the current lags.
    double angle_rad; ///< Newest, over level_ms.
    uint64_t started_us;
    uint64_t at_us; ///< 0: there is none.
    uint32_t windows;
};

/// One input's fundamental in the window in hand.
struct spectrum_phasor {
    double re;
    double im;
};

/// What the task works with. All of it outlives the task.
struct spectrum_task_parts {
    const struct wiring *wiring;
    const struct calibration *calibration; ///< NULL, or was checked; changes only between steps.
    struct waveform_capture *capture;
    const struct record_sink *sink;
    struct record *record;      ///< Too large for a small stack; in use during a step only, so
                                ///< tasks of one thread share it.
    struct spectrum_sums *sums; ///< Storage for `inputs` of them,
    unsigned inputs;            ///< of the source.
    /// Knows of dips, swells and interruptions, for the thread of this task; NULL: nobody does.
    const struct window_watcher *watcher;
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct spectrum_task {
    const struct wiring *wiring;
    const struct calibration *calibration;
    struct waveform_capture *capture;
    const struct record_sink *sink;
    struct record *record; ///< Of the caller.
    struct spectrum_settings settings;
    struct spectrum_counters counters;
    struct spectrum_sums *input; ///< Of the caller.
    unsigned inputs;
    const struct window_watcher *watcher; ///< NULL: nobody knows of events.
    const struct spectrum_tap *tap;       ///< NULL: nobody listens.
    struct spectrum_phase channel[READING_CHANNEL_COUNT];
    struct spectrum_phasor phasor[ADC_INPUT_LIMIT];
    double gain[HARMONICS_COUNT];
    int32_t bins[RFFT_POINTS];
};

/// Begins with nothing summed.
///
/// @return STATUS_INVALID  the settings ask for levels of no length, a floor that is not positive
///                         or more than eight averages in the converter, or the wiring has more
///                         inputs.
MUST_CHECK enum status spectrum_task_init(struct spectrum_task *task,
                                          const struct spectrum_task_parts *parts,
                                          const struct spectrum_settings *settings);

/// Lets `tap` (which outlives the task) see every transform; NULL: nobody does.
void spectrum_task_listen(struct spectrum_task *task, const struct spectrum_tap *tap);

/// Takes every window from the capture and commits the spectra that are complete.
///
/// @return STATUS_OK    no window and no spectrum waits;
///         otherwise    what the sink said: spectra wait and will be offered again by the next
///                      step.
MUST_CHECK enum status spectrum_task_step(struct spectrum_task *task);

/// As spectrum_task_step(), and commits what there is, however short (READING_QUALITY_PARTIAL).
MUST_CHECK enum status spectrum_task_flush(struct spectrum_task *task);

/// The newest level of a channel's voltage or current, for intervals of power quality and the
/// like.
///
/// @return STATUS_MISSING  there is none, or it is older than five times level_ms at `now_us`.
MUST_CHECK enum status spectrum_task_level(const struct spectrum_task *task, unsigned channel,
                                           enum signal_kind signal, uint64_t now_us,
                                           struct spectrum_level *level);

/// By how much the fundamental of a channel's current lags that of its voltage, in radians from
/// -pi to pi, with delays and leads of the calibration taken away.
///
/// @return STATUS_MISSING  as spectrum_task_level(), or one of the two is next to nothing.
MUST_CHECK enum status spectrum_task_angle(const struct spectrum_task *task, unsigned channel,
                                           uint64_t now_us, double *angle_rad);

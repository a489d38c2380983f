// SPDX-License-Identifier: MIT
#pragma once

/// Everything between a converter and the readings, put together as a device does, for tests that
/// look at the engine as a whole.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "calibration.h"
#include "half_cycles.h"
#include "power_quality.h"
#include "processing_task.h"
#include "record_sink.h"
#include "ring.h"
#include "sampling_task.h"
#include "spectrum_task.h"
#include "status.h"
#include "waveform_capture.h"
#include "window_report.h"
#include "wiring.h"

enum whole_engine_part {
    WHOLE_ENGINE_SAMPLING = 0, ///< Blocks to windows, with the taps.
    WHOLE_ENGINE_PROCESSING,   ///< Windows to readings.
    WHOLE_ENGINE_QUALITY,      ///< Half cycles to Urms(1/2) and events.
    WHOLE_ENGINE_SPECTRUM,     ///< Windows of samples to harmonics.
    WHOLE_ENGINE_PART_COUNT,
};

/// The name of a part.
const char *whole_engine_part_name(enum whole_engine_part part);

/// Who watches the engine at work. A function that is NULL is not called.
struct whole_engine_watcher {
    void (*window)(void *ctx, const struct window_report *report);
    void (*half_cycle)(void *ctx, const struct power_quality_update *update);
    void (*part)(void *ctx, enum whole_engine_part part); ///< That part of a step is done.
    void *ctx;
};

struct whole_engine_settings {
    const struct adc_source *source;
    const struct wiring *wiring;
    const struct reading_sink *readings;
    const struct record_sink *records; ///< Events; what it refuses is gone.
    const struct frame_tap *tap;       ///< One more, or NULL.
    struct sampling_settings sampling;
    struct processing_settings processing;
    struct power_quality_settings quality;
    struct spectrum_settings spectrum;
    enum waveform_mode spectrum_mode;
    uint64_t *spectrum_storage; ///< NULL: no harmonics.
    size_t spectrum_storage_size;
    struct whole_engine_watcher watcher;
};

/// Storage for one engine, owned by the caller. Use it only through the functions below.
struct whole_engine {
    struct whole_engine_settings settings;
    struct sampling_task sampling;
    struct processing_task processing;
    struct window_watcher window_watcher;
    struct ring windows;
    struct cycle_window window_slot[SAMPLING_TASK_WINDOWS];
    struct half_cycles half_cycles;
    struct ring halves;
    struct half_cycle half_slot[HALF_CYCLES_RECORDS];
    struct power_quality quality;
    struct calibration calibration;
    struct waveform_capture capture;
    struct frame_tap capture_tap;
    struct spectrum_task spectrum;
    bool has_spectrum;
};

/// The settings that a device begins with; source, wiring and sinks are the caller's to fill in.
struct whole_engine_settings whole_engine_settings_default(void);

/// Puts the parts together. What the settings point to outlives the engine. Where the rate or the
/// storage is not fit for harmonics, there are none (`has_spectrum`).
///
/// @return STATUS_INVALID  a part has refused its settings.
MUST_CHECK enum status whole_engine_init(struct whole_engine *engine,
                                         const struct whole_engine_settings *settings);

/// One step of every part: the next block goes as far as it can.
///
/// @return what sampling_task_step() says; STATUS_MISSING once the source has ended and all that it
///         gave has been committed.
MUST_CHECK enum status whole_engine_step(struct whole_engine *engine, uint64_t now_us);

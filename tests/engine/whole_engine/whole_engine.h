// SPDX-License-Identifier: MIT
#pragma once

/// Everything between a converter and the records, put together as a device does, for tests that
/// look at the engine as a whole.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_source.h"
#include "calibration.h"
#include "clock.h"
#include "demand.h"
#include "half_cycles.h"
#include "key_value.h"
#include "linearity.h"
#include "maximum_demand.h"
#include "processing_task.h"
#include "quality_task.h"
#include "record_sink.h"
#include "ring.h"
#include "sampling_task.h"
#include "snapshot.h"
#include "spectrum_task.h"
#include "status.h"
#include "tariff.h"
#include "time_zone.h"
#include "waveform_capture.h"
#include "window_report.h"
#include "wiring.h"

enum whole_engine_part {
    WHOLE_ENGINE_SAMPLING = 0, ///< Blocks to windows, with the taps.
    WHOLE_ENGINE_QUALITY,      ///< Half cycles to Urms(1/2), events, intervals and waveforms.
    WHOLE_ENGINE_PROCESSING,   ///< Windows to readings.
    WHOLE_ENGINE_SPECTRUM,     ///< Windows of samples to harmonics.
    WHOLE_ENGINE_DEMAND,       ///< Windows to the load profile and the maximum demand.
    WHOLE_ENGINE_PART_COUNT,
};

/// The name of a part.
const char *whole_engine_part_name(enum whole_engine_part part);

/// Who watches the engine at work. A function that is NULL is not called.
struct whole_engine_watcher {
    void (*window)(void *ctx, const struct window_report *report);
    void (*part)(void *ctx, enum whole_engine_part part); ///< That part of a step is done.
    void *ctx;
};

struct whole_engine_settings {
    const struct adc_source *source;
    const struct wiring *wiring;
    const struct reading_sink *readings;
    const struct record_sink *records;
    const struct key_value *values;          ///< Keeps the maximum demand.
    const struct calibration *calibration;   ///< Has passed calibration_check(), or NULL.
    const struct linearity_table *linearity; ///< Of every input, or NULL.
    const struct frame_tap *tap;             ///< One more, or NULL.
    const struct code_tap *code_tap;         ///< Listens to codes as they come, or NULL.
    struct sampling_settings sampling;
    struct processing_settings processing;
    struct quality_task_settings quality;
    struct spectrum_settings spectrum;
    struct demand_settings demand;
    const char *tariff;    ///< As in tariff.h.
    const char *time_zone; ///< As in time_zone.h.
    int64_t utc_start_ms;  ///< Unix time at uptime 0; 0: nobody knows the time.
    enum waveform_mode spectrum_mode;
    uint64_t *spectrum_storage; ///< NULL: no harmonics.
    size_t spectrum_storage_size;
    int16_t *snapshot_storage; ///< NULL: no waveforms of events.
    size_t snapshot_samples;
    uint32_t snapshot_points_hz; ///< As in struct snapshot_source.
    uint32_t window_slots;       ///< Up to SAMPLING_TASK_WINDOWS,
    uint32_t half_slots;         ///< and up to HALF_CYCLES_RECORDS; powers of two.
    struct whole_engine_watcher watcher;
};

/// Storage for one engine, owned by the caller. Use it only through the functions below.
struct whole_engine {
    struct whole_engine_settings settings;
    struct clock clock;
    uint64_t now_us;
    struct sampling_task sampling;
    struct processing_task processing;
    struct window_watcher window_watcher;
    struct ring windows;
    struct cycle_window window_slot[SAMPLING_TASK_WINDOWS];
    struct half_cycles half_cycles;
    struct ring halves;
    struct half_cycle half_slot[HALF_CYCLES_RECORDS];
    struct snapshot snapshot;
    struct quality_distortion distortion;
    struct quality_task quality;
    struct record record; ///< Scratch of the tasks that make records.
    struct waveform_capture capture;
    struct frame_tap capture_tap;
    struct spectrum_task spectrum;
    struct spectrum_sums spectrum_sums[ADC_INPUT_LIMIT];
    bool has_spectrum;
    struct time_zone zone;
    struct tariff tariff;
    struct tariff_clock tariff_clock;
    struct maximum_demand maximum;
    struct demand demand;
};

/// The settings that a device begins with; source, wiring and sinks are the caller's to fill in.
/// Values are forgotten.
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

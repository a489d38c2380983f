// SPDX-License-Identifier: MIT
#pragma once

/// Everything between the samples and the journal: who listens to the samples, and who makes
/// records of them.
///
///     sampling thread                          processing thread
///     sampling_task ───── ring of windows ───► processing_task ──► readings
///        ├─ code_census ◄── orders ───────────── linearity_session ◄── requests of people
///        ├─ half_cycles ─ ring of halves ────► quality_task ─────► events, intervals, waveforms
///        ├─ snapshot ───── stands still ──────►    │
///        └─ waveform_capture ─ windows ──────► spectrum_task ────► spectra
///                                              demand ───────────► load profile
///                                              calibration_session ◄── requests of people

#include <stdbool.h>
#include <stdint.h>

#include "calibration_session.h"
#include "calibration_store.h"
#include "clock.h"
#include "code_census.h"
#include "demand.h"
#include "device_source.h"
#include "half_cycles.h"
#include "key_value.h"
#include "linearity_session.h"
#include "maximum_demand.h"
#include "metering_desk.h"
#include "metering_mailbox.h"
#include "options.h"
#include "processing_task.h"
#include "quality_task.h"
#include "reading.h"
#include "record_sink.h"
#include "ring.h"
#include "sampling_task.h"
#include "snapshot.h"
#include "spectrum_tap.h"
#include "spectrum_task.h"
#include "status.h"
#include "tariff.h"
#include "time_zone.h"
#include "waveform_capture.h"

/// What the metering works with; all of it outlives it.
struct device_metering_parts {
    const struct settings *settings;
    struct device_source *source;
    const struct clock *clock;
    const struct key_value *values;
    struct metering_mailbox *requests; ///< What people ask of the metering.
    const struct reading_sink *readings;
    const struct record_sink *records;
    const struct reading *latest; ///< NULL: there is none.
};

/// Owned by the caller; use it only through the functions below, except for `sampling`, which the
/// sampling thread steps, and `ring`, which tells how far processing is behind.
struct device_metering {
    struct device_metering_parts parts;
    struct calibration_store calibrations;
    struct calibration_session session;
    union metering_workspace workspace; ///< Of calibration or linearity.
    struct window_watcher session_watcher;
    struct spectrum_tap session_tap;
    bool calibration_damaged; ///< What could not be read counts as not calibrated.
    struct metering_desk desk;

    struct code_census census;
    struct linearity_session linearity;
    bool linearity_damaged; ///< The codes of the converter stay as they are.

    struct ring ring;
    struct cycle_window windows[SAMPLING_TASK_WINDOWS];
    struct sampling_task sampling;
    struct processing_task processing;

    struct ring half_ring;
    struct half_cycle halves[HALF_CYCLES_RECORDS];
    struct half_cycles half_cycles;
    struct snapshot snapshot;
    int16_t snapshot_store[SNAPSHOT_SAMPLES];
    struct quality_distortion distortion;
    struct quality_task quality;
    struct record record; ///< Scratch of the tasks that make records.
    uint32_t scaled_for;  ///< Number of the newest change of calibration that events know of.

    struct waveform_capture capture;
    struct frame_tap capture_tap;
    uint64_t *capture_storage;
    struct spectrum_task spectrum;
    struct spectrum_sums spectrum_sums[ADC_INPUT_LIMIT];

    struct time_zone zone;
    struct tariff tariff;
    struct tariff_clock tariff_clock;
    struct maximum_demand maximum;
    struct demand demand;
};

/// Builds everything and binds it together.
///
/// @return what failed; `fault` says what and what to do.
MUST_CHECK enum status device_metering_open(struct device_metering *metering,
                                            const struct device_metering_parts *parts,
                                            char fault[OPTIONS_FAULT_SIZE]);

/// Turns what was sampled into records. Call it every 10 ms or so, from the processing thread.
///
/// @return anything but STATUS_OK: what storage said; nothing is lost yet, and the next step tries
///         again.
MUST_CHECK enum status device_metering_step(struct device_metering *metering);

/// As device_metering_step(), and makes records of what is not complete: the source has ended.
MUST_CHECK enum status device_metering_flush(struct device_metering *metering);

/// Gives the memory back; fine on one that was never opened.
void device_metering_close(struct device_metering *metering);

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

#include "adc_source.h"
#include "calibration_session.h"
#include "calibration_store.h"
#include "clock.h"
#include "code_census.h"
#include "demand.h"
#include "half_cycles.h"
#include "key_value.h"
#include "linearity_session.h"
#include "maximum_demand.h"
#include "metering_desk.h"
#include "metering_mailbox.h"
#include "processing_task.h"
#include "quality_task.h"
#include "reading.h"
#include "record_sink.h"
#include "ring.h"
#include "sampling_task.h"
#include "settings.h"
#include "snapshot.h"
#include "spectrum_tap.h"
#include "spectrum_task.h"
#include "status.h"
#include "tariff.h"
#include "time_zone.h"
#include "waveform_capture.h"
#include "waveform_plan.h"
#include "wiring.h"

/// Sizes of the build: CMakeLists.txt.
enum {
    METERING_ENGINE_WINDOWS = OHM_SMALL_METER ? SAMPLING_TASK_WINDOWS_SMALL : SAMPLING_TASK_WINDOWS,
    METERING_ENGINE_HALVES = OHM_SMALL_METER ? HALF_CYCLES_RECORDS_SMALL : HALF_CYCLES_RECORDS,
    METERING_ENGINE_SNAPSHOT = OHM_SMALL_METER ? SNAPSHOT_SMALL_SAMPLES : SNAPSHOT_SAMPLES,
    METERING_ENGINE_POINTS_HZ = OHM_SMALL_METER ? SNAPSHOT_SMALL_POINTS_HZ : SNAPSHOT_POINTS_HZ,
};

enum { METERING_ENGINE_SAVE_S = 600 }; ///< Least time between two saves.

/// What the metering works with; all of it outlives it.
struct metering_engine_parts {
    const struct settings *settings;
    const struct adc_source *adc;
    const struct wiring *wiring;
    const struct clock *clock;
    const struct key_value *values;
    struct metering_mailbox *requests; ///< What people ask of the metering.
    const struct reading_sink *readings;
    const struct record_sink *records;
    const struct reading *latest; ///< NULL: there is none.
    double nominal_hz;            ///< Only until the mains are found.
    enum waveform_mode harmonics; ///< Of all channels in each window, or of one after the other.
    uint32_t capture_slots;       ///< Windows that may wait for processing; a power of two.
    uint64_t *capture;            ///< Where those are: `capture_size` bytes.
    size_t capture_size;
};

/// Owned by the caller; use it only through the functions below, except for `sampling`, which the
/// sampling thread steps, and `ring`, which tells how far processing is behind.
struct metering_engine {
    struct metering_engine_parts parts;
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
    struct cycle_window windows[METERING_ENGINE_WINDOWS];
    struct sampling_task sampling;
    struct processing_task processing;

    struct ring half_ring;
    struct half_cycle halves[METERING_ENGINE_HALVES];
    struct half_cycles half_cycles;
    struct snapshot snapshot;
    int16_t snapshot_store[METERING_ENGINE_SNAPSHOT];
    struct quality_distortion distortion;
    struct quality_task quality;
    struct record record; ///< Scratch of the tasks that make records.
    uint32_t scaled_for;  ///< Number of the newest change of calibration that events know of.

    struct waveform_capture capture;
    struct frame_tap capture_tap;
    struct spectrum_task spectrum;
    struct spectrum_sums spectrum_sums[ADC_INPUT_LIMIT];

    struct time_zone zone;
    struct tariff tariff;
    struct tariff_clock tariff_clock;
    struct maximum_demand maximum;
    struct demand demand;

    bool has_saved;
    uint64_t saved_us;
};

/// Bytes of capture that keep every sample; with less, harmonics end at a lower order.
size_t metering_engine_capture_size(const struct adc_source *adc, enum waveform_mode harmonics,
                                    uint32_t slots);

/// Builds everything and binds it together.
///
/// @return what failed; `*fault` says what and what to do, as a literal.
MUST_CHECK enum status metering_engine_open(struct metering_engine *metering,
                                            const struct metering_engine_parts *parts,
                                            const char **fault);

/// Turns what was sampled into records. Call it every 10 ms or so, from the processing thread.
///
/// @return anything but STATUS_OK: what storage said; nothing is lost yet, and the next step tries
///         again.
MUST_CHECK enum status metering_engine_step(struct metering_engine *metering);

/// As metering_engine_step(), and makes records of what is not complete: the source has ended.
MUST_CHECK enum status metering_engine_flush(struct metering_engine *metering);

/// The supply falls: as metering_engine_flush(), but only as metering_engine_step() within
/// METERING_ENGINE_SAVE_S after the last save. A supply that falters with the ripple of the mains
/// would fill the journal with pieces, and wear it out.
MUST_CHECK enum status metering_engine_save(struct metering_engine *metering);

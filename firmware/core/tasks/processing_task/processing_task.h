// SPDX-License-Identifier: MIT
#pragma once

/// Turns windows into readings, and readings into records that survive.
///
///   - A reading covers about a second. Root mean squares, power and frequency come from its whole
///   cycles;
///     only when it has none do they come from what there is. Energy comes from everything.
///   - Energy is power times the measured length of each window, gaps of up to 100 ms included.
///     What creeps (creep.h) is shown and flagged, and not counted.
///   - A reading counts as measured when `sink` has taken it. While the sink refuses, the reading
///   is kept and
///     grows by what follows (READING_QUALITY_MERGED); no energy is lost.
///
/// One task owns a processing_task and calls its functions.

#include <stdbool.h>
#include <stdint.h>

#include "calibration.h"
#include "creep.h"
#include "cycle_window.h"
#include "meter_registers.h"
#include "noise_floor.h"
#include "reading.h"
#include "reading_builder.h"
#include "ring.h"
#include "status.h"
#include "window_report.h"
#include "wiring.h"

/// Where readings go; the journal in a device.
struct reading_sink {
    /// Keeps `reading` for good before it returns. May block for as long as the disk does.
    ///
    /// @return anything but STATUS_OK: nothing was kept; the reading comes again, with more in it.
    MUST_CHECK enum status (*commit)(void *ctx, const struct reading *reading);

    void *ctx;
};

struct processing_settings {
    uint32_t reading_ms; ///< Length of a reading; it ends with the nearest window.
    uint32_t
        reading_cycles; ///< When not 0, the length in cycles instead, for tests and laboratories.
    double connected_codes; ///< A channel with so many codes rms of current is connected.
    double noise_codes;     ///< Noise of a current is learned up to so many codes rms; 0: none.
    double creep_va[READING_CHANNEL_COUNT]; ///< See creep.h; 0 lets everything count.
    uint8_t total_channels;                 ///< Bit n: channel n belongs to the meter's total.
};

/// One second; two codes; four codes; 2.3 VA, which is 0.2 % of 5 A at 230 V; all channels.
struct processing_settings processing_settings_default(void);

struct processing_counters {
    uint64_t windows;  ///< Taken from the ring.
    uint64_t readings; ///< Committed.
    uint64_t refused;  ///< Times the sink refused.
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct processing_task {
    const struct wiring *wiring;
    struct ring *ring;
    const struct reading_sink *sink;
    struct processing_settings settings;
    struct processing_counters counters;
    const struct calibration *calibration; ///< NULL until processing_task_calibrate().
    struct meter_registers registers;
    struct creep creep[READING_CHANNEL_COUNT];
    struct noise_floor noise[READING_CHANNEL_COUNT];
    struct reading_builder builder;
    double last_frequency_hz;
    double offset[ADC_INPUT_LIMIT]; ///< Means of the newest whole window, in codes.
    bool offset_known;
    struct cycle_window
        early; ///< The fragment before the first whole window, until offsets are known.
    bool early_held;
    uint8_t rate; ///< The tariff rate in force.
    bool rate_is_stale;
    bool refused; ///< The reading is due, and the sink has refused it.
    const struct window_watcher *watcher[WINDOW_WATCHER_LIMIT];
    unsigned watchers;
};

/// Binds the task to its wiring, ring and sink, which outlive it. Registers go on from `last`, the
/// newest reading that the sink has kept, or from zero when it is NULL.
///
/// @return STATUS_INVALID  a register of `last` is negative, or the settings ask for readings of no
/// length.
MUST_CHECK enum status processing_task_init(struct processing_task *task,
                                            const struct wiring *wiring, struct ring *ring,
                                            const struct reading_sink *sink,
                                            const struct processing_settings *settings,
                                            const struct reading *last);

/// Corrects by `calibration`, which has passed calibration_check() and outlives the task, from the
/// next window on. Its contents may change between two steps.
void processing_task_calibrate(struct processing_task *task, const struct calibration *calibration);

/// What follows counts at this tariff rate; a rate that does not exist counts as rate 0. While it
/// `is_stale`, readings and what watchers are told are flagged READING_QUALITY_STALE_RATE.
void processing_task_set_rate(struct processing_task *task, unsigned rate, bool is_stale);

/// Lets `watcher`, which outlives the task, look on. Before the first step.
///
/// @return STATUS_FULL  there are WINDOW_WATCHER_LIMIT already.
MUST_CHECK enum status processing_task_watch(struct processing_task *task,
                                             const struct window_watcher *watcher);

/// Takes every window from the ring and commits the readings that are complete.
///
/// @return STATUS_OK    the ring is empty, and no reading waits;
///         otherwise    what the sink said: a reading waits and will be offered again by the next
///         step.
MUST_CHECK enum status processing_task_step(struct processing_task *task);

/// As processing_task_step(), and commits what there is, however short (READING_QUALITY_PARTIAL):
/// the source has ended, or the device is about to stop.
MUST_CHECK enum status processing_task_flush(struct processing_task *task);

// SPDX-License-Identifier: MIT
#pragma once

/// Turns windows into readings, and readings into records that survive.
///
///   - A reading covers about a second. Root mean squares, power and frequency come from its whole
///   cycles;
///     only when it has none do they come from what there is. Energy comes from everything.
///   - Energy is power times the measured length of each window, gaps of up to 100 ms included.
///   - A reading counts as measured when `sink` has taken it. While the sink refuses, the reading
///   is kept and
///     grows by what follows (READING_QUALITY_MERGED); no energy is lost.
///
/// One task owns a processing_task and calls its functions.

#include <stdbool.h>
#include <stdint.h>

#include "cycle_window.h"
#include "meter_registers.h"
#include "reading.h"
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
    uint8_t total_channels; ///< Bit n: channel n belongs to the meter's total.
    double connected_codes; ///< A channel with so many codes rms of current is connected.
};

/// One second; two codes; all channels.
struct processing_settings processing_settings_default(void);

struct processing_counters {
    uint64_t windows;  ///< Taken from the ring.
    uint64_t readings; ///< Committed.
    uint64_t refused;  ///< Times the sink refused.
};

/// Time-weighted sums of what a channel measured.
struct reading_sums {
    double voltage_square;
    double current_square;
    double active;
    double reactive;
};

/// The windows of one kind within a reading.
struct reading_part {
    double seconds;
    struct reading_sums channel[READING_CHANNEL_COUNT];
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct processing_task {
    const struct wiring *wiring;
    struct ring *ring;
    const struct reading_sink *sink;
    struct processing_settings settings;
    struct processing_counters counters;
    struct meter_registers registers;
    struct meter_power power[READING_CHANNEL_COUNT]; ///< Of the window in hand.
    uint8_t rate;                                    ///< The tariff rate in force.
    struct reading_part whole;                       ///< Windows of whole, sound cycles.
    struct reading_part fragment;                    ///< All others.
    struct reading_part steady; ///< `whole` of the newest reading that had any.
    uint32_t cycles;            ///< Whole, sound cycles in the reading.
    uint32_t cycles_seen;       ///< All cycles in the reading.
    double seconds;             ///< Length of the reading so far.
    double last_frequency_hz;
    double offset[ADC_INPUT_LIMIT]; ///< Means of the newest whole window, in codes.
    bool offset_known;
    struct cycle_window
        early; ///< The fragment before the first whole window, until offsets are known.
    bool early_held;
    uint64_t ended_us;
    uint16_t clipped;
    uint16_t quality;
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

/// What follows counts at this tariff rate; a rate that does not exist counts as rate 0.
void processing_task_set_rate(struct processing_task *task, unsigned rate);

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

// SPDX-License-Identifier: MIT
#pragma once

/// Power quality in the processing thread: takes half cycles from their ring, finds events, adds up
/// intervals, gets waveforms of events, and commits what it finds.
///
///   half_cycles ─ring─► quality_task_step() ─► events, intervals, waveforms ─► record_sink
///   processing_task ─window_watcher─┘ └─► readings that are touched are flagged
///
/// Windows wait until every half cycle that could show an event in them has been seen, so flags of
/// intervals are exact. A reading is committed without waiting: an event that began within its last
/// POWER_QUALITY_VERDICT_US flags the next one only. Call quality_task_step() before
/// processing_task_step().
///
/// What the sink refuses is kept and offered again; beyond the limits below it is dropped and
/// counted. One task owns a quality_task.

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "half_cycles.h"
#include "power_quality.h"
#include "quality_intervals.h"
#include "record_sink.h"
#include "ring.h"
#include "snapshot.h"
#include "status.h"
#include "window_report.h"
#include "wiring.h"

enum {
    QUALITY_TASK_WINDOWS = 4,   ///< Windows that wait for their half cycles.
    QUALITY_TASK_EVENTS = 8,    ///< Events that wait for the sink.
    QUALITY_TASK_INTERVALS = 3, ///< Intervals that wait for the sink.
    QUALITY_TASK_CHUNKS_A_STEP = 2,
};

/// Where distortion comes from; what it does not know counts as not measured.
struct quality_distortion {
    bool (*of_channel)(void *ctx, unsigned channel, uint32_t *voltage_ppm, uint32_t *current_ppm);
    void *ctx;
};

struct quality_task_settings {
    struct power_quality_settings power;
    uint32_t snapshots_per_hour; ///< Most waveforms in an hour; 0: none. One takes up to 4 records
                                 ///< of 0.4 KB for every voltage and connected current.
    double connected_codes;      ///< A current with so many codes rms is connected.
};

/// Thresholds of power_quality.h, 6 waveforms an hour, two codes.
struct quality_task_settings quality_task_settings_default(void);

/// What the task works with. All of it outlives the task; `snapshot` and `distortion` may be NULL.
struct quality_task_parts {
    const struct wiring *wiring;
    struct ring *half_cycles; ///< Of struct half_cycle.
    struct snapshot *snapshot;
    const struct record_sink *sink;
    const struct clock *clock;
    const struct quality_distortion *distortion;
    struct record *record; ///< Too large for a small stack; in use during a step only, so tasks of
                           ///< one thread share it.
    double rate_hz;        ///< Frames a second, until windows tell another.
};

struct quality_task_counters {
    uint64_t half_cycles; ///< Taken from the ring, each of a voltage.
    uint64_t merged;      ///< Of them, those that had grown together.
    uint64_t events;      ///< Found.
    uint64_t intervals;
    uint64_t snapshots;         ///< Asked for.
    uint64_t dropped_snapshots; ///< Not asked for: over the budget, or one was being taken.
    uint64_t dropped_events;    ///< Lost because the sink refused for too long.
    uint64_t dropped_intervals;
    uint64_t refused; ///< Times the sink refused.
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct quality_task {
    struct quality_task_parts parts;
    struct quality_task_settings settings;
    struct quality_task_counters counters;
    struct power_quality quality;
    struct quality_intervals intervals;
    struct quality_intervals_port port;
    struct window_watcher watcher;
    uint8_t voltage_input[HALF_CYCLES_VOLTAGE_LIMIT];
    double unit_per_code[ADC_INPUT_LIMIT];
    struct window_report window[QUALITY_TASK_WINDOWS];
    unsigned windows;
    struct power_event event[QUALITY_TASK_EVENTS];
    unsigned events;
    struct metering_interval interval[QUALITY_TASK_INTERVALS];
    unsigned interval_count;
    uint64_t hour_us; ///< When the budget began.
    uint32_t hour_snapshots;
    uint32_t snapshot_id; ///< Event of the snapshot that is being taken.
    unsigned signal;      ///< Next of its signals: twice the channel, plus enum signal_kind.
    uint32_t from;        ///< Next of its frames.
};

/// @return STATUS_INVALID  as power_quality_init().
MUST_CHECK enum status quality_task_init(struct quality_task *task,
                                         const struct quality_task_parts *parts,
                                         const struct quality_task_settings *settings);

/// What to hand to processing_task_watch(); valid as long as `task`.
const struct window_watcher *quality_task_watcher(const struct quality_task *task);

/// Sets what a code of an input is worth, in place of the nominal scale of the wiring.
void quality_task_scale(struct quality_task *task, unsigned input, double unit_per_code);

/// Does what there is to do. Often enough that the ring of half cycles never fills: every 10 to
/// 100 ms.
///
/// @return anything but STATUS_OK: what the sink said; the rest waits for the next step.
MUST_CHECK enum status quality_task_step(struct quality_task *task, uint64_t now_us);

/// As quality_task_step(), and closes the intervals: the source has ended, or the device is about
/// to stop. Events that are not over are not told.
MUST_CHECK enum status quality_task_flush(struct quality_task *task, uint64_t now_us);

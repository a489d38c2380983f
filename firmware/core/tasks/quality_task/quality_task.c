// SPDX-License-Identifier: MIT
#include "quality_task.h"

#include <stddef.h>

static const uint64_t HOUR_US = 3600000000u;

struct quality_task_settings quality_task_settings_default(void)
{
    return (struct quality_task_settings){ .power = power_quality_settings_default(),
                                           .snapshots_per_hour = 6,
                                           .connected_codes = 2.0 };
}

static void keep_interval(void *ctx, const struct metering_interval *interval)
{
    struct quality_task *task = ctx;
    task->counters.intervals++;
    if (task->interval_count == QUALITY_TASK_INTERVALS) {
        task->counters.dropped_intervals++;
        return;
    }
    task->interval[task->interval_count++] = *interval;
}

static bool is_disturbed(void *ctx, uint64_t from_us, uint64_t to_us)
{
    const struct quality_task *task = ctx;
    return power_quality_touched(&task->quality, from_us, to_us);
}

/// Unix time at `at_us`, which is a moment ago.
static bool utc_at(const struct quality_task *task, uint64_t at_us, int64_t *utc_ms)
{
    const struct clock *clock = task->parts.clock;
    uint32_t uncertainty_ms = 0;
    if (!clock->utc_ms(clock->ctx, utc_ms, &uncertainty_ms)) {
        return false;
    }
    const uint64_t now_us = clock->uptime_us(clock->ctx);
    *utc_ms -= now_us > at_us ? (int64_t)((now_us - at_us) / 1000u) : 0;
    return true;
}

/// Moves the oldest window on to the intervals.
static void take_oldest_window(struct quality_task *task)
{
    const struct window_report report = task->window[0];
    task->windows--;
    for (unsigned n = 0; n < task->windows; n++) {
        task->window[n] = task->window[n + 1];
    }
    int64_t utc_ms = 0;
    const bool known = utc_at(task, report.ended_us, &utc_ms);
    quality_intervals_window(&task->intervals, &report, known, utc_ms);
    const struct quality_distortion *distortion = task->parts.distortion;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT && distortion != NULL; n++) {
        uint32_t voltage_ppm = 0;
        uint32_t current_ppm = 0;
        if ((report.channels & (1u << n)) != 0 &&
            distortion->of_channel(distortion->ctx, n, &voltage_ppm, &current_ppm)) {
            quality_intervals_distortion(&task->intervals, n, voltage_ppm, current_ppm,
                                         report.seconds);
        }
    }
}

static void keep_window(void *ctx, const struct window_report *report)
{
    struct quality_task *task = ctx;
    if (task->windows == QUALITY_TASK_WINDOWS) {
        take_oldest_window(task);
    }
    if (report->rate_hz > 0.0) {
        task->parts.rate_hz = report->rate_hz;
        power_quality_rate(&task->quality, report->rate_hz);
    }
    task->window[task->windows++] = *report;
}

enum status quality_task_init(struct quality_task *task, const struct quality_task_parts *parts,
                              const struct quality_task_settings *settings)
{
    *task = (struct quality_task){ .parts = *parts, .settings = *settings };
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        task->unit_per_code[n] = parts->wiring->unit_per_code[n];
    }
    (void)half_cycles_voltages(parts->wiring, task->voltage_input);
    task->port = (struct quality_intervals_port){ keep_interval, is_disturbed, task };
    task->watcher = (struct window_watcher){ keep_window, is_disturbed, task };
    quality_intervals_init(&task->intervals, &task->port);
    return power_quality_init(&task->quality, parts->wiring, parts->rate_hz, &settings->power);
}

const struct window_watcher *quality_task_watcher(const struct quality_task *task)
{
    return &task->watcher;
}

void quality_task_scale(struct quality_task *task, unsigned input, double unit_per_code)
{
    if (input >= ADC_INPUT_LIMIT) {
        return;
    }
    task->unit_per_code[input] = unit_per_code;
    for (unsigned n = 0; n < task->quality.voltages; n++) {
        if (task->voltage_input[n] == input) {
            power_quality_scale(&task->quality, n, unit_per_code);
        }
    }
}

/// Asks for the waveform of an event that has just begun, if the budget allows.
static void ask_snapshot(struct quality_task *task, const struct half_cycle *half,
                         const struct power_quality_update *update, uint64_t now_us)
{
    if (task->parts.snapshot == NULL || task->settings.snapshots_per_hour == 0) {
        return;
    }
    if (now_us - task->hour_us >= HOUR_US) {
        task->hour_us = now_us;
        task->hour_snapshots = 0;
    }
    const uint32_t cycle = (uint32_t)((uint64_t)half->length_q15 * 2u / HALF_CYCLES_ONE);
    // The half cycle ended after its last frame, by part of a frame.
    const double away_frames = cycle + (double)half->ended_q15 / HALF_CYCLES_ONE;
    const uint64_t away_us = (uint64_t)(away_frames * 1e6 / task->parts.rate_hz + 0.5);
    const uint64_t start_us = half->ended_us > away_us ? half->ended_us - away_us : 0;
    // The window that showed the event began a cycle before its end.
    const struct snapshot_event event = { .frame = update->began_frame - cycle,
                                          .us = start_us,
                                          .cycle_frames = cycle,
                                          .rate_hz = task->parts.rate_hz };
    if (task->hour_snapshots >= task->settings.snapshots_per_hour ||
        snapshot_ask(task->parts.snapshot, &event) != STATUS_OK) {
        task->counters.dropped_snapshots++;
        return;
    }
    task->hour_snapshots++;
    task->counters.snapshots++;
    task->snapshot_id = update->began_id;
    task->signal = 0;
    task->from = 0;
}

static void keep_events(struct quality_task *task, const struct power_quality_update *update)
{
    for (unsigned n = 0; n < update->events; n++) {
        task->counters.events++;
        if (task->events == QUALITY_TASK_EVENTS) {
            task->counters.dropped_events++;
        } else {
            task->event[task->events++] = update->event[n];
        }
    }
}

static void take_half(struct quality_task *task, const struct half_cycle *half, uint64_t now_us)
{
    const struct power_quality_update update = power_quality_take(&task->quality, half);
    task->counters.half_cycles++;
    task->counters.merged += half->halves > 1;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT && update.has_urms; n++) {
        if (task->parts.wiring->channel[n].voltage_input == task->voltage_input[update.voltage]) {
            quality_intervals_cycle(&task->intervals, n, update.urms_v, half->ended_us);
        }
    }
    keep_events(task, &update);
    if (update.began) {
        ask_snapshot(task, half, &update, now_us);
    }
}

static enum status commit(struct quality_task *task)
{
    const struct record_sink *sink = task->parts.sink;
    const enum status status = sink->commit(sink->ctx, task->parts.record);
    task->counters.refused += status != STATUS_OK;
    return status;
}

static enum status commit_events(struct quality_task *task)
{
    while (task->events > 0) {
        *task->parts.record = (struct record){ .kind = RECORD_KIND_EVENT, .event = task->event[0] };
        const enum status status = commit(task);
        if (status != STATUS_OK) {
            return status;
        }
        task->events--;
        for (unsigned n = 0; n < task->events; n++) {
            task->event[n] = task->event[n + 1];
        }
    }
    return STATUS_OK;
}

static enum status commit_intervals(struct quality_task *task)
{
    while (task->interval_count > 0) {
        *task->parts.record =
            (struct record){ .kind = RECORD_KIND_INTERVAL, .interval = task->interval[0] };
        const enum status status = commit(task);
        if (status != STATUS_OK) {
            return status;
        }
        task->interval_count--;
        for (unsigned n = 0; n < task->interval_count; n++) {
            task->interval[n] = task->interval[n + 1];
        }
    }
    return STATUS_OK;
}

/// The input of the signal that is next, or WIRING_NO_INPUT when it is not to be told: a voltage
/// that another channel has told, a current that is not connected.
static uint8_t signal_input(const struct quality_task *task, const struct snapshot_view *view)
{
    const unsigned channel = task->signal / SIGNAL_KIND_COUNT;
    const struct wiring_channel *wired = &task->parts.wiring->channel[channel];
    if (wired->voltage_input == WIRING_NO_INPUT) {
        return WIRING_NO_INPUT;
    }
    if (task->signal % SIGNAL_KIND_COUNT == SIGNAL_VOLTAGE) {
        for (unsigned n = 0; n < channel; n++) {
            if (task->parts.wiring->channel[n].voltage_input == wired->voltage_input) {
                return WIRING_NO_INPUT;
            }
        }
        return wired->voltage_input;
    }
    const double codes = snapshot_rms(task->parts.snapshot, view, wired->current_input);
    return codes >= task->settings.connected_codes ? wired->current_input : WIRING_NO_INPUT;
}

/// Makes the next chunk of the snapshot; false when there is none left.
static bool next_chunk(struct quality_task *task, const struct snapshot_view *view)
{
    const unsigned signals = READING_CHANNEL_COUNT * SIGNAL_KIND_COUNT;
    while (task->signal < signals) {
        const uint8_t input = signal_input(task, view);
        *task->parts.record = (struct record){ .kind = RECORD_KIND_WAVEFORM };
        struct waveform_chunk *chunk = &task->parts.record->waveform;
        if (input != WIRING_NO_INPUT &&
            snapshot_chunk(task->parts.snapshot, view, input, task->unit_per_code[input],
                           task->from, chunk)) {
            chunk->event_id = task->snapshot_id;
            chunk->channel = (uint8_t)(task->signal / SIGNAL_KIND_COUNT);
            chunk->signal = (uint8_t)(task->signal % SIGNAL_KIND_COUNT);
            return true;
        }
        task->signal++;
        task->from = 0;
    }
    return false;
}

static enum status commit_snapshot(struct quality_task *task, unsigned chunks)
{
    struct snapshot_view view;
    if (task->parts.snapshot == NULL || !snapshot_ready(task->parts.snapshot, &view)) {
        return STATUS_OK;
    }
    for (unsigned n = 0; n < chunks; n++) {
        if (!next_chunk(task, &view)) {
            snapshot_release(task->parts.snapshot);
            return STATUS_OK;
        }
        const enum status status = commit(task);
        if (status != STATUS_OK) {
            return status;
        }
        task->from += task->parts.record->waveform.count;
    }
    return STATUS_OK;
}

static void take_all(struct quality_task *task, uint64_t now_us)
{
    const struct half_cycle *half = NULL;
    while ((half = ring_peek(task->parts.half_cycles)) != NULL) {
        take_half(task, half, now_us);
        ring_release(task->parts.half_cycles);
    }
}

static enum status commit_all(struct quality_task *task, unsigned chunks)
{
    enum status status = commit_events(task);
    status = status == STATUS_OK ? commit_intervals(task) : status;
    return status == STATUS_OK ? commit_snapshot(task, chunks) : status;
}

enum status quality_task_step(struct quality_task *task, uint64_t now_us)
{
    take_all(task, now_us);
    while (task->windows > 0 &&
           task->window[0].ended_us + POWER_QUALITY_VERDICT_US <= task->quality.known_us) {
        take_oldest_window(task);
    }
    return commit_all(task, QUALITY_TASK_CHUNKS_A_STEP);
}

enum status quality_task_flush(struct quality_task *task, uint64_t now_us)
{
    take_all(task, now_us);
    while (task->windows > 0) {
        take_oldest_window(task);
    }
    quality_intervals_flush(&task->intervals);
    return commit_all(task, UINT32_MAX);
}

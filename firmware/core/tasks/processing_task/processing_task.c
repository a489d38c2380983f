// SPDX-License-Identifier: MIT
#include "processing_task.h"

#include <stddef.h>

#include "portable_math.h"
#include "quantities.h"

static const double TURN = 6.283185307179586;
static const double SHORT_S =
    0.1; // A fragment so short holds too few cycles to find its own offsets.
static const double FIRST_GUESS_HZ = 50.0; // Only for the sign of Q before the first whole cycle.

struct processing_settings processing_settings_default(void)
{
    return (struct processing_settings){ .total_channels = 0xff,
                                         .reading_ms = 1000,
                                         .connected_codes = 2.0 };
}

enum status processing_task_init(struct processing_task *task, const struct wiring *wiring,
                                 struct ring *ring, const struct reading_sink *sink,
                                 const struct processing_settings *settings,
                                 const struct reading *last)
{
    if (settings->reading_ms == 0 && settings->reading_cycles == 0) {
        return STATUS_INVALID;
    }
    *task = (struct processing_task){ .wiring = wiring,
                                      .ring = ring,
                                      .sink = sink,
                                      .settings = *settings,
                                      .last_frequency_hz = FIRST_GUESS_HZ };
    meter_registers_init(&task->registers, settings->total_channels);
    return last == NULL ? STATUS_OK
                        : meter_registers_restore(&task->registers, settings->total_channels, last);
}

void processing_task_set_rate(struct processing_task *task, unsigned rate)
{
    task->rate = rate < READING_RATE_COUNT ? (uint8_t)rate : 0;
}

enum status processing_task_watch(struct processing_task *task,
                                  const struct window_watcher *watcher)
{
    if (task->watchers == WINDOW_WATCHER_LIMIT) {
        return STATUS_FULL;
    }
    task->watcher[task->watchers++] = watcher;
    return STATUS_OK;
}

/// Adds what one channel did during a window.
static struct window_report_channel take_channel(struct processing_task *task,
                                                 const struct cycle_window *window,
                                                 unsigned channel, double seconds,
                                                 struct reading_part *part)
{
    const double frame_angle = TURN * task->last_frequency_hz / window->rate_hz;
    const bool borrows = !window->whole && task->offset_known && seconds < SHORT_S;
    struct quantities q = quantities_of(&window->sums, task->wiring, channel, frame_angle,
                                        borrows ? task->offset : NULL);
    if ((window->quality & READING_QUALITY_NO_REFERENCE) != 0) {
        quantities_without_reference(&q);
    }
    struct reading_sums *sums = &part->channel[channel];
    sums->voltage_square += q.voltage_v * q.voltage_v * seconds;
    sums->current_square += q.current_a * q.current_a * seconds;
    sums->active += q.active_w * seconds;
    sums->reactive += q.reactive_var * seconds;
    task->power[channel] = (struct meter_power){ q.active_w, q.reactive_var };
    return (struct window_report_channel){
        .voltage_v = q.voltage_v,
        .current_a = q.current_a,
        .active_w = q.active_w,
        .reactive_var = q.reactive_var,
    };
}

/// Adds the window in hand to the registers, and tells by how much they rose.
static void count(struct processing_task *task, double seconds, struct window_report *report)
{
    struct meter_registers_channel before[READING_CHANNEL_COUNT];
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        before[n] = task->registers.channel[n];
    }
    meter_registers_add(&task->registers, task->power, seconds, task->rate);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct meter_registers_channel *after = &task->registers.channel[n];
        report->channel[n].import_mj = after->import.whole_milli - before[n].import.whole_milli;
        report->channel[n].export_mj = after->export.whole_milli - before[n].export.whole_milli;
    }
}

static double seconds_of(const struct cycle_window *window)
{
    const double frames = cycle_sums_length(&window->sums) + (double)window->sums.lost_frames;
    return frames / window->rate_hz;
}

static void take_window(struct processing_task *task, const struct cycle_window *window)
{
    const double seen = cycle_sums_length(&window->sums);
    const double seconds = seconds_of(window);
    task->counters.windows++;
    task->quality |= window->quality;
    if (!(seen > 0.0)) {
        return;
    }
    if (window->whole) {
        task->last_frequency_hz = window->cycles / seconds;
        task->cycles += window->cycles;
        for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
            task->offset[input] = cycle_sums_mean(&window->sums, input);
        }
        task->offset_known = true;
    }
    struct reading_part *part = window->whole ? &task->whole : &task->fragment;
    struct window_report report = {
        .ended_us = window->ended_us,
        .seconds = seconds,
        .frequency_hz = window->whole ? task->last_frequency_hz : 0.0,
        .cycles = window->cycles,
        .whole = window->whole,
        .quality = window->quality,
        .channels = wiring_channels(task->wiring),
    };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (task->wiring->channel[n].voltage_input != WIRING_NO_INPUT) {
            report.channel[n] = take_channel(task, window, n, seconds, part);
        }
    }
    count(task, seconds, &report);
    for (unsigned n = 0; n < task->watchers; n++) {
        task->watcher[n]->window(task->watcher[n]->ctx, &report);
    }
    part->seconds += seconds;
    task->seconds += seconds;
    task->cycles_seen += window->cycles;
    task->clipped |= window->clipped;
    task->ended_us = window->ended_us > task->ended_us ? window->ended_us : task->ended_us;
}

static void take_early(struct processing_task *task)
{
    if (task->early_held) {
        task->early_held = false;
        take_window(task, &task->early);
    }
}

/// Takes a window, or puts it off: a run begins with a piece of a cycle, whose energy can be told
/// only once a whole window has shown the offsets.
static void accept_window(struct processing_task *task, const struct cycle_window *window)
{
    if (!window->whole && !task->offset_known && !task->early_held &&
        seconds_of(window) < SHORT_S) {
        task->early = *window;
        task->early_held = true;
        return;
    }
    take_window(task, window);
    if (task->offset_known) {
        take_early(task);
    }
}

static int64_t limited(double value, int64_t low, int64_t high)
{
    const int64_t rounded = portable_round(value);
    return rounded < low ? low : rounded > high ? high : rounded;
}

static uint32_t to_u32(double value)
{
    return (uint32_t)limited(value, 0, UINT32_MAX);
}

static int32_t to_i32(double value)
{
    return (int32_t)limited(value, INT32_MIN, INT32_MAX);
}

static void report_channel(const struct processing_task *task, const struct reading_part *part,
                           unsigned channel, struct reading *reading)
{
    const struct wiring_channel *wired = &task->wiring->channel[channel];
    const struct reading_sums *sums = &part->channel[channel];
    const double seconds = part->seconds;
    struct quantities q = {
        .voltage_v = portable_sqrt(sums->voltage_square / seconds),
        .current_a = portable_sqrt(sums->current_square / seconds),
        .active_w = sums->active / seconds,
        .reactive_var = sums->reactive / seconds,
    };
    quantities_complete(&q);
    if (task->cycles == 0 && (task->quality & READING_QUALITY_NO_REFERENCE) != 0) {
        quantities_without_reference(&q);
    }
    const unsigned clipped = (1u << wired->voltage_input) | (1u << wired->current_input);
    const double per_code = task->wiring->unit_per_code[wired->current_input];
    const double noise_a = task->settings.connected_codes * (per_code < 0.0 ? -per_code : per_code);
    if (q.current_a >= noise_a) {
        reading->connected = (uint8_t)(reading->connected | 1u << channel);
    }
    reading->channel[channel] = (struct reading_channel){
        .voltage_10mv = to_u32(q.voltage_v * 100.0),
        .current_100ua = to_u32(q.current_a * 10000.0),
        .active_power_10mw = to_i32(q.active_w * 100.0),
        .reactive_power_10mvar = to_i32(q.reactive_var * 100.0),
        .apparent_power_10mva = to_u32(q.apparent_va * 100.0),
        .power_factor_1e4 = (int16_t)limited(q.power_factor * 10000.0, -10000, 10000),
        .quality = (task->clipped & clipped) != 0 ? READING_QUALITY_CLIPPED : 0,
    };
}

/// The windows whose root mean squares stand for the whole reading. A run may end with a piece of a
/// cycle: it has energy, but no root mean square of its own, so the newest whole cycles speak for
/// it.
static const struct reading_part *part_of(const struct processing_task *task)
{
    if (task->cycles > 0) {
        return &task->whole;
    }
    const bool is_sliver =
        task->seconds < SHORT_S && (task->quality & READING_QUALITY_NO_REFERENCE) == 0;
    return is_sliver && task->steady.seconds > 0.0 ? &task->steady : &task->fragment;
}

static struct reading report(const struct processing_task *task)
{
    struct reading reading = {
        .uptime_ms = task->ended_us / 1000u,
        .window_us = to_u32(task->seconds * 1e6),
        .quality = task->quality,
        .channels = wiring_channels(task->wiring),
    };
    if (task->cycles > 0) {
        reading.frequency_mhz = to_u32(1000.0 * task->cycles / task->whole.seconds);
    }
    const struct reading_part *part = part_of(task);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if ((reading.channels & (1u << n)) != 0) {
            report_channel(task, part, n, &reading);
            reading.quality |= reading.channel[n].quality;
        }
    }
    meter_registers_report(&task->registers, &reading);
    reading.rate = task->rate;
    return reading;
}

/// Whether any watcher knows of a disturbance within the reading.
static bool is_disturbed(const struct processing_task *task)
{
    const uint64_t length_us = (uint64_t)portable_round(task->seconds * 1e6);
    const uint64_t from_us = task->ended_us > length_us ? task->ended_us - length_us : 0;
    for (unsigned n = 0; n < task->watchers; n++) {
        const struct window_watcher *watcher = task->watcher[n];
        if (watcher->disturbed != NULL &&
            watcher->disturbed(watcher->ctx, from_us, task->ended_us)) {
            return true;
        }
    }
    return false;
}

static void begin_reading(struct processing_task *task)
{
    if (task->cycles > 0) {
        task->steady = task->whole;
    }
    task->whole = (struct reading_part){ .seconds = 0.0 };
    task->fragment = task->whole;
    task->cycles = 0;
    task->cycles_seen = 0;
    task->seconds = 0.0;
    task->clipped = 0;
    task->quality = 0;
    task->refused = false;
}

static enum status commit(struct processing_task *task)
{
    struct reading reading = report(task);
    if (is_disturbed(task)) {
        reading.quality |= READING_QUALITY_FLAGGED;
    }
    const enum status status = task->sink->commit(task->sink->ctx, &reading);
    if (status == STATUS_OK) {
        task->counters.readings++;
        begin_reading(task);
    } else {
        task->counters.refused++;
        task->refused = true;
    }
    return status;
}

/// Whether the reading is closer to its length now than after one more window of `seconds`.
static bool is_due(const struct processing_task *task, double seconds)
{
    if (task->settings.reading_cycles != 0) {
        return task->cycles_seen >= task->settings.reading_cycles;
    }
    return task->seconds + 0.5 * seconds >= task->settings.reading_ms / 1000.0;
}

enum status processing_task_step(struct processing_task *task)
{
    enum status status = task->refused ? commit(task) : STATUS_OK;
    for (const struct cycle_window *window = ring_peek(task->ring); window != NULL;
         window = ring_peek(task->ring)) {
        const double before = task->seconds;
        if (task->refused) {
            task->quality |= READING_QUALITY_MERGED;
        }
        accept_window(task, window);
        ring_release(task->ring);
        // A refused reading is offered once a step: the sink may be slow to say no.
        if (!task->refused && task->seconds > before && is_due(task, task->seconds - before)) {
            status = commit(task);
        }
    }
    return status;
}

enum status processing_task_flush(struct processing_task *task)
{
    const enum status status = processing_task_step(task);
    take_early(task);
    if (status != STATUS_OK || !(task->seconds > 0.0)) {
        return status;
    }
    task->quality |= READING_QUALITY_PARTIAL;
    return commit(task);
}

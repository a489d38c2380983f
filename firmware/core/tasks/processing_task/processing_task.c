// SPDX-License-Identifier: MIT
#include "processing_task.h"

#include <stddef.h>

#include "portable_math.h"
#include "quantities.h"

static const double SHORT_S =
    0.1; // A fragment so short holds too few cycles to find its own offsets.
static const double FIRST_GUESS_HZ = 50.0; // Only for the angles of what comes before any cycle.

// 0.2 % of 5 A at 230 V. A load of 5 W is seen, and noise of one code on a sensor for 100 A is not.
static const double CREEP_VA = 2.3;

struct processing_settings processing_settings_default(void)
{
    struct processing_settings settings = {
        .reading_ms = 1000, .connected_codes = 2.0, .noise_codes = 4.0, .total_channels = 0xff
    };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        settings.creep_va[n] = CREEP_VA;
    }
    return settings;
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
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        creep_init(&task->creep[n]);
    }
    if (last != NULL) {
        return meter_registers_restore(&task->registers, settings->total_channels, last);
    }
    meter_registers_init(&task->registers, settings->total_channels);
    return STATUS_OK;
}

void processing_task_calibrate(struct processing_task *task, const struct calibration *calibration)
{
    task->calibration = calibration;
}

void processing_task_set_rate(struct processing_task *task, unsigned rate, bool is_stale)
{
    task->rate_is_stale = is_stale;
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

static double seconds_of(const struct cycle_window *window)
{
    const double frames = cycle_sums_length(&window->sums) + (double)window->sums.lost_frames;
    return frames / window->rate_hz;
}

static double size(double x)
{
    return x < 0.0 ? -x : x;
}

/// One code of a channel's current in amperes.
static double amperes_per_code(const struct processing_task *task, unsigned channel)
{
    const uint8_t input = task->wiring->channel[channel].current_input;
    return size(task->wiring->unit_per_code[input] *
                calibration_input_of(task->calibration, input)->gain);
}

/// Takes the mean squares of a window to learn the noise of a current. Returns what is known of it.
static double learn_noise(struct processing_task *task, const struct cycle_window *window,
                          const struct channel_means *means, unsigned channel, double seconds)
{
    struct noise_floor *floor = &task->noise[channel];
    if (window->whole && means->fundamental &&
        (window->quality & ~(unsigned)READING_QUALITY_DRIFT) == 0) {
        const struct sums_phasor *i = &means->current1;
        noise_floor_take(floor, means->current_square, i->re * i->re + i->im * i->im, seconds,
                         task->settings.noise_codes);
    }
    return amperes_per_code(task, channel) * portable_sqrt(noise_floor_square(floor));
}

/// Measures what one channel did during a window.
static struct reading_share measure_channel(struct processing_task *task,
                                            const struct cycle_window *window,
                                            const struct quantities_basis *basis, unsigned channel,
                                            double seconds, struct raw_channel *raw)
{
    const bool borrows = !window->whole && task->offset_known && seconds < SHORT_S;
    const struct channel_means means = channel_means_of(
        &window->sums, task->wiring, channel, borrows ? task->offset : NULL, window->cycles > 0);
    const struct wiring_channel *wired = &task->wiring->channel[channel];
    *raw = quantities_raw(&means, basis, channel);
    raw->voltage_clipped = ((window->clipped >> wired->voltage_input) & 1u) != 0;
    raw->current_clipped = ((window->clipped >> wired->current_input) & 1u) != 0;
    struct reading_share share = { .measures = quantities_of(&means, basis, channel) };
    if ((window->quality & READING_QUALITY_NO_REFERENCE) != 0) {
        quantities_without_reference(&share.measures);
        raw->frequency_hz = 0.0;
    }
    raw->whole = window->whole;
    share.noise_a = learn_noise(task, window, &means, channel, seconds);
    const double threshold_va = task->settings.creep_va[channel];
    share.creeps = window->cycles > 0
                       ? creep_take(&task->creep[channel], share.measures.active_w,
                                    share.measures.reactive1_var, seconds, threshold_va)
                       : creep_goes_on(&task->creep[channel], threshold_va);
    return share;
}

/// Lets the registers and everybody else know what a window was.
static void count_and_tell(struct processing_task *task, struct window_report *report,
                           const struct reading_share share[READING_CHANNEL_COUNT])
{
    struct meter_power power[READING_CHANNEL_COUNT] = { { 0.0, 0.0 } };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct power_measures *m = &share[n].measures;
        if (!share[n].creeps) {
            power[n] =
                (struct meter_power){ .active_w = m->active_w, .reactive_var = m->reactive1_var };
        }
        report->channel[n] = (struct window_report_channel){
            .voltage_v = m->voltage_v,
            .current_a = m->current_a,
            .active_w = m->active_w,
            .reactive_var = m->reactive1_var,
            .import_mj = -task->registers.channel[n].import.whole_milli,
            .export_mj = -task->registers.channel[n].export.whole_milli,
        };
    }
    const int64_t total_before_mj = task->registers.import[task->rate].whole_milli;
    meter_registers_add(&task->registers, power, report->seconds, task->rate);
    report->total_import_mj = task->registers.import[task->rate].whole_milli - total_before_mj;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        report->channel[n].import_mj += task->registers.channel[n].import.whole_milli;
        report->channel[n].export_mj += task->registers.channel[n].export.whole_milli;
    }
    for (unsigned n = 0; n < task->watchers; n++) {
        task->watcher[n]->window(task->watcher[n]->ctx, report);
    }
}

/// What the inputs of the channels that are measured put in doubt.
static uint16_t doubts_of_inputs(const struct processing_task *task,
                                 const struct cycle_window *window)
{
    unsigned inputs = 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *wired = &task->wiring->channel[n];
        if (wired->voltage_input != WIRING_NO_INPUT) {
            inputs |= 1u << wired->voltage_input | 1u << wired->current_input;
        }
    }
    const unsigned clipped = (window->clipped & inputs) != 0 ? READING_QUALITY_CLIPPED : 0u;
    const unsigned drifts = (window->drifted & inputs) != 0 ? READING_QUALITY_DRIFT : 0u;
    return (uint16_t)(clipped | drifts);
}

static void take_window(struct processing_task *task, const struct cycle_window *window)
{
    const double seconds = seconds_of(window);
    const unsigned doubt = task->rate_is_stale ? READING_QUALITY_STALE_RATE : 0u;
    const uint16_t quality = (uint16_t)(window->quality | doubt);
    task->counters.windows++;
    task->builder.quality |= quality;
    if (!(cycle_sums_length(&window->sums) > 0.0)) {
        return;
    }
    if (window->whole) {
        task->last_frequency_hz = window->cycles / seconds;
        for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
            task->offset[input] = cycle_sums_mean(&window->sums, input);
        }
        task->offset_known = true;
    }
    const struct quantities_basis basis = { .wiring = task->wiring,
                                            .calibration = task->calibration,
                                            .rate_hz = window->rate_hz,
                                            .frequency_hz = task->last_frequency_hz };
    struct raw_channel raw[READING_CHANNEL_COUNT] = { { .frequency_hz = 0.0 } };
    struct reading_share share[READING_CHANNEL_COUNT] = { { .noise_a = 0.0 } };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (task->wiring->channel[n].voltage_input != WIRING_NO_INPUT) {
            share[n] = measure_channel(task, window, &basis, n, seconds, &raw[n]);
        }
    }
    reading_builder_add(&task->builder, window, seconds, share);
    struct window_report report = {
        .ended_us = window->ended_us,
        .seconds = seconds,
        .rate_hz = window->rate_hz,
        .frequency_hz = window->whole ? task->last_frequency_hz : 0.0,
        .cycles = window->cycles,
        .whole = window->whole,
        .quality = (uint16_t)(quality | doubts_of_inputs(task, window)),
        .channels = wiring_channels(task->wiring),
        .raw = raw,
    };
    count_and_tell(task, &report, share);
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

/// Whether any watcher knows of a disturbance within the reading.
static bool is_disturbed(const struct processing_task *task)
{
    const uint64_t length_us = (uint64_t)portable_round(task->builder.seconds * 1e6);
    const uint64_t from_us =
        task->builder.ended_us > length_us ? task->builder.ended_us - length_us : 0;
    for (unsigned n = 0; n < task->watchers; n++) {
        const struct window_watcher *watcher = task->watcher[n];
        if (watcher->disturbed != NULL &&
            watcher->disturbed(watcher->ctx, from_us, task->builder.ended_us)) {
            return true;
        }
    }
    return false;
}

static struct reading report(const struct processing_task *task)
{
    double connected_a[READING_CHANNEL_COUNT] = { 0.0 };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if (task->wiring->channel[n].voltage_input != WIRING_NO_INPUT) {
            connected_a[n] = task->settings.connected_codes * amperes_per_code(task, n);
        }
    }
    struct reading reading = reading_builder_report(&task->builder, task->wiring, connected_a);
    reading.rate = task->rate;
    meter_registers_report(&task->registers, &reading);
    if (is_disturbed(task)) {
        reading.quality |= READING_QUALITY_FLAGGED;
    }
    return reading;
}

static enum status commit(struct processing_task *task)
{
    const struct reading reading = report(task);
    const enum status status = task->sink->commit(task->sink->ctx, &reading);
    task->refused = status != STATUS_OK;
    if (status == STATUS_OK) {
        task->counters.readings++;
        reading_builder_next(&task->builder);
    } else {
        task->counters.refused++;
    }
    return status;
}

/// Whether the reading is closer to its length now than after one more window of `seconds`.
static bool is_due(const struct processing_task *task, double seconds)
{
    if (task->settings.reading_cycles != 0) {
        return task->builder.cycles_seen >= task->settings.reading_cycles;
    }
    return task->builder.seconds + 0.5 * seconds >= task->settings.reading_ms / 1000.0;
}

enum status processing_task_step(struct processing_task *task)
{
    enum status status = task->refused ? commit(task) : STATUS_OK;
    for (const struct cycle_window *window = ring_peek(task->ring); window != NULL;
         window = ring_peek(task->ring)) {
        const double before = task->builder.seconds;
        if (task->refused) {
            task->builder.quality |= READING_QUALITY_MERGED;
        }
        accept_window(task, window);
        ring_release(task->ring);
        // A refused reading is offered once a step: the sink may be slow to say no.
        if (!task->refused && task->builder.seconds > before &&
            is_due(task, task->builder.seconds - before)) {
            status = commit(task);
        }
    }
    return status;
}

enum status processing_task_flush(struct processing_task *task)
{
    const enum status status = processing_task_step(task);
    take_early(task);
    if (status != STATUS_OK || !(task->builder.seconds > 0.0)) {
        return status;
    }
    task->builder.quality |= READING_QUALITY_PARTIAL;
    return commit(task);
}

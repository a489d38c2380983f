// SPDX-License-Identifier: MIT
#include "whole_engine.h"

#include <stddef.h>

static const double NOMINAL_HZ = 50.0;

const char *whole_engine_part_name(enum whole_engine_part part)
{
    static const char *const name[WHOLE_ENGINE_PART_COUNT] = { "sampling", "processing", "quality",
                                                               "spectrum" };
    return name[part % WHOLE_ENGINE_PART_COUNT];
}

struct whole_engine_settings whole_engine_settings_default(void)
{
    return (struct whole_engine_settings){ .sampling = sampling_settings_default(),
                                           .processing = processing_settings_default(),
                                           .quality = power_quality_settings_default(),
                                           .spectrum = spectrum_settings_default() };
}

static enum status init_metering(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    enum status status = ring_init(&engine->windows, engine->window_slot,
                                   sizeof engine->window_slot[0], SAMPLING_TASK_WINDOWS);
    if (status == STATUS_OK) {
        status = sampling_task_init(&engine->sampling, s->source, s->wiring, &engine->windows,
                                    &s->sampling);
    }
    if (status == STATUS_OK) {
        status = processing_task_init(&engine->processing, s->wiring, &engine->windows, s->readings,
                                      &s->processing, NULL);
    }
    if (status == STATUS_OK && s->watcher.window != NULL) {
        engine->window_watcher =
            (struct window_watcher){ .window = s->watcher.window, .ctx = s->watcher.ctx };
        status = processing_task_watch(&engine->processing, &engine->window_watcher);
    }
    if (status == STATUS_OK && s->tap != NULL) {
        status = sampling_task_add_tap(&engine->sampling, s->tap);
    }
    return status;
}

static enum status init_quality(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    const uint64_t rate_mhz = s->source->frame_rate_mhz(s->source->ctx);
    enum status status = ring_init(&engine->halves, engine->half_slot, sizeof engine->half_slot[0],
                                   HALF_CYCLES_RECORDS);
    if (status == STATUS_OK) {
        status = half_cycles_init(&engine->half_cycles, s->wiring, &engine->halves, rate_mhz,
                                  NOMINAL_HZ);
    }
    if (status == STATUS_OK) {
        status =
            power_quality_init(&engine->quality, s->wiring, (double)rate_mhz / 1000.0, &s->quality);
    }
    if (status == STATUS_OK) {
        status = sampling_task_add_tap(&engine->sampling, half_cycles_tap(&engine->half_cycles));
    }
    return status;
}

/// Every second window is enough to look at, and one slot costs half the memory of two.
enum { SPECTRUM_SLOTS = 1 };

static enum status init_spectrum(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    const struct adc_source *source = s->source;
    struct waveform_plan plan;
    if (s->spectrum_storage == NULL || s->records == NULL ||
        waveform_plan_make(&plan, s->wiring, s->spectrum_mode, source->frame_rate_mhz(source->ctx),
                           SPECTRUM_SLOTS, s->spectrum_storage_size) != STATUS_OK) {
        return STATUS_OK;
    }
    enum status status =
        waveform_capture_init(&engine->capture, &plan, source->code_min, source->code_max,
                              s->spectrum_storage, s->spectrum_storage_size);
    if (status == STATUS_OK) {
        engine->capture_tap = waveform_capture_tap(&engine->capture);
        status = sampling_task_add_tap(&engine->sampling, &engine->capture_tap);
    }
    if (status == STATUS_OK) {
        status = spectrum_task_init(&engine->spectrum, s->wiring, &engine->calibration,
                                    &engine->capture, s->records, &s->spectrum);
    }
    engine->has_spectrum = status == STATUS_OK;
    return status;
}

enum status whole_engine_init(struct whole_engine *engine,
                              const struct whole_engine_settings *settings)
{
    engine->settings = *settings;
    engine->has_spectrum = false;
    calibration_default(&engine->calibration);
    enum status status = init_metering(engine);
    if (status == STATUS_OK) {
        status = init_quality(engine);
    }
    return status == STATUS_OK ? init_spectrum(engine) : status;
}

static void end_part(const struct whole_engine *engine, enum whole_engine_part part)
{
    const struct whole_engine_watcher *watcher = &engine->settings.watcher;
    if (watcher->part != NULL) {
        watcher->part(watcher->ctx, part);
    }
}

static void keep_event(const struct whole_engine *engine, const struct power_event *event)
{
    const struct record_sink *sink = engine->settings.records;
    const struct record record = { .kind = RECORD_KIND_EVENT, .event = *event };
    if (sink != NULL) {
        const enum status status = sink->commit(sink->ctx, &record);
        (void)status; // An engine under test has nobody to tell.
    }
}

static void take_half_cycles(struct whole_engine *engine)
{
    const struct whole_engine_watcher *watcher = &engine->settings.watcher;
    for (const struct half_cycle *half = ring_peek(&engine->halves); half != NULL;
         half = ring_peek(&engine->halves)) {
        const struct power_quality_update update = power_quality_take(&engine->quality, half);
        ring_release(&engine->halves);
        for (unsigned n = 0; n < update.events; n++) {
            keep_event(engine, &update.event[n]);
        }
        if (watcher->half_cycle != NULL) {
            watcher->half_cycle(watcher->ctx, &update);
        }
    }
}

enum status whole_engine_step(struct whole_engine *engine, uint64_t now_us)
{
    const enum status sampled = sampling_task_step(&engine->sampling, now_us);
    end_part(engine, WHOLE_ENGINE_SAMPLING);
    const enum status processed = sampled == STATUS_MISSING
                                      ? processing_task_flush(&engine->processing)
                                      : processing_task_step(&engine->processing);
    end_part(engine, WHOLE_ENGINE_PROCESSING);
    take_half_cycles(engine);
    end_part(engine, WHOLE_ENGINE_QUALITY);
    enum status examined = STATUS_OK;
    if (engine->has_spectrum) {
        examined = sampled == STATUS_MISSING ? spectrum_task_flush(&engine->spectrum)
                                             : spectrum_task_step(&engine->spectrum);
    }
    end_part(engine, WHOLE_ENGINE_SPECTRUM);
    const bool all_taken = processed == STATUS_OK && examined == STATUS_OK;
    return sampled == STATUS_MISSING && !all_taken ? STATUS_BUSY : sampled;
}

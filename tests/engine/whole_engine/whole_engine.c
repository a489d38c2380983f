// SPDX-License-Identifier: MIT
#include "whole_engine.h"

#include <stddef.h>

static const double NOMINAL_HZ = 50.0;

const char *whole_engine_part_name(enum whole_engine_part part)
{
    static const char *const name[WHOLE_ENGINE_PART_COUNT] = { "sampling", "quality", "processing",
                                                               "spectrum", "demand" };
    return name[part % WHOLE_ENGINE_PART_COUNT];
}

static enum status get_nothing(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    (void)ctx;
    (void)key;
    (void)out;
    (void)capacity;
    (void)size;
    return STATUS_MISSING;
}

static enum status forget(void *ctx, const char *key, const void *value, size_t size)
{
    (void)ctx;
    (void)key;
    (void)value;
    (void)size;
    return STATUS_OK;
}

struct whole_engine_settings whole_engine_settings_default(void)
{
    static const struct key_value forgetful = { .get = get_nothing, .set = forget };

    return (struct whole_engine_settings){
        .values = &forgetful,
        .sampling = sampling_settings_default(),
        .processing = processing_settings_default(),
        .quality = quality_task_settings_default(),
        .spectrum = spectrum_settings_default(),
        .demand = { .block_min = 15 },
        .tariff = "",
        .time_zone = "UTC0",
        .window_slots = SAMPLING_TASK_WINDOWS,
        .half_slots = HALF_CYCLES_RECORDS,
    };
}

static uint64_t uptime_us(void *ctx)
{
    const struct whole_engine *engine = ctx;
    return engine->now_us;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    const struct whole_engine *engine = ctx;
    *utc = engine->settings.utc_start_ms + (int64_t)(engine->now_us / 1000u);
    *uncertainty_ms = 1;
    return engine->settings.utc_start_ms != 0;
}

static enum status linearise(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    enum status status = STATUS_OK;
    if (s->code_tap != NULL) {
        sampling_task_tap_codes(&engine->sampling, s->code_tap);
    }
    for (unsigned n = 0; n < s->source->input_count && status == STATUS_OK; n++) {
        status = sampling_task_linearise(&engine->sampling, n, s->linearity);
    }
    return status;
}

static enum status init_metering(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    enum status status = ring_init(&engine->windows, engine->window_slot,
                                   sizeof engine->window_slot[0], s->window_slots);
    if (status == STATUS_OK) {
        status = sampling_task_init(&engine->sampling, s->source, s->wiring, &engine->windows,
                                    &s->sampling);
    }
    if (status == STATUS_OK) {
        status = linearise(engine);
    }
    if (status == STATUS_OK) {
        status = processing_task_init(&engine->processing, s->wiring, &engine->windows, s->readings,
                                      &s->processing, NULL);
    }
    if (status == STATUS_OK) {
        processing_task_calibrate(&engine->processing, s->calibration);
    }
    return status;
}

/// Tells the newest distortion of a channel to whoever adds up intervals.
static bool distortion_of(void *ctx, unsigned channel, uint32_t *voltage_ppm, uint32_t *current_ppm)
{
    const struct whole_engine *engine = ctx;
    struct spectrum_level voltage;
    struct spectrum_level current;
    if (!engine->has_spectrum || spectrum_task_level(&engine->spectrum, channel, SIGNAL_VOLTAGE,
                                                     engine->now_us, &voltage) != STATUS_OK) {
        return false;
    }
    const bool flows = spectrum_task_level(&engine->spectrum, channel, SIGNAL_CURRENT,
                                           engine->now_us, &current) == STATUS_OK;
    *voltage_ppm = voltage.distortion_ppm;
    *current_ppm = flows ? current.distortion_ppm : 0;
    return true;
}

static enum status init_snapshot(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    const struct snapshot_source source = { .rate_mhz = s->source->frame_rate_mhz(s->source->ctx),
                                            .input_count = s->source->input_count,
                                            .code_min = s->source->code_min,
                                            .code_max = s->source->code_max,
                                            .points_hz = s->snapshot_points_hz };
    return s->snapshot_storage == NULL ? STATUS_OK
                                       : snapshot_init(&engine->snapshot, s->snapshot_storage,
                                                       s->snapshot_samples, &source);
}

static enum status init_quality(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    const uint64_t rate_mhz = s->source->frame_rate_mhz(s->source->ctx);
    enum status status =
        ring_init(&engine->halves, engine->half_slot, sizeof engine->half_slot[0], s->half_slots);
    if (status == STATUS_OK) {
        status = half_cycles_init(&engine->half_cycles, s->wiring, &engine->halves, rate_mhz,
                                  NOMINAL_HZ);
    }
    if (status == STATUS_OK) {
        status = init_snapshot(engine);
    }
    engine->distortion = (struct quality_distortion){ .of_channel = distortion_of, .ctx = engine };
    const struct quality_task_parts parts = {
        .wiring = s->wiring,
        .half_cycles = &engine->halves,
        .snapshot = s->snapshot_storage == NULL ? NULL : &engine->snapshot,
        .sink = s->records,
        .clock = &engine->clock,
        .distortion = &engine->distortion,
        .record = &engine->record,
        .rate_hz = (double)rate_mhz / 1000.0,
    };
    if (status == STATUS_OK) {
        status = quality_task_init(&engine->quality, &parts, &s->quality);
    }
    for (unsigned n = 0; n < s->source->input_count && status == STATUS_OK; n++) {
        quality_task_scale(&engine->quality, n,
                           s->wiring->unit_per_code[n] *
                               calibration_input_of(s->calibration, n)->gain);
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
    if (s->spectrum_storage == NULL ||
        waveform_plan_make(&plan, s->wiring, s->spectrum_mode, source->frame_rate_mhz(source->ctx),
                           SPECTRUM_SLOTS, s->spectrum_storage_size) != STATUS_OK) {
        return STATUS_OK;
    }
    enum status status = waveform_capture_init(&engine->capture, &plan, s->spectrum_storage,
                                               s->spectrum_storage_size);
    if (status == STATUS_OK) {
        engine->capture_tap = waveform_capture_tap(&engine->capture);
        const struct spectrum_task_parts parts = { .wiring = s->wiring,
                                                   .calibration = s->calibration,
                                                   .capture = &engine->capture,
                                                   .sink = s->records,
                                                   .record = &engine->record,
                                                   .sums = engine->spectrum_sums,
                                                   .inputs = source->input_count,
                                                   .watcher =
                                                       quality_task_watcher(&engine->quality) };
        status = spectrum_task_init(&engine->spectrum, &parts, &s->spectrum);
    }
    engine->has_spectrum = status == STATUS_OK;
    return status;
}

static enum status init_demand(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    struct tariff_fault fault;
    if (time_zone_parse(&engine->zone, s->time_zone, NULL) != STATUS_OK ||
        tariff_parse(&engine->tariff, s->tariff, &fault) != STATUS_OK) {
        return STATUS_INVALID;
    }
    tariff_clock_init(&engine->tariff_clock, &engine->tariff, &engine->zone, 0);
    // A maximum that is lost begins anew, as in a device.
    (void)!maximum_demand_load(&engine->maximum, s->values);
    return demand_init(&engine->demand, &s->demand, &engine->clock, &engine->zone, s->records,
                       &engine->maximum, &engine->tariff_clock.rate);
}

static enum status bind(struct whole_engine *engine)
{
    const struct whole_engine_settings *s = &engine->settings;
    engine->window_watcher =
        (struct window_watcher){ .window = s->watcher.window, .ctx = s->watcher.ctx };
    const struct frame_tap *const tap[] = {
        half_cycles_tap(&engine->half_cycles),
        s->snapshot_storage != NULL ? snapshot_tap(&engine->snapshot) : NULL,
        engine->has_spectrum ? &engine->capture_tap : NULL, s->tap
    };
    const struct window_watcher *const watcher[] = {
        quality_task_watcher(&engine->quality), demand_watcher(&engine->demand),
        s->watcher.window != NULL ? &engine->window_watcher : NULL
    };
    enum status status = STATUS_OK;
    for (size_t n = 0; n < sizeof tap / sizeof tap[0] && status == STATUS_OK; n++) {
        status = tap[n] != NULL ? sampling_task_add_tap(&engine->sampling, tap[n]) : STATUS_OK;
    }
    for (size_t n = 0; n < sizeof watcher / sizeof watcher[0] && status == STATUS_OK; n++) {
        status =
            watcher[n] != NULL ? processing_task_watch(&engine->processing, watcher[n]) : STATUS_OK;
    }
    return status;
}

enum status whole_engine_init(struct whole_engine *engine,
                              const struct whole_engine_settings *settings)
{
    engine->settings = *settings;
    engine->clock = (struct clock){ .uptime_us = uptime_us, .utc_ms = utc_ms, .ctx = engine };
    engine->now_us = 0;
    engine->has_spectrum = false;
    enum status (*const init[])(struct whole_engine *) = { init_metering, init_quality,
                                                           init_spectrum, init_demand, bind };
    enum status status = STATUS_OK;
    for (size_t n = 0; n < sizeof init / sizeof init[0] && status == STATUS_OK; n++) {
        status = init[n](engine);
    }
    return status;
}

static void set_rate(struct whole_engine *engine)
{
    int64_t utc;
    uint32_t uncertainty_ms;
    const bool is_known = utc_ms(engine, &utc, &uncertainty_ms);
    const unsigned rate = tariff_clock_rate(&engine->tariff_clock, is_known, utc);
    processing_task_set_rate(&engine->processing, rate, engine->tariff_clock.is_stale);
}

static enum status step_quality(struct whole_engine *engine, bool ended)
{
    return ended ? quality_task_flush(&engine->quality, engine->now_us)
                 : quality_task_step(&engine->quality, engine->now_us);
}

static enum status step_processing(struct whole_engine *engine, bool ended)
{
    return ended ? processing_task_flush(&engine->processing)
                 : processing_task_step(&engine->processing);
}

static enum status step_spectrum(struct whole_engine *engine, bool ended)
{
    if (!engine->has_spectrum) {
        return STATUS_OK;
    }
    return ended ? spectrum_task_flush(&engine->spectrum) : spectrum_task_step(&engine->spectrum);
}

static enum status step_demand(struct whole_engine *engine, bool ended)
{
    (void)ended;
    return demand_step(&engine->demand);
}

struct part_step {
    enum whole_engine_part part;
    enum status (*step)(struct whole_engine *engine, bool ended);
};

static void end_part(const struct whole_engine *engine, enum whole_engine_part part)
{
    const struct whole_engine_watcher *watcher = &engine->settings.watcher;
    if (watcher->part != NULL) {
        watcher->part(watcher->ctx, part);
    }
}

enum status whole_engine_step(struct whole_engine *engine, uint64_t now_us)
{
    // Quality looks before processing, to flag its readings; at the end, intervals close after it.
    static const struct part_step order[2][WHOLE_ENGINE_PART_COUNT - 1] = {
        { { WHOLE_ENGINE_QUALITY, step_quality },
          { WHOLE_ENGINE_PROCESSING, step_processing },
          { WHOLE_ENGINE_SPECTRUM, step_spectrum },
          { WHOLE_ENGINE_DEMAND, step_demand } },
        { { WHOLE_ENGINE_PROCESSING, step_processing },
          { WHOLE_ENGINE_QUALITY, step_quality },
          { WHOLE_ENGINE_SPECTRUM, step_spectrum },
          { WHOLE_ENGINE_DEMAND, step_demand } },
    };
    engine->now_us = now_us;
    const enum status sampled = sampling_task_step(&engine->sampling, now_us);
    const bool ended = sampled == STATUS_MISSING;
    end_part(engine, WHOLE_ENGINE_SAMPLING);
    set_rate(engine);
    bool all_taken = true;
    for (unsigned n = 0; n < WHOLE_ENGINE_PART_COUNT - 1; n++) {
        const struct part_step *next = &order[ended ? 1 : 0][n];
        all_taken = next->step(engine, ended) == STATUS_OK && all_taken;
        end_part(engine, next->part);
    }
    return ended && !all_taken ? STATUS_BUSY : sampled;
}

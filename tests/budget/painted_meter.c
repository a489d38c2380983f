// SPDX-License-Identifier: MIT
#include "painted_device.h"

enum { INPUTS = 9, RATE = 10000, BLOCK = 100, BOOT = 1, PLANNED_S = 3600 };

static enum status keep_record(void *ctx, const struct record *record)
{
    struct painted_device *device = ctx;
    uint64_t seq = 0;
    return journal_append(&device->journal, BOOT, record, &seq);
}

static enum status keep_reading(void *ctx, const struct reading *reading)
{
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    return keep_record(ctx, &record);
}

static void observe(void *ctx, const struct window_report *report)
{
    struct painted_device *device = ctx;
    calibration_session_observe(&device->calibration, report->raw, report->seconds);
    linearity_session_observe(&device->linearity, report->raw, report->seconds);
}

static void listen(void *ctx, const struct spectrum_bins *bins)
{
    calibration_session_take_bins(&((struct painted_device *)ctx)->calibration, bins);
}

/// A household: a little distortion, and a dip and a swell for the watchers.
static void plan_mains(struct code_plan *plan)
{
    *plan = (struct code_plan){ .rate_mhz = UINT64_C(1000) * RATE,
                                .frames = (uint64_t)RATE * PLANNED_S,
                                .mains_mhz = 50020,
                                .block_frames = BLOCK,
                                .input_count = INPUTS,
                                .code_max = 4095,
                                .seed = 5 };
    for (unsigned n = 0; n < INPUTS; n++) {
        plan->input[n] =
            (struct code_input){ .offset = 2048,
                                 .noise = 1,
                                 .tone = { { .order = 1, .amplitude = 1800 - 300 * (n % 4) },
                                           { .order = 5, .amplitude = 18 - 3 * (n % 4) } } };
    }
    plan->change[0] = (struct code_change){
        .frame = 3 * RATE, .kind = CODE_CHANGE_LEVEL, .input = 0, .value = 700
    };
    plan->change[1] = (struct code_change){
        .frame = 3 * RATE + RATE / 5, .kind = CODE_CHANGE_LEVEL, .input = 0, .value = 1000
    };
    plan->change[2] =
        (struct code_change){ .frame = 4 * RATE, .kind = CODE_CHANGE_LOSE, .value = 500 };
}

static enum status init_engine(struct painted_device *device)
{
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &device->source;
    settings.wiring = &device->wiring;
    settings.readings = &device->readings;
    settings.records = &device->records;
    settings.values = &device->values;
    settings.calibration = calibration_store_current(&device->calibrations);
    settings.linearity = code_census_table(&device->census);
    settings.code_tap = &device->code_tap;
    settings.demand.sub_min = 5;
    settings.tariff = "1 mon-fri 07:00-21:00; 2 11-01..03-31 17:00-20:00; holidays 01-01, easter+1";
    settings.time_zone = "CET-1CEST,M3.5.0,M10.5.0/3";
    settings.utc_start_ms = PAINTED_EPOCH_MS;
    settings.spectrum_mode = WAVEFORM_ROTATION;
    settings.spectrum_storage = device->samples;
    settings.spectrum_storage_size = sizeof device->samples;
    settings.snapshot_storage = device->snapshots;
    settings.snapshot_samples = SNAPSHOT_SAMPLES;
    settings.watcher = (struct whole_engine_watcher){ .window = observe, .ctx = device };
    enum status status = whole_engine_init(&device->engine, &settings);
    if (status == STATUS_OK && !device->engine.has_spectrum) {
        status = STATUS_FULL;
    }
    device->spectrum_tap = (struct spectrum_tap){ .bins = listen, .ctx = device };
    spectrum_task_listen(&device->engine.spectrum, &device->spectrum_tap);
    return status;
}

enum status painted_meter_init(struct painted_device *device)
{
    plan_mains(&device->plan);
    code_generator_init(&device->generator, &device->plan);
    device->source = code_generator_source(&device->generator);
    device->wiring = wiring_of_one_voltage(INPUTS - 1, 0.2, 0.02);
    device->readings = (struct reading_sink){ .commit = keep_reading, .ctx = device };
    device->records = (struct record_sink){ .commit = keep_record, .ctx = device };
    enum status status = calibration_store_load(&device->calibrations, &device->values);
    calibration_session_init(&device->calibration, &device->wiring, 0.0, &device->calibrations,
                             &device->workspace.calibration);
    const struct linearity_parts linearity = { .wiring = &device->wiring,
                                               .values = &device->values,
                                               .census = &device->census,
                                               .workspace = &device->workspace.linearity,
                                               .code_min = 0,
                                               .code_max = 4095 };
    if (status == STATUS_OK) {
        status = linearity_session_init(&device->linearity, &linearity);
    }
    device->code_tap = code_census_tap(&device->census);
    metering_mailbox_init(&device->requests);
    if (status == STATUS_OK) {
        status = init_engine(device);
    }
    device->desk = (struct metering_desk){ .mailbox = &device->requests,
                                           .calibration = &device->calibration,
                                           .linearity = &device->linearity,
                                           .maximum = &device->engine.maximum };
    return status;
}

static void note(struct painted_device *device, enum status status)
{
    if (device->status == STATUS_OK && status != STATUS_BUSY) {
        device->status = status;
    }
}

void painted_sampling(void *ctx)
{
    struct painted_device *device = ctx;
    device->engine.now_us = device->now_us;
    note(device, sampling_task_step(&device->engine.sampling, device->now_us));
}

void painted_processing(void *ctx)
{
    struct painted_device *device = ctx;
    struct whole_engine *engine = &device->engine;
    const unsigned rate = tariff_clock_rate(&engine->tariff_clock, true, PAINTED_EPOCH_MS);
    processing_task_set_rate(&engine->processing, rate, engine->tariff_clock.is_stale);
    note(device, quality_task_step(&engine->quality, device->now_us));
    note(device, processing_task_step(&engine->processing));
    note(device, spectrum_task_step(&engine->spectrum));
    note(device, demand_step(&engine->demand));
    metering_desk_step(&device->desk);
    waveform_capture_stay(&engine->capture, calibration_session_wants(&device->calibration));
}

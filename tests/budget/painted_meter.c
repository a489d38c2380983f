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

enum status painted_meter_init(struct painted_device *device)
{
    plan_mains(&device->plan);
    code_generator_init(&device->generator, &device->plan);
    device->source = code_generator_source(&device->generator);
    device->wiring = wiring_of_one_voltage(INPUTS - 1, 0.2, 0.02);
    device->readings = (struct reading_sink){ .commit = keep_reading, .ctx = device };
    device->records = (struct record_sink){ .commit = keep_record, .ctx = device };
    metering_mailbox_init(&device->requests);
    const struct metering_engine_parts parts = {
        .settings = &device->settings,
        .adc = &device->source,
        .wiring = &device->wiring,
        .clock = &device->clock,
        .values = &device->values,
        .requests = &device->requests,
        .readings = &device->readings,
        .records = &device->records,
        .nominal_hz = 50.0,
        .harmonics = WAVEFORM_ROTATION,
        .capture_slots = 1,
        .capture = device->samples,
        .capture_size = sizeof device->samples,
    };
    const char *fault = NULL;
    return metering_engine_open(&device->engine, &parts, &fault);
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
    note(device, sampling_task_step(&device->engine.sampling, device->now_us));
}

void painted_processing(void *ctx)
{
    struct painted_device *device = ctx;
    note(device, metering_engine_step(&device->engine));
}

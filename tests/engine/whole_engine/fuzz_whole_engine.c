// SPDX-License-Identifier: MIT

/// Any sequence of codes, lengths, gaps, swaps, rates and scales goes through the whole engine:
/// nothing overflows, no operation on numbers is invalid (so no NaN arises, anywhere), registers
/// never fall, taps see every frame once, and every reading can be carried.

#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include "code_generator.h"
#include "record_code.h"
#include "whole_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_LIMIT = 60000, BLOCKS_LIMIT = 1500 };

struct input {
    const uint8_t *data;
    size_t size;
    size_t at;
};

/// What drives the engine, and what is known of it.
struct world {
    struct whole_engine engine;
    struct calibration calibration;
    struct linearity_table linearity;
    uint64_t samples[12000];
    int16_t snapshots[SNAPSHOT_SMALL_SAMPLES];
    struct input input;
    struct adc_source source;
    uint64_t rate_mhz;
    uint32_t angle;
    uint32_t step;
    uint64_t frames;
    uint64_t blocks;
    uint64_t tapped;
    struct reading last;
    uint8_t code[RECORD_CODE_SIZE_LIMIT];
};

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static uint32_t take(struct input *input, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned n = 0; n < bytes; n++) {
        value = value << 8 | (input->at < input->size ? input->data[input->at] : 0u);
        input->at++;
    }
    return value;
}

/// One input's codes of a block: noise as it comes, a level, a sine, or a square.
static void fill(struct world *world, int32_t *codes, uint32_t count)
{
    struct input *input = &world->input;
    const int64_t low = world->source.code_min;
    const int64_t range = (int64_t)world->source.code_max - low;
    const uint32_t shape = take(input, 1);
    const int64_t level = low + range * take(input, 1) / 255;
    const int64_t swing = range / 2 * (shape >> 2) / 63;
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t angle = world->angle + n * world->step;
        int64_t code = level;
        switch (shape & 3u) {
        case 0:
            code = low + range * take(input, 1) / 255;
            break;
        case 1:
            code += swing * code_generator_sine(angle) / (1 << 30);
            break;
        case 2:
            code += (angle >> 31) != 0 ? swing : -swing;
            break;
        default:
            break;
        }
        codes[n] = (int32_t)(code < low ? low : code > low + range ? low + range : code);
    }
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct world *world = ctx;
    struct input *input = &world->input;
    if (input->at >= input->size || world->frames > FRAMES_LIMIT || world->blocks > BLOCKS_LIMIT) {
        return STATUS_MISSING;
    }
    const uint32_t flags = take(input, 1);
    if (flags == 0xff) {
        return STATUS_IO;
    }
    memset(block, 0, sizeof *block);
    block->frame_count = (flags & 1u) != 0 ? ADC_FRAME_LIMIT : take(input, 1) % 140u;
    block->lost_frames = (flags & 0x18u) == 0x18u ? take(input, 4) : 0;
    block->lost_unknown = (flags & 0x60u) == 0x60u;
    block->channel_swap = (flags & 0x86u) == 0x86u;
    if ((flags & 2u) != 0) {
        world->step = take(input, 4);
    }
    const uint32_t count =
        block->frame_count < ADC_FRAME_LIMIT ? block->frame_count : ADC_FRAME_LIMIT;
    for (unsigned n = 0; n < world->source.input_count; n++) {
        fill(world, block->code[n], count);
    }
    world->angle += count * world->step;
    world->frames += count;
    world->blocks++;
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    const struct world *world = ctx;
    return world->rate_mhz;
}

static void tap_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct world *world = ctx;
    check(from <= to && to <= block->frame_count);
    world->tapped += to - from;
}

static void tap_boundary(void *ctx, const struct tap_boundary *boundary)
{
    (void)ctx;
    check(boundary->fraction >= 0.0 && boundary->fraction < 1.0);
    check(boundary->cycle_frames >= 0.0 && boundary->period_frames >= 0.0);
}

static void tap_gap(void *ctx, uint64_t lost_frames)
{
    (void)ctx;
    (void)lost_frames;
}

static enum status commit(void *ctx, const struct reading *reading)
{
    struct world *world = ctx;
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    size_t size;
    check(record_code_encode(&record, &world->last, world->code, &size) == STATUS_OK);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct reading_channel *now = &reading->channel[n];
        const struct reading_channel *before = &world->last.channel[n];
        check(now->import_mj >= before->import_mj && now->export_mj >= before->export_mj);
        check(now->power_factor_1e4 >= -10000 && now->power_factor_1e4 <= 10000);
        check((reading->channels & (1u << n)) != 0 || now->voltage_10mv == 0);
        for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
            check(now->reactive_mvars[q] >= before->reactive_mvars[q]);
        }
    }
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        check(reading->total.import_mj[rate] >= world->last.total.import_mj[rate]);
        check(reading->total.export_mj[rate] >= world->last.total.export_mj[rate]);
    }
    world->last = *reading;
    return STATUS_OK;
}

static enum status keep(void *ctx, const struct record *record)
{
    struct world *world = ctx;
    size_t size;
    check(record_code_encode(record, &world->last, world->code, &size) == STATUS_OK);
    return (take(&world->input, 1) & 15u) == 15u ? STATUS_IO : STATUS_OK;
}

static bool is_finite(double value)
{
    return value - value == 0.0;
}

static void look_at_window(void *ctx, const struct window_report *report)
{
    (void)ctx;
    check(is_finite(report->seconds) && report->seconds >= 0.0);
    check(is_finite(report->frequency_hz));
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct window_report_channel *channel = &report->channel[n];
        check(is_finite(channel->voltage_v) && channel->voltage_v >= 0.0);
        check(is_finite(channel->current_a) && channel->current_a >= 0.0);
        check(is_finite(channel->active_w) && is_finite(channel->reactive_var));
        check(channel->import_mj >= 0 && channel->export_mj >= 0);
    }
}

static void look_at_part(void *ctx, enum whole_engine_part part)
{
    const struct world *world = ctx;
    const struct power_quality *quality = &world->engine.quality.quality;
    for (unsigned n = 0; n < quality->voltages && part == WHOLE_ENGINE_QUALITY; n++) {
        check(is_finite(quality->voltage[n].urms_v) && quality->voltage[n].urms_v >= 0.0);
    }
}

/// The maximum demand never falls; what was kept is whatever came from outside.
static enum status get_value(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    struct world *world = ctx;
    uint8_t *bytes = out;
    (void)key;
    *size = take(&world->input, 1);
    if (*size == 0) {
        return STATUS_MISSING;
    }
    if (*size > capacity) {
        return STATUS_FULL;
    }
    for (size_t n = 0; n < *size; n++) {
        bytes[n] = (uint8_t)take(&world->input, 1);
    }
    return STATUS_OK;
}

static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    (void)ctx;
    (void)key;
    (void)value;
    check(size <= KEY_VALUE_SIZE_LIMIT);
    return STATUS_OK;
}

/// From 1e-9 to 1e8, either sign.
static double scale_of(struct input *input)
{
    const uint32_t bits = take(input, 2);
    double scale = 1.0 + (bits & 0xffu) / 256.0;
    for (unsigned n = bits >> 8 & 0x1fu; n > 0; n--) {
        scale *= (bits >> 13 & 1u) != 0 ? 1.8 : 0.52;
    }
    return (bits >> 15) != 0 ? -scale : scale;
}

/// Whatever calibration_check() lets through.
static void make_calibration(struct input *input, unsigned inputs, struct calibration *calibration)
{
    calibration_default(calibration);
    for (unsigned n = 0; n < inputs; n++) {
        struct calibration_input made = { .gain = scale_of(input),
                                          .delay_s = ((int)take(input, 1) - 128) * 15e-6,
                                          .knots = take(input, 1) % (CALIBRATION_KNOT_LIMIT + 1u) };
        float magnitude = 1e-9f;
        for (unsigned k = 0; k < made.knots; k++) {
            magnitude *= 1.0f + (float)take(input, 1);
            made.knot[k] = (struct calibration_knot){
                .magnitude = magnitude,
                .gain = 0.1f + 0.03f * (float)take(input, 1),
                .lead_50hz_rad = ((float)take(input, 1) - 128.0f) / 256.0f,
                .lead_60hz_rad = ((float)take(input, 1) - 128.0f) / 256.0f,
            };
        }
        if (calibration_check_input(&made) == STATUS_OK) {
            calibration->input[n] = made;
        }
    }
}

/// A table that changes nothing, unless it is sound.
static void make_linearity(struct world *world, struct linearity_table *table)
{
    struct input *input = &world->input;
    float correction[33];
    const uint32_t points = take(input, 1) % 34u;
    const float size = (float)take(input, 2) / 32.0f;
    for (unsigned n = 0; n < points; n++) {
        correction[n] = size * ((float)take(input, 1) / 128.0f - 1.0f);
    }
    (void)!linearity_table_init(table, world->source.code_min, take(input, 2), correction, points);
}

static void make_wiring(struct input *input, unsigned inputs, struct wiring *wiring)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const uint32_t pair = take(input, 1);
        wiring->channel[n] = (struct wiring_channel){ (uint8_t)((pair >> 4) % inputs),
                                                      (uint8_t)((pair & 15u) % inputs) };
        if (pair == 0xff) {
            wiring->channel[n] = (struct wiring_channel){ WIRING_NO_INPUT, WIRING_NO_INPUT };
        }
    }
    for (unsigned n = 0; n < inputs; n++) {
        wiring->unit_per_code[n] = scale_of(input);
    }
    wiring->reference_input = (uint8_t)(take(input, 1) % inputs);
}

/// Calibration, table, clock, tariff, demand and the room for waveforms.
static void choose_surroundings(struct world *world, struct whole_engine_settings *settings)
{
    struct input *input = &world->input;
    static const char *const tariff[] = { "", "1 02:30-03:00; 2", "3 holiday; holidays 10-25" };
    make_calibration(input, world->source.input_count, &world->calibration);
    make_linearity(world, &world->linearity);
    settings->calibration = &world->calibration;
    settings->linearity = &world->linearity;
    settings->tariff = tariff[take(input, 1) % 3u];
    settings->time_zone = "CET-1CEST,M3.5.0,M10.5.0/3";
    settings->utc_start_ms = (int64_t)take(input, 1) * INT64_C(7031333441);
    settings->demand.block_min = 15u << (take(input, 1) & 1u);
    settings->demand.sub_min = 1;
    settings->snapshot_storage = world->snapshots;
    settings->snapshot_samples = SNAPSHOT_SMALL_SAMPLES;
    settings->snapshot_points_hz = take(input, 1) * 20u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    world.input = (struct input){ .data = data, .size = size };
    struct input *input = &world.input;
    const uint32_t shape = take(input, 1);
    const int32_t full = INT32_C(1) << (7 + (shape >> 4));
    world.source = (struct adc_source){ .input_count = (uint8_t)(1u + shape % ADC_INPUT_LIMIT),
                                        .code_min = (shape & 8u) != 0 ? 0 : -full,
                                        .code_max = (shape & 8u) != 0 ? full : full - 1,
                                        .read = read_block,
                                        .frame_rate_mhz = rate_of,
                                        .ctx = &world };
    world.rate_mhz = (uint64_t)take(input, 2) * 3100u;
    world.step = take(input, 4);
    struct wiring wiring = { .reference_input = 0 };
    make_wiring(input, world.source.input_count, &wiring);
    const struct reading_sink sink = { .commit = commit, .ctx = &world };
    const struct record_sink records = { .commit = keep, .ctx = &world };
    const struct key_value values = { .get = get_value, .set = set_value, .ctx = &world };
    const struct frame_tap tap = {
        .frames = tap_frames, .boundary = tap_boundary, .gap = tap_gap, .ctx = &world
    };
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &world.source;
    settings.wiring = &wiring;
    settings.readings = &sink;
    settings.records = &records;
    settings.values = &values;
    settings.tap = &tap;
    settings.spectrum.spectrum_ms = 500;
    settings.spectrum_mode = (shape & 16u) != 0 ? WAVEFORM_AT_ONCE : WAVEFORM_ROTATION;
    settings.spectrum_storage = world.samples;
    settings.spectrum_storage_size = sizeof world.samples;
    settings.watcher = (struct whole_engine_watcher){ .window = look_at_window,
                                                      .part = look_at_part,
                                                      .ctx = &world };
    choose_surroundings(&world, &settings);
    settings.sampling.cycles_per_window = take(input, 1) % 20u;
    settings.processing.reading_ms = take(input, 1) * 4u;
    if (whole_engine_init(&world.engine, &settings) != STATUS_OK) {
        return 0;
    }
    (void)feenableexcept(FE_INVALID);
    enum status status = STATUS_OK;
    while (status != STATUS_MISSING) {
        status =
            whole_engine_step(&world.engine, world.frames * 1000000000u / (world.rate_mhz + 1u));
    }
    (void)fedisableexcept(FE_INVALID);
    check(world.tapped == world.engine.sampling.counters.frames);
    return 0;
}

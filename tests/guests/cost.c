// SPDX-License-Identifier: MIT

/// What eight channels at 10 kHz cost: instructions a second of each part, and the memory of all.
///
/// Prints lines for run_guests.sh, which turns instructions into shares of a core:
///     MODE instructions PART NUMBER        in a second of mains
///     MODE bytes STRUCT NUMBER
///     on_demand WHAT PART NUMBER           only while somebody measures, in the workspace's memory
///     communication memory STRUCT NUMBER   what requests come through; in no sum
///     product bytes STRUCT NUMBER          the engine as a device puts it together, small sizes
/// MODE is how harmonics are taken: of one channel after another, or of all channels at once.

#include <stdio.h>
#include <string.h>

#include "calibration_store.h"
#include "code_census.h"
#include "code_generator.h"
#include "demand.h"
#include "instruction_count.h"
#include "journal.h"
#include "linearity.h"
#include "metering_desk.h"
#include "metering_engine.h"
#include "quality_task.h"
#include "scan_source.h"
#include "snapshot.h"
#include "tariff.h"
#include "whole_engine.h"

enum {
    INPUTS = 9,
    RATE = 10000,
    BLOCK = 100,
    SECONDS = 6,
    WARM_UP = 2,
    TABLE = RATE,
    SAMPLE_ROOM = 12000,
    TABLE_POINTS = 129,
    COUNTING_S = 11 ///< Long enough for swings to be worth something.
};

/// 2026-01-01, so that blocks, intervals and rates follow a clock.
static const int64_t UTC_START_MS = 1767225600000;

/// Exactly one second of mains, so that it can be given again and again.
struct tape {
    int16_t code[INPUTS][TABLE];
    uint32_t at;
    uint32_t blocks_left;
    uint32_t spent; ///< Instructions in read_tape() itself.
};

struct cost {
    struct tape tape;
    struct whole_engine engine;
    uint64_t samples[SAMPLE_ROOM];
    int16_t snapshots[SNAPSHOT_SAMPLES];
    struct calibration_store store;
    struct code_census census;
    struct code_tap code_tap;
    union metering_workspace workspace;
    uint32_t begun; ///< Count at the start of the part in progress.
    uint64_t part[WHOLE_ENGINE_PART_COUNT];
    bool counts;
};

static void fill_tape(struct tape *tape)
{
    struct code_plan plan = { .rate_mhz = UINT64_C(1000) * RATE,
                              .frames = TABLE,
                              .mains_mhz = 50000,
                              .block_frames = BLOCK,
                              .input_count = INPUTS,
                              .code_max = 4095,
                              .seed = 5 };
    for (unsigned n = 0; n < INPUTS; n++) {
        plan.input[n] = (struct code_input){
            .offset = 2048,
            .noise = 1,
            .tone = { { .order = 1, .amplitude = n == 0 ? 1600 : 900, .angle = n * 99999999u },
                      { .order = 3, .amplitude = n == 0 ? 10 : 300 },
                      { .order = 5, .amplitude = n == 0 ? 40 : 120 } }
        };
    }
    static struct adc_block block;
    struct code_generator generator;
    code_generator_init(&generator, &plan);
    const struct adc_source source = code_generator_source(&generator);
    for (uint32_t at = 0; source.read(source.ctx, &block) == STATUS_OK; at += BLOCK) {
        for (unsigned n = 0; n < INPUTS; n++) {
            for (unsigned k = 0; k < BLOCK; k++) {
                tape->code[n][at + k] = (int16_t)block.code[n][k];
            }
        }
    }
}

static enum status read_tape(void *ctx, struct adc_block *block)
{
    struct tape *tape = ctx;
    const uint32_t begun = instruction_count();
    if (tape->blocks_left == 0) {
        return STATUS_MISSING;
    }
    tape->blocks_left--;
    block->frame_count = BLOCK;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    for (unsigned n = 0; n < INPUTS; n++) {
        for (unsigned k = 0; k < BLOCK; k++) {
            block->code[n][k] = tape->code[n][tape->at + k];
        }
    }
    tape->at = (tape->at + BLOCK) % TABLE;
    tape->spent += instruction_count() - begun;
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    (void)ctx;
    return UINT64_C(1000) * RATE;
}

static enum status drop_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    (void)reading;
    return STATUS_OK;
}

static enum status drop_record(void *ctx, const struct record *record)
{
    (void)ctx;
    (void)record;
    return STATUS_OK;
}

/// A converter that bends by a few codes, and transformers with a curve, all read one after
/// another.
static bool fill_calibration(struct cost *cost)
{
    static struct linearity_table table;
    float correction[TABLE_POINTS];
    for (unsigned n = 0; n < TABLE_POINTS; n++) {
        correction[n] = (float)(n % 9) - 4.0f;
    }
    calibration_default(&cost->store.calibration);
    for (unsigned n = 0; n < INPUTS; n++) {
        struct calibration_input *input = &cost->store.calibration.input[n];
        input->gain = 1.01;
        input->delay_s = n * 1e-6;
        input->knots = n == 0 ? 0 : 3;
        for (unsigned k = 0; k < input->knots; k++) {
            input->knot[k] = (struct calibration_knot){ .magnitude = 0.5f + 8.0f * (float)k,
                                                        .gain = 1.002f,
                                                        .lead_50hz_rad = 0.05f,
                                                        .lead_60hz_rad = 0.04f };
        }
    }
    const bool is_sound = calibration_check(&cost->store.calibration) == STATUS_OK &&
                          linearity_table_init(&table, 0, 4096 / (TABLE_POINTS - 1), correction,
                                               TABLE_POINTS) == STATUS_OK;
    code_census_init(&cost->census, &table);
    cost->code_tap = code_census_tap(&cost->census);
    return is_sound;
}

/// A part is done: what it took is on its account, less what the tape took.
static void end_part(void *ctx, enum whole_engine_part part)
{
    struct cost *cost = ctx;
    const uint32_t now = instruction_count();
    if (cost->counts) {
        cost->part[part] += now - cost->begun - cost->tape.spent;
    }
    cost->tape.spent = 0;
    cost->begun = instruction_count();
}

/// Rotation is for the small device, which keeps half as many points of a snapshot, too, and rides
/// out half as long a stall.
static void choose_sizes(struct cost *cost, enum waveform_mode mode,
                         struct whole_engine_settings *settings)
{
    const bool is_small = mode == WAVEFORM_ROTATION;
    settings->window_slots = is_small ? SAMPLING_TASK_WINDOWS_SMALL : SAMPLING_TASK_WINDOWS;
    settings->half_slots = is_small ? HALF_CYCLES_RECORDS_SMALL : HALF_CYCLES_RECORDS;
    settings->spectrum_mode = mode;
    settings->spectrum_storage = cost->samples;
    settings->spectrum_storage_size = sizeof cost->samples;
    settings->snapshot_storage = cost->snapshots;
    settings->snapshot_samples = is_small ? SNAPSHOT_SMALL_SAMPLES : SNAPSHOT_SAMPLES;
    settings->snapshot_points_hz = is_small ? SNAPSHOT_SMALL_POINTS_HZ : SNAPSHOT_POINTS_HZ;
}

static bool run_engine(struct cost *cost, enum waveform_mode mode)
{
    const struct wiring wiring = wiring_of_one_voltage(INPUTS - 1, 0.2, 0.02);
    const struct adc_source source = { .input_count = INPUTS,
                                       .code_max = 4095,
                                       .read = read_tape,
                                       .frame_rate_mhz = rate_of,
                                       .ctx = &cost->tape };
    const struct reading_sink sink = { .commit = drop_reading };
    const struct record_sink records = { .commit = drop_record };
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &source;
    settings.wiring = &wiring;
    settings.readings = &sink;
    settings.records = &records;
    settings.calibration = calibration_store_current(&cost->store);
    settings.linearity = code_census_table(&cost->census);
    settings.code_tap = &cost->code_tap;
    settings.demand.sub_min = 5;
    settings.tariff = "1 mon-fri 07:00-21:00; 2 11-01..03-31 17:00-20:00; holidays 01-01, easter+1";
    settings.time_zone = "CET-1CEST,M3.5.0,M10.5.0/3";
    settings.utc_start_ms = UTC_START_MS;
    choose_sizes(cost, mode, &settings);
    settings.watcher = (struct whole_engine_watcher){ .part = end_part, .ctx = cost };
    if (whole_engine_init(&cost->engine, &settings) != STATUS_OK) {
        return false;
    }
    enum status status = STATUS_OK;
    const uint32_t blocks_per_s = RATE / BLOCK;
    cost->tape.blocks_left = (SECONDS + WARM_UP) * blocks_per_s;
    for (uint32_t n = 0; n < (SECONDS + WARM_UP) * blocks_per_s && status == STATUS_OK; n++) {
        cost->counts = n >= WARM_UP * blocks_per_s;
        cost->begun = instruction_count();
        cost->tape.spent = 0;
        status = whole_engine_step(&cost->engine, n * UINT64_C(1000000) / blocks_per_s);
    }
    return status == STATUS_OK;
}

/// Instructions for a second of tagged words, as an ESP32's DMA writes them.
static uint32_t unpack_words(void)
{
    static struct adc_block block;
    static uint8_t bytes[INPUTS * BLOCK * 2];
    static const uint8_t tags[INPUTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    struct scan_unpack unpack;
    if (scan_unpack_init(&unpack, SCAN_FORMAT_TYPE1, tags, INPUTS) != STATUS_OK) {
        return 0;
    }
    for (unsigned n = 0; n < INPUTS * BLOCK; n++) {
        bytes[2 * n] = 0x55;
        bytes[2 * n + 1] = (uint8_t)((n % INPUTS) << 4 | 0x7u);
    }
    const uint32_t begun = instruction_count();
    for (unsigned n = 0; n < RATE / BLOCK; n++) {
        scan_unpack_open(&unpack, &block);
        (void)scan_unpack_take(&unpack, bytes, sizeof bytes, &block);
    }
    return instruction_count() - begun;
}

static void say(const char *mode, const char *what, const char *name, size_t number)
{
    printf("%s %s %s %lu\n", mode, what, name, (unsigned long)number);
}

static void say_memory(const char *mode, const struct cost *cost)
{
    const struct whole_engine *engine = &cost->engine;
    say(mode, "bytes", "scan_source", sizeof(struct scan_source));
    say(mode, "bytes", "sampling_task", sizeof engine->sampling);
    say(mode, "bytes", "ring_of_windows",
        engine->settings.window_slots * sizeof engine->window_slot[0]);
    say(mode, "bytes", "processing_task", sizeof engine->processing);
    say(mode, "bytes", "linearity_table", sizeof cost->census);
    say(mode, "bytes", "half_cycles",
        sizeof engine->half_cycles + engine->settings.half_slots * sizeof engine->half_slot[0]);
    say(mode, "bytes", "snapshot", sizeof engine->snapshot);
    say(mode, "bytes", "snapshot_samples",
        engine->settings.snapshot_samples * sizeof cost->snapshots[0]);
    say(mode, "bytes", "quality_task", sizeof engine->quality);
    say(mode, "bytes", "scratch_record", sizeof engine->record);
    say(mode, "bytes", "calibration", sizeof cost->store);
    say(mode, "bytes", "waveform_capture", sizeof engine->capture);
    say(mode, "bytes", "waveform_samples", waveform_plan_storage(&engine->capture.plan));
    say(mode, "bytes", "spectrum_task",
        sizeof engine->spectrum + INPUTS * sizeof engine->spectrum_sums[0]);
    say(mode, "bytes", "demand", sizeof engine->demand + sizeof engine->maximum);
    say(mode, "bytes", "tariff",
        sizeof engine->tariff + sizeof engine->tariff_clock + sizeof engine->zone);
    say(mode, "bytes", "journal", sizeof(struct journal));
    say(mode, "bytes", "sessions",
        sizeof(struct calibration_session) + sizeof(struct linearity_session));
    say(mode, "bytes", "workspace", sizeof cost->workspace);
}

/// What a device's own putting together takes, with harmonics in rotation through one window.
static void say_product(const struct cost *cost)
{
    const struct waveform_plan *plan = &cost->engine.capture.plan;
    say("product", "bytes", "scan_source", sizeof(struct scan_source));
    say("product", "bytes", "metering_engine", sizeof(struct metering_engine));
    say("product", "bytes", "waveform_samples", waveform_plan_size(plan->rate_mhz, 1, 2, 1));
    say("product", "bytes", "journal", sizeof(struct journal));
}

/// A person estimates the converter's linearity from four inputs at once.
static bool say_on_demand(struct cost *cost)
{
    static struct adc_block block;
    struct code_census_order order = { .action = CODE_CENSUS_COUNT };
    const struct code_density *swings[LINEARITY_SWING_LIMIT];
    uint32_t counting = 0;
    bool good = true;
    for (unsigned n = 0; n < LINEARITY_SWING_LIMIT; n++) {
        swings[n] = &cost->workspace.linearity.density[n];
        order.input[order.inputs] = (uint8_t)n;
        order.density[order.inputs++] = &cost->workspace.linearity.density[n];
        good =
            good && code_density_init(&cost->workspace.linearity.density[n], 0, 4095) == STATUS_OK;
    }
    good = good && code_census_post(&cost->census, &order) == STATUS_OK;
    cost->tape.blocks_left = COUNTING_S * (RATE / BLOCK);
    while (read_tape(&cost->tape, &block) == STATUS_OK) {
        const uint32_t begun = instruction_count();
        code_census_take(&cost->census, &block);
        counting += instruction_count() - begun;
    }
    const uint32_t begun = instruction_count();
    good = good && linearity_estimate(swings, LINEARITY_SWING_LIMIT,
                                      &cost->workspace.linearity.estimate) == STATUS_OK;
    const uint32_t estimating = instruction_count() - begun;
    say("on_demand", "instructions_per_s", "counting_codes", counting / COUNTING_S);
    say("on_demand", "instructions_once", "linearity_estimate", estimating);
    say("on_demand", "memory", "linearity", sizeof cost->workspace.linearity);
    say("on_demand", "memory", "calibration", sizeof cost->workspace.calibration);
    say("communication", "memory", "metering_mailbox", sizeof(struct metering_mailbox));
    return good;
}

int main(void)
{
    static struct cost cost;
    static const char *const mode_name[] = { "rotation", "at_once" };
    instruction_count_start();
    fill_tape(&cost.tape);
    if (!fill_calibration(&cost)) {
        printf("failed: the calibration is not sound\n");
        return 1;
    }
    const uint32_t unpacking = unpack_words();
    for (unsigned mode = WAVEFORM_ROTATION; mode <= WAVEFORM_AT_ONCE; mode++) {
        memset(cost.part, 0, sizeof cost.part);
        if (!run_engine(&cost, (enum waveform_mode)mode) || !cost.engine.has_spectrum) {
            printf("failed: the engine does not run\n");
            return 1;
        }
        say(mode_name[mode], "instructions", "unpacking", unpacking);
        for (unsigned n = 0; n < WHOLE_ENGINE_PART_COUNT; n++) {
            say(mode_name[mode], "instructions", whole_engine_part_name((enum whole_engine_part)n),
                (size_t)(cost.part[n] / SECONDS));
        }
        say_memory(mode_name[mode], &cost);
    }
    say_product(&cost);
    if (!say_on_demand(&cost)) {
        printf("failed: the estimate of linearity says no\n");
        return 1;
    }
    return 0;
}

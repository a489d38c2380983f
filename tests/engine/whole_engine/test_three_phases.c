// SPDX-License-Identifier: MIT

/// A three-phase meter: three voltages, a third of a turn apart, and a current on each, through the
/// whole engine. Every channel is multiplied with its own voltage, every voltage has events of its
/// own, and harmonics are those of each input, one channel after another.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "code_generator.h"
#include "whole_engine.h"

enum {
    PHASES = 3,
    RATE = 8000,
    SECONDS = 8,
    BLOCK_MS = 10,
    DIP_FROM_MS = 5000,
    DIP_MS = 200,
    DIPPED = 1, ///< The voltage that falls to half.
    VOLTAGE_CODES = 1600,
    CURRENT_CODES = 900,
};

static const double TURN = 6.283185307179586;
static const double VOLTS_PER_CODE = 0.2;
static const double AMPERES_PER_CODE = 0.02;

/// By how much each current lags its voltage: inductive, capacitive, and fed in.
static const double LAG[PHASES] = { 30.0, -60.0, 150.0 };

/// What the engine said.
struct witness {
    struct reading clean; ///< The last before the dip.
    struct reading last;
    struct power_event event[4];
    unsigned events;
    struct spectrum spectrum[PHASES][SIGNAL_KIND_COUNT]; ///< The first of each.
    double lowest_v[PHASES];
    double highest_v[PHASES];
    unsigned halves[PHASES];
};

static struct witness seen;
static struct whole_engine engine;
static uint64_t storage[12000];

static uint32_t turned(double degrees)
{
    return (uint32_t)llround(fmod(degrees + 720.0, 360.0) / 360.0 * 4294967296.0);
}

static enum status keep_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    if (reading->uptime_ms + BLOCK_MS < DIP_FROM_MS) { // A step is told the time before its block.
        seen.clean = *reading;
    }
    seen.last = *reading;
    return STATUS_OK;
}

static enum status keep_record(void *ctx, const struct record *record)
{
    (void)ctx;
    if (record->kind == RECORD_KIND_EVENT) {
        assert_in_range(seen.events, 0, 3);
        seen.event[seen.events++] = record->event;
    } else if (record->kind == RECORD_KIND_SPECTRUM) {
        assert_in_range(record->spectrum.channel, 0, PHASES - 1);
        struct spectrum *first = &seen.spectrum[record->spectrum.channel][record->spectrum.signal];
        *first = first->windows == 0 ? record->spectrum : *first;
    }
    return STATUS_OK;
}

/// Urms(1/2) of each voltage; a step brings one or none.
static void look_at_part(void *ctx, enum whole_engine_part part)
{
    (void)ctx;
    const struct power_quality *quality = &engine.quality.quality;
    for (unsigned v = 0; v < PHASES && part == WHOLE_ENGINE_QUALITY; v++) {
        const double urms_v = quality->voltage[v].urms_v;
        if (urms_v > 0.0) {
            const bool first = seen.halves[v]++ == 0;
            seen.lowest_v[v] = first ? urms_v : fmin(seen.lowest_v[v], urms_v);
            seen.highest_v[v] = first ? urms_v : fmax(seen.highest_v[v], urms_v);
        }
    }
}

/// Voltages on inputs 0 to 2 and currents on 3 to 5, converted at the same time, as six channels of
/// an ADS131M08 are. Each has a third harmonic of its own size.
static void plan_codes(struct code_plan *plan)
{
    *plan = (struct code_plan){ .rate_mhz = UINT64_C(1000) * RATE,
                                .frames = RATE * SECONDS,
                                .mains_mhz = 50020,
                                .block_frames = RATE * BLOCK_MS / 1000,
                                .input_count = 2 * PHASES,
                                .code_min = -2048,
                                .code_max = 2047,
                                .seed = 11 };
    for (unsigned n = 0; n < PHASES; n++) {
        plan->input[n] = (struct code_input){
            .noise = 1,
            .tone = { { .order = 1, .amplitude = VOLTAGE_CODES, .angle = turned(-120.0 * n) },
                      { .order = 3, .amplitude = 16 * (n + 1) } }
        };
        plan->input[PHASES + n] = (struct code_input){
            .noise = 1,
            .tone = { { .order = 1,
                        .amplitude = CURRENT_CODES,
                        .angle = turned(-120.0 * n - LAG[n]) },
                      { .order = 5, .amplitude = 45 * (n + 1), .angle = turned(77.0) } }
        };
    }
    const uint64_t dip = (uint64_t)RATE * DIP_FROM_MS / 1000;
    plan->change[0] = (struct code_change){ dip, CODE_CHANGE_LEVEL, DIPPED, 500 };
    plan->change[1] =
        (struct code_change){ dip + RATE * DIP_MS / 1000, CODE_CHANGE_LEVEL, DIPPED, 1000 };
}

static int run(void **state)
{
    (void)state;
    static struct code_plan plan;
    static struct code_generator generator;
    struct wiring wiring = { .reference_input = 0 };
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        wiring.channel[n] = (struct wiring_channel){ WIRING_NO_INPUT, WIRING_NO_INPUT };
    }
    for (unsigned n = 0; n < PHASES; n++) {
        wiring.channel[n] = (struct wiring_channel){ (uint8_t)n, (uint8_t)(PHASES + n) };
        wiring.unit_per_code[n] = VOLTS_PER_CODE;
        wiring.unit_per_code[PHASES + n] = AMPERES_PER_CODE;
    }
    plan_codes(&plan);
    code_generator_init(&generator, &plan);
    const struct adc_source source = code_generator_source(&generator);
    const struct reading_sink readings = { .commit = keep_reading };
    const struct record_sink records = { .commit = keep_record };
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &source;
    settings.wiring = &wiring;
    settings.readings = &readings;
    settings.records = &records;
    settings.spectrum.spectrum_ms = 4000;
    settings.spectrum_mode = WAVEFORM_ROTATION;
    settings.spectrum_storage = storage;
    settings.spectrum_storage_size = sizeof storage;
    settings.watcher = (struct whole_engine_watcher){ .part = look_at_part };
    memset(&seen, 0, sizeof seen);
    assert_int_equal(wiring_check(&wiring, 2 * PHASES), STATUS_OK);
    assert_int_equal(whole_engine_init(&engine, &settings), STATUS_OK);
    assert_true(engine.has_spectrum);
    enum status status = STATUS_OK;
    while (status != STATUS_MISSING) {
        status = whole_engine_step(&engine, code_generator_uptime_us(&generator));
    }
    return 0;
}

static double rms(double codes, double harmonic, double scale)
{
    return sqrt(0.5 * (codes * codes + harmonic * harmonic)) * scale;
}

static void multiplies_every_current_with_the_voltage_of_its_own_phase(void **state)
{
    (void)state;
    const double apparent = 0.5 * VOLTAGE_CODES * CURRENT_CODES * VOLTS_PER_CODE * AMPERES_PER_CODE;
    assert_int_equal(seen.clean.quality, 0);
    assert_int_equal(seen.clean.channels, 7);
    assert_in_range(seen.clean.frequency_mhz, 50019, 50021);
    for (unsigned n = 0; n < PHASES; n++) {
        const struct reading_channel *channel = &seen.clean.channel[n];
        const double volts = rms(VOLTAGE_CODES, 16.0 * (n + 1), VOLTS_PER_CODE);
        const double amperes = rms(CURRENT_CODES, 45.0 * (n + 1), AMPERES_PER_CODE);
        const double active = apparent * cos(LAG[n] / 360.0 * TURN);
        const double reactive = apparent * sin(LAG[n] / 360.0 * TURN);
        assert_true(fabs(channel->voltage_10mv * 0.01 / volts - 1.0) < 2e-4);
        assert_true(fabs(channel->current_100ua * 1e-4 / amperes - 1.0) < 2e-4);
        assert_true(fabs(channel->active_power_10mw * 0.01 - active) < 2e-4 * apparent);
        assert_true(fabs(channel->reactive_power_10mvar * 0.01 - reactive) < 2e-4 * apparent);
    }
    assert_true(seen.last.channel[0].import_mj > 0 && seen.last.channel[0].export_mj == 0);
    assert_true(seen.last.channel[1].import_mj > 0 && seen.last.channel[1].export_mj == 0);
    assert_true(seen.last.channel[2].import_mj == 0 && seen.last.channel[2].export_mj > 0);
    assert_true(seen.last.channel[0].reactive_mvars[0] > 0);
    assert_true(seen.last.channel[1].reactive_mvars[3] > 0);
    assert_true(seen.last.channel[2].reactive_mvars[1] > 0);
}

static void sees_a_dip_of_one_phase_in_that_phase_only(void **state)
{
    (void)state;
    assert_int_equal(seen.events, 1);
    const struct power_event *event = &seen.event[0];
    assert_int_equal(event->kind, POWER_EVENT_DIP);
    assert_int_equal(event->channel, DIPPED);
    assert_true(fabs((double)event->duration_us - 1e3 * DIP_MS) < 10e3);
    for (unsigned n = 0; n < PHASES; n++) {
        const double volts = rms(VOLTAGE_CODES, 16.0 * (n + 1), VOLTS_PER_CODE);
        const double lowest = n == DIPPED ? 0.5 * volts : volts;
        assert_true(seen.halves[n] > 700);
        assert_true(fabs(seen.lowest_v[n] - lowest) < 0.002 * volts);
        assert_true(fabs(seen.highest_v[n] - volts) < 0.002 * volts);
    }
}

static void tells_the_harmonics_of_every_input_and_the_angle_of_every_channel(void **state)
{
    (void)state;
    for (unsigned n = 0; n < PHASES; n++) {
        const struct spectrum *v = &seen.spectrum[n][SIGNAL_VOLTAGE];
        const struct spectrum *i = &seen.spectrum[n][SIGNAL_CURRENT];
        const double third = 1e6 * 16.0 * (n + 1) / VOLTAGE_CODES;
        const double fifth = 1e6 * 45.0 * (n + 1) / CURRENT_CODES;
        assert_true(v->windows > 1 && i->windows == v->windows);
        assert_true(fabs(v->harmonic_ppm[2] / third - 1.0) < 0.01);
        assert_true(fabs(i->harmonic_ppm[4] / fifth - 1.0) < 0.01);
        assert_true(v->harmonic_ppm[4] < 500 && i->harmonic_ppm[2] < 500);
        double angle = 0.0;
        assert_int_equal(
            spectrum_task_angle(&engine.spectrum, n, UINT64_C(1000000) * SECONDS, &angle),
            STATUS_OK);
        assert_true(fabs(angle - LAG[n] / 360.0 * TURN) < 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiplies_every_current_with_the_voltage_of_its_own_phase),
        cmocka_unit_test(sees_a_dip_of_one_phase_in_that_phase_only),
        cmocka_unit_test(tells_the_harmonics_of_every_input_and_the_angle_of_every_channel),
    };
    return cmocka_run_group_tests_name("three_phases", tests, run, NULL);
}

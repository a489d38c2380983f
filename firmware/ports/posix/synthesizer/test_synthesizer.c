// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "household_day.h"
#include "household_loads.h"
#include "processing_task.h"
#include "sampling_task.h"
#include "synthesizer.h"

/// What a meter says about the synthetic household.
struct house {
    struct reading newest;
    double energy_j[HOUSEHOLD_LOADS]; ///< Imported less exported.
    unsigned readings;
    unsigned quality;
};

static enum status keep(void *ctx, const struct reading *reading)
{
    struct house *house = ctx;
    house->newest = *reading;
    house->readings++;
    house->quality |= reading->quality;
    return STATUS_OK;
}

/// Meters the household for some seconds from a time of day.
static struct house meter(uint32_t start_s, uint32_t seconds)
{
    static struct sampling_task sampling;
    static struct processing_task processing;
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct house house = { .readings = 0 };
    struct ring ring;
    struct synthesizer *synthesizer;
    const struct reading_sink sink = { .commit = keep, .ctx = &house };
    const struct wiring wiring = synthesizer_wiring();
    const struct sampling_settings sampling_settings = sampling_settings_default();
    const struct processing_settings settings = processing_settings_default();
    struct synthesizer_settings synthetic = synthesizer_settings_default();
    synthetic.start_s = start_s;

    assert_int_equal(synthesizer_open(&synthetic, &synthesizer), STATUS_OK);
    const struct adc_source source = synthesizer_source(synthesizer);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(sampling_task_init(&sampling, &source, &wiring, &ring, &sampling_settings),
                     STATUS_OK);
    assert_int_equal(processing_task_init(&processing, &wiring, &ring, &sink, &settings, NULL),
                     STATUS_OK);
    while (sampling.counters.frames < (uint64_t)seconds * 10000u) {
        assert_int_equal(sampling_task_step(&sampling, 0), STATUS_OK);
        assert_int_equal(processing_task_step(&processing), STATUS_OK);
    }
    assert_int_equal(processing_task_flush(&processing), STATUS_OK);
    for (unsigned n = 0; n < HOUSEHOLD_LOADS; n++) {
        const struct reading_channel *channel = &house.newest.channel[n];
        house.energy_j[n] = (double)(channel->import_mj - channel->export_mj) / 1000.0;
    }
    synthesizer_close(synthesizer);
    return house;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.6g instead of %.6g", value, expected);
    }
}

static void is_metered_as_the_house_it_was_made_from(void **state)
{
    (void)state;
    static const uint32_t minutes[] = { 8 * 60, 12 * 60 + 30, 19 * 60 + 5 };
    for (unsigned k = 0; k < sizeof minutes / sizeof minutes[0]; k++) {
        const struct household_minute *row = &HOUSEHOLD_DAY[minutes[k]];
        const struct house house = meter(minutes[k] * 60, 20);
        double sum_j = 0.0;
        for (unsigned n = 0; n < HOUSEHOLD_INVERTER; n++) {
            sum_j += house.energy_j[n];
        }
        // The last window of 200 ms may still be open.
        assert_near(sum_j / 20.0, row->active_w, 0.015 * row->active_w);
        assert_near(house.newest.channel[0].voltage_10mv, 10.0 * row->voltage_dv, 10.0);
        assert_near(house.newest.frequency_mhz, 50000, 35);
        assert_int_equal(house.quality & ~(unsigned)READING_QUALITY_PARTIAL, 0);
        assert_int_equal(house.newest.channels, 0xff);
    }
}

static void exports_at_noon_and_not_at_night(void **state)
{
    (void)state;
    const struct house noon = meter(12 * 3600, 5);
    const struct house night = meter(2 * 3600, 5);
    assert_true(noon.newest.channel[HOUSEHOLD_INVERTER].active_power_10mw < -30000);
    assert_true(noon.newest.channel[HOUSEHOLD_INVERTER].export_mj > 1000000);
    assert_int_equal(noon.newest.channel[HOUSEHOLD_INVERTER].import_mj, 0);
    assert_near(night.newest.channel[HOUSEHOLD_INVERTER].active_power_10mw, 0.0, 100.0);
}

static void distorts_current_as_rectifiers_and_motors_do(void **state)
{
    (void)state;
    const struct house house = meter(19 * 3600, 5);
    const struct reading_channel *channel = house.newest.channel;
    assert_true(channel[HOUSEHOLD_ELECTRONICS].power_factor_1e4 < 8000);
    assert_true(channel[HOUSEHOLD_ELECTRONICS].power_factor_1e4 > 3000);
    const struct household_minute *row = &HOUSEHOLD_DAY[19 * 60];
    if (row->heating_wh > 0) {
        assert_true(channel[HOUSEHOLD_WATER_HEATER].power_factor_1e4 > 9990);
    }
}

static void splits_every_minute_without_losing_a_watt(void **state)
{
    (void)state;
    for (uint32_t minute = 0; minute < HOUSEHOLD_DAY_MINUTES; minute++) {
        const struct household_state house = household_state_at(minute, 0, 7);
        double sum = 0.0;
        for (unsigned n = 0; n < HOUSEHOLD_INVERTER; n++) {
            assert_true(house.active_w[n] >= 0.0);
            sum += house.active_w[n];
        }
        assert_near(sum, HOUSEHOLD_DAY[minute].active_w, 50.0); // The sub-meters count in Wh.
        assert_true(house.active_w[HOUSEHOLD_INVERTER] <= 0.0);
    }
}

static uint64_t fake_uptime_us(void *ctx)
{
    return *(uint64_t *)ctx;
}

/// Reads `count` frames into one row per input; the clock moves on by odd steps when there is one.
static void collect(struct synthesizer *synthesizer, uint64_t *now_us, uint32_t count,
                    int32_t (*codes)[9])
{
    static struct adc_block block;
    const struct adc_source source = synthesizer_source(synthesizer);
    for (uint32_t at = 0; at < count;) {
        if (source.read(source.ctx, &block) != STATUS_OK) {
            *now_us += 1700;
            continue;
        }
        for (uint32_t n = 0; n < block.frame_count && at < count; n++, at++) {
            for (unsigned input = 0; input < 9; input++) {
                codes[at][input] = block.code[input][n];
            }
        }
    }
}

static void gives_the_same_codes_however_they_are_read(void **state)
{
    (void)state;
    enum { FRAMES = 30000 };
    static int32_t free_codes[FRAMES][9];
    static int32_t paced_codes[FRAMES][9];
    uint64_t now_us = 123456;
    const struct clock clock = { .uptime_us = fake_uptime_us, .ctx = &now_us };
    struct synthesizer_settings settings = synthesizer_settings_default();
    settings.start_s = 7 * 3600 + 59; // A minute ends on the way.
    struct synthesizer *synthesizer;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_OK);
    collect(synthesizer, &now_us, FRAMES, free_codes);
    synthesizer_close(synthesizer);

    settings.clock = &clock;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_OK);
    collect(synthesizer, &now_us, FRAMES, paced_codes);
    assert_memory_equal(free_codes, paced_codes, sizeof free_codes);
    assert_near((double)now_us - 123456.0, 3e6, 2000.0);
    synthesizer_close(synthesizer);

    settings.clock = NULL;
    settings.seed++;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_OK);
    collect(synthesizer, &now_us, FRAMES, paced_codes);
    assert_memory_not_equal(free_codes, paced_codes, sizeof free_codes);
    synthesizer_close(synthesizer);
}

static void disturbs_the_supply_as_its_script_says(void **state)
{
    (void)state;
    struct disturbances script;
    assert_int_equal(disturbances_parse(" dip:600,swell:1800 interruption:3600", &script),
                     STATUS_OK);
    assert_near(disturbances_at(&script, 29.99).share, 1.0, 0.0);
    assert_near(disturbances_at(&script, 30.01).share, 0.6, 0.0);
    assert_near(disturbances_at(&script, 30.17).share, 1.0, 0.0);
    assert_near(disturbances_at(&script, 630.1).share, 0.6, 0.0);
    assert_near(disturbances_at(&script, 1850.1).share, 1.15, 0.0);
    assert_near(disturbances_at(&script, 71.0).share, 0.0, 0.0);
    assert_int_equal(disturbances_parse("harmonics:60", &script), STATUS_OK);
    assert_near(disturbances_at(&script, 100.0).fifth, 0.08, 0.0);
    assert_near(disturbances_at(&script, 30.1).share, 1.0, 0.0);
    static const char *const bad[] = { "dip",      "dip:",    "dip:59",      "dip:86401",
                                       "dip:600s", "sag:600", "dip:-600",    "dip:9999999999999",
                                       "dip 600",  ":600",    "dip:600;dip", "dips:600" };
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_int_equal(disturbances_parse(bad[n], &script), STATUS_INVALID);
    }
    assert_int_equal(script.every_s[3], 60);
    assert_int_equal(disturbances_parse("", &script), STATUS_OK);
    assert_int_equal(script.every_s[3], 0);

    enum { FRAMES = 32000 }; // At 1 kHz the dip at 30 s is in there.
    static int32_t codes[FRAMES][9];
    uint64_t now_us = 0;
    struct synthesizer_settings settings = synthesizer_settings_default();
    settings.rate_hz = 1000.0;
    assert_int_equal(disturbances_parse("dip:600", &settings.disturbances), STATUS_OK);
    struct synthesizer *synthesizer;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_OK);
    collect(synthesizer, &now_us, FRAMES, codes);
    synthesizer_close(synthesizer);
    int32_t highest[2] = { 0, 0 };
    for (unsigned n = 0; n < 100; n++) { // Five cycles before, and five within.
        highest[0] = codes[29500 + n][0] > highest[0] ? codes[29500 + n][0] : highest[0];
        highest[1] = codes[30080 + n][0] > highest[1] ? codes[30080 + n][0] : highest[1];
    }
    assert_near((highest[1] - 2048.0) / (highest[0] - 2048.0), 0.6, 0.02);
}

static void refuses_settings_that_make_no_sense(void **state)
{
    (void)state;
    struct synthesizer *synthesizer;
    struct synthesizer_settings settings = synthesizer_settings_default();
    settings.rate_hz = 10.0;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_INVALID);
    settings = synthesizer_settings_default();
    settings.start_s = 86400;
    assert_int_equal(synthesizer_open(&settings, &synthesizer), STATUS_INVALID);
    assert_null(synthesizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_metered_as_the_house_it_was_made_from),
        cmocka_unit_test(exports_at_noon_and_not_at_night),
        cmocka_unit_test(distorts_current_as_rectifiers_and_motors_do),
        cmocka_unit_test(splits_every_minute_without_losing_a_watt),
        cmocka_unit_test(gives_the_same_codes_however_they_are_read),
        cmocka_unit_test(disturbs_the_supply_as_its_script_says),
        cmocka_unit_test(refuses_settings_that_make_no_sense),
    };
    return cmocka_run_group_tests_name("synthesizer", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// The engine as a device puts it together, behind a converter that takes one input after another.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "flash_memory.h"
#include "metering_engine.h"
#include "record_store.h"

enum { CURRENTS = 8, INPUTS = CURRENTS + 1, RATE = 10000, BLOCK = 100, CAPTURE_WORDS = 4096 };

static const double TURN = 6.283185307179586;
static const double VOLTS_PER_CODE = 0.2;
static const double AMPERES_PER_CODE = 0.02;

static struct {
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct settings settings;
    struct clock clock;
    struct wiring wiring;
    struct adc_source adc;
    struct reading_sink readings;
    struct record_sink sink;
    struct metering_mailbox mailbox;
    struct metering_engine engine;
    uint64_t capture[CAPTURE_WORDS];
    uint64_t frames;
    uint64_t ahead_us; ///< Of the samples, that the clock is.
    unsigned count;
    struct reading newest;
} meter;

/// Heaters on all channels: each input is as late as its place in the scan says.
static enum status read_scan(void *ctx, struct adc_block *block)
{
    (void)ctx;
    *block = (struct adc_block){ .frame_count = BLOCK };
    for (unsigned n = 0; n < BLOCK; n++, meter.frames++) {
        for (unsigned input = 0; input < INPUTS; input++) {
            const double at_s = (double)meter.frames / RATE + (double)input / (RATE * INPUTS);
            const double peak = input == 0 ? 1600.0 : 1200.0;
            block->code[input][n] = (int32_t)lround(2048.0 + peak * sin(TURN * 50.0 * at_s));
        }
    }
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    (void)ctx;
    return RATE * UINT64_C(1000);
}

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return meter.frames * UINT64_C(1000000) / RATE + meter.ahead_us;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    (void)ctx;
    *utc = 0;
    *uncertainty_ms = 0;
    return false;
}

static enum status keep_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    meter.newest = *reading;
    meter.count++;
    return STATUS_OK;
}

static enum status drop_record(void *ctx, const struct record *record)
{
    (void)ctx;
    (void)record;
    return STATUS_OK;
}

static void power_up(double input_spacing_s)
{
    flash_memory_init(&meter.flash, 4096, 4, FLASH_MEMORY_CUT_IN_ORDER, 7);
    assert_int_equal(record_store_open(&meter.records, &meter.flash.region), STATUS_OK);
    meter.values = record_store_key_value(&meter.records);
    settings_init(&meter.settings);
    meter.clock = (struct clock){ .uptime_us = uptime_us, .utc_ms = utc_ms };
    meter.wiring = wiring_of_one_voltage(CURRENTS, VOLTS_PER_CODE, AMPERES_PER_CODE);
    meter.adc = (struct adc_source){ .input_count = INPUTS,
                                     .code_max = 4095,
                                     .input_spacing_s = input_spacing_s,
                                     .read = read_scan,
                                     .frame_rate_mhz = rate_of };
    meter.readings = (struct reading_sink){ .commit = keep_reading };
    meter.sink = (struct record_sink){ .commit = drop_record };
    metering_mailbox_init(&meter.mailbox);
    meter.frames = 0;
    meter.ahead_us = 0;
    meter.count = 0;
    const size_t capture_size = metering_engine_capture_size(&meter.adc, WAVEFORM_ROTATION, 1);
    assert_true(capture_size <= sizeof meter.capture);
    const struct metering_engine_parts parts = { .settings = &meter.settings,
                                                 .adc = &meter.adc,
                                                 .wiring = &meter.wiring,
                                                 .clock = &meter.clock,
                                                 .values = &meter.values,
                                                 .requests = &meter.mailbox,
                                                 .readings = &meter.readings,
                                                 .records = &meter.sink,
                                                 .nominal_hz = 50.0,
                                                 .harmonics = WAVEFORM_ROTATION,
                                                 .capture_slots = 1,
                                                 .capture = meter.capture,
                                                 .capture_size = capture_size };
    const char *fault = "";
    assert_int_equal(metering_engine_open(&meter.engine, &parts, &fault), STATUS_OK);
}

static void measure(unsigned readings)
{
    while (meter.count < readings) {
        assert_true(meter.frames < 20 * RATE);
        assert_int_equal(sampling_task_step(&meter.engine.sampling, uptime_us(NULL)), STATUS_OK);
        assert_int_equal(metering_engine_step(&meter.engine), STATUS_OK);
    }
}

/// Q1 of S, of the channel that is `channel` + 1 places behind the voltage.
static double share_of_q(unsigned channel)
{
    const struct reading_channel *reading = &meter.newest.channel[channel];
    return (double)reading->reactive_power_10mvar / (double)reading->apparent_power_10mva;
}

static void takes_out_what_the_scan_delays_before_anybody_has_calibrated(void **state)
{
    (void)state;
    power_up(1.0 / (RATE * INPUTS));
    measure(3);
    for (unsigned channel = 0; channel < CURRENTS; channel++) {
        assert_true(fabs(share_of_q(channel)) < 1e-4);
    }
    assert_true(meter.engine.session.input_spacing_s > 11e-6);
}

/// So the test above sees a delay when there is one.
static void sees_late_currents_lead_where_nobody_tells_of_the_scan(void **state)
{
    (void)state;
    power_up(0.0);
    measure(3);
    for (unsigned channel = 0; channel < CURRENTS; channel++) {
        const double expected = -sin(TURN * 50.0 * (channel + 1) / (RATE * INPUTS));
        assert_true(fabs(share_of_q(channel) - expected) < 1e-4);
    }
}

/// The supply falls after `ms` more. @return whether a piece of a reading was kept.
static bool keeps_a_piece(unsigned ms)
{
    const uint64_t until = meter.frames + ms * (RATE / 1000U);
    while (meter.frames < until) {
        assert_int_equal(sampling_task_step(&meter.engine.sampling, uptime_us(NULL)), STATUS_OK);
    }
    meter.newest.quality = 0;
    assert_int_equal(metering_engine_save(&meter.engine), STATUS_OK);
    return (meter.newest.quality & READING_QUALITY_PARTIAL) != 0;
}

static void keeps_a_piece_of_a_reading_when_the_supply_falls_but_not_at_every_ripple(void **state)
{
    (void)state;
    power_up(0.0);
    measure(1);
    assert_true(keeps_a_piece(500));
    for (unsigned ripple = 0; ripple < 10; ripple++) {
        assert_false(keeps_a_piece(250));
    }
    meter.ahead_us = (METERING_ENGINE_SAVE_S - 4) * UINT64_C(1000000);
    assert_false(keeps_a_piece(250));
    meter.ahead_us += UINT64_C(4000000);
    assert_true(keeps_a_piece(500));
    assert_false(keeps_a_piece(250));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_out_what_the_scan_delays_before_anybody_has_calibrated),
        cmocka_unit_test(sees_late_currents_lead_where_nobody_tells_of_the_scan),
        cmocka_unit_test(keeps_a_piece_of_a_reading_when_the_supply_falls_but_not_at_every_ripple),
    };
    return cmocka_run_group_tests_name("metering_engine", tests, NULL, NULL);
}

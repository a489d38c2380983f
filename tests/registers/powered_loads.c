// SPDX-License-Identifier: MIT
#include "powered_loads.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ring.h"
#include "sampling_task.h"

enum {
    RATE_HZ = 6400,
    CYCLE_FRAMES = RATE_HZ / 50,
    CYCLE_MS = 20,
};

static const double VOLTS = 230.0;
static const double VOLTS_PER_CODE = 0.002;
static const double AMPERES_PER_CODE = 0.0001;
static const double TURN = 6.283185307179586;

/// Current and lag of each channel. Between them: every quadrant, a total of either sign.
static const struct {
    double amperes;
    double angle;
} loads[POWERED_LOADS][POWERED_CHANNELS] = {
    { { 12.0, 0.5 }, { 3.0, -0.7 }, { 0.0, 0.0 } },   // I, IV.
    { { 2.0, 0.3 }, { 11.0, 2.6 }, { 1.0, -2.8 } },   // I, II, III; exports.
    { { 5.0, -0.2 }, { 5.0, -2.9 }, { 8.0, 0.9 } },   // IV, III, I.
    { { 20.0, 2.2 }, { 1.0, 1.2 }, { 0.0, 0.0 } },    // II, I; exports.
    { { 0.5, 0.6 }, { 0.0, 0.0 }, { 0.4, -0.4 } },    // Little.
    { { 30.0, 0.1 }, { 15.0, -0.1 }, { 9.0, -1.3 } }, // Much.
};

static struct wiring wiring;
static struct cycle_window palette[POWERED_LOADS];

struct synthetic {
    unsigned load;
    uint32_t frame;
};

static double turn_at(uint32_t frame)
{
    return TURN * (frame % CYCLE_FRAMES) / CYCLE_FRAMES;
}

static int32_t voltage_code(uint32_t frame)
{
    return (int32_t)lround(VOLTS * sqrt(2.0) / VOLTS_PER_CODE * sin(turn_at(frame)));
}

static int32_t current_code(unsigned load, unsigned channel, uint32_t frame)
{
    const double peak = loads[load][channel].amperes * sqrt(2.0) / AMPERES_PER_CODE;
    return (int32_t)lround(peak * sin(turn_at(frame) - loads[load][channel].angle));
}

static enum status read_codes(void *ctx, struct adc_block *block)
{
    struct synthetic *synthetic = ctx;
    *block = (struct adc_block){ .frame_count = ADC_FRAME_LIMIT };
    for (uint32_t n = 0; n < ADC_FRAME_LIMIT; n++) {
        const uint32_t frame = synthetic->frame++;
        block->code[0][n] = voltage_code(frame);
        for (unsigned k = 0; k < POWERED_CHANNELS; k++) {
            block->code[1 + k][n] = current_code(synthetic->load, k, frame);
        }
    }
    return STATUS_OK;
}

struct meter_power powered_loads_power(unsigned load, unsigned channel)
{
    double active = 0.0;
    double v_cos = 0.0;
    double v_sin = 0.0;
    double i_cos = 0.0;
    double i_sin = 0.0;
    for (uint32_t n = 0; n < CYCLE_FRAMES; n++) {
        const double v = voltage_code(n) * VOLTS_PER_CODE / CYCLE_FRAMES;
        const double i = current_code(load, channel, n) * AMPERES_PER_CODE;
        active += v * i;
        v_cos += v * cos(turn_at(n));
        v_sin += v * sin(turn_at(n));
        i_cos += i * cos(turn_at(n)) / CYCLE_FRAMES;
        i_sin += i * sin(turn_at(n)) / CYCLE_FRAMES;
    }
    return (struct meter_power){ .active_w = active,
                                 .reactive_var = 2.0 * (v_cos * i_sin - v_sin * i_cos) };
}

static uint64_t frame_rate(void *ctx)
{
    (void)ctx;
    return RATE_HZ * UINT64_C(1000);
}

/// The fifth whole window of a load that never changes.
static struct cycle_window make_window(unsigned load, uint32_t cycles)
{
    static struct sampling_task task;
    static struct cycle_window slots[2];
    struct synthetic synthetic = { .load = load };
    const struct adc_source source = { .input_count = 1 + POWERED_CHANNELS,
                                       .code_min = -8388608,
                                       .code_max = 8388607,
                                       .read = read_codes,
                                       .frame_rate_mhz = frame_rate,
                                       .ctx = &synthetic };
    struct sampling_settings settings = sampling_settings_default();
    struct ring ring;
    struct cycle_window last = { .whole = false };
    unsigned whole = 0;
    settings.cycles_per_window = cycles;
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], 2), STATUS_OK);
    assert_int_equal(sampling_task_init(&task, &source, &wiring, &ring, &settings), STATUS_OK);
    while (whole < 5) {
        const uint64_t now_us = synthetic.frame * UINT64_C(1000000) / RATE_HZ;
        assert_int_equal(sampling_task_step(&task, now_us), STATUS_OK);
        for (const struct cycle_window *window = ring_peek(&ring); window != NULL;
             window = ring_peek(&ring)) {
            last = *window;
            whole += window->whole && window->cycles == cycles ? 1 : 0;
            ring_release(&ring);
        }
    }
    return last;
}

const struct wiring *powered_loads_make(uint32_t window_ms)
{
    const uint32_t cycles = window_ms / CYCLE_MS;
    if (palette[0].cycles != cycles) {
        wiring = wiring_of_one_voltage(POWERED_CHANNELS, VOLTS_PER_CODE, AMPERES_PER_CODE);
        for (unsigned load = 0; load < POWERED_LOADS; load++) {
            palette[load] = make_window(load, cycles);
            assert_int_equal(palette[load].quality, 0);
        }
    }
    return &wiring;
}

const struct cycle_window *powered_loads_window(unsigned load)
{
    return &palette[load];
}

// SPDX-License-Identifier: MIT
#include "synthesizer.h"

#include <math.h>
#include <stdlib.h>

#include "household_loads.h"

enum {
    MIDDLE = 2048,
    CODE_MAX = 4095,
    INPUTS = 1 + HOUSEHOLD_LOADS,
    SHAPE_BITS = OHM_SYNTHESIZER_BITS,
    SECONDS_PER_MINUTE = 60,
    MINUTES_PER_DAY = 1440,
};

static const double TURN = 6.28318530717958648;
static const double VOLTS_PER_CODE = 0.2;
static const double AMPERES_PER_CODE = 0.03;

/// One cycle of a signal; the last value repeats the first.
struct shape {
    float value[SYNTHESIZER_SHAPE_SIZE + 1];
};

struct synthesizer {
    struct synthesizer_settings settings;
    struct shape voltage;               ///< Root mean square 1.
    struct shape load[HOUSEHOLD_LOADS]; ///< 1 W at 1 V.
    struct shape quadrature;            ///< 1 var, inductive, at 1 V.
    struct shape fifth;                 ///< A fifth harmonic, root mean square 1.
    float scale[INPUTS];                ///< Codes for the present minute.
    float reactive_scale;
    uint64_t rate_mhz;
    uint64_t frame;      ///< Frames made so far.
    uint64_t minute_end; ///< Frame at which the next minute begins.
    uint32_t phase;      ///< A turn is 2^32.
    uint64_t noise;
    bool started;
    uint64_t started_us;
};

struct synthesizer_settings synthesizer_settings_default(void)
{
    return (struct synthesizer_settings){ .rate_hz = 10000.0,
                                          .frequency_hz = 50.0,
                                          .noise_codes = 0.5,
                                          .seed = 1,
                                          .start_s = 7u * 3600u };
}

struct wiring synthesizer_wiring(void)
{
    return wiring_of_one_voltage(HOUSEHOLD_LOADS, VOLTS_PER_CODE, AMPERES_PER_CODE);
}

static double raw_voltage(double angle)
{
    return sin(angle) + 0.02 * sin(3.0 * angle + 0.5) + 0.025 * sin(5.0 * angle + 3.0) +
           0.01 * sin(7.0 * angle);
}

/// Current of a rectifier with a capacitor: a pulse a little before each peak of the voltage.
static double raw_pulse(double angle, double before, double width)
{
    const double from_peak = remainder(angle - TURN / 4.0 + before, TURN / 2.0);
    const double sign = sin(angle + before) >= 0.0 ? 1.0 : -1.0;
    return fabs(from_peak) < width ? sign * (0.5 + 0.5 * cos(TURN / 2.0 * from_peak / width)) : 0.0;
}

static double raw_current(unsigned load, double angle)
{
    switch (load) {
    case HOUSEHOLD_REFRIGERATOR:
        return sin(angle - 0.78) + 0.06 * sin(3.0 * angle - 1.0);
    case HOUSEHOLD_LAUNDRY:
        return sin(angle - 0.25) + 0.12 * sin(3.0 * angle + 2.6) + 0.05 * sin(5.0 * angle);
    case HOUSEHOLD_LIGHTING:
        return raw_pulse(angle, 0.35, 0.9);
    case HOUSEHOLD_ELECTRONICS:
        return raw_pulse(angle, 0.15, 0.45);
    case HOUSEHOLD_INVERTER:
        return sin(angle) + 0.02 * sin(5.0 * angle + 1.0);
    default:
        return raw_voltage(angle); // A resistor.
    }
}

/// Divides a shape by its product with `by`, averaged over the cycle.
static void normalise(struct shape *shape, const struct shape *by, bool by_root)
{
    double product = 0.0;
    for (unsigned n = 0; n < SYNTHESIZER_SHAPE_SIZE; n++) {
        product += (double)shape->value[n] * (double)by->value[n] / SYNTHESIZER_SHAPE_SIZE;
    }
    const double divisor = by_root ? sqrt(product) : product;
    for (unsigned n = 0; n <= SYNTHESIZER_SHAPE_SIZE; n++) {
        shape->value[n] = (float)((double)shape->value[n] / divisor);
    }
}

static void make_shapes(struct synthesizer *synthesizer)
{
    for (unsigned n = 0; n <= SYNTHESIZER_SHAPE_SIZE; n++) {
        const double angle = TURN * (n % SYNTHESIZER_SHAPE_SIZE) / SYNTHESIZER_SHAPE_SIZE;
        synthesizer->voltage.value[n] = (float)raw_voltage(angle);
        // Against a sinusoid of 1 V the voltage's own harmonics are of no account.
        synthesizer->quadrature.value[n] = (float)(-sqrt(2.0) * cos(angle));
        synthesizer->fifth.value[n] = (float)(sqrt(2.0) * sin(5.0 * angle));
        for (unsigned load = 0; load < HOUSEHOLD_LOADS; load++) {
            synthesizer->load[load].value[n] = (float)raw_current(load, angle);
        }
    }
    normalise(&synthesizer->voltage, &synthesizer->voltage, true);
    for (unsigned load = 0; load < HOUSEHOLD_LOADS; load++) {
        normalise(&synthesizer->load[load], &synthesizer->voltage, false);
    }
}

/// Sets the scales for the minute of the present frame.
static void begin_minute(struct synthesizer *synthesizer)
{
    const double elapsed_s = (double)synthesizer->frame / synthesizer->settings.rate_hz;
    const uint64_t minute =
        (uint64_t)(elapsed_s + 1e-9 + synthesizer->settings.start_s) / SECONDS_PER_MINUTE;
    const struct household_state state =
        household_state_at((uint32_t)(minute % MINUTES_PER_DAY),
                           (uint32_t)(minute / MINUTES_PER_DAY), synthesizer->settings.seed);
    synthesizer->scale[0] = (float)(state.voltage_v / VOLTS_PER_CODE);
    for (unsigned load = 0; load < HOUSEHOLD_LOADS; load++) {
        synthesizer->scale[1 + load] =
            (float)(state.active_w[load] / state.voltage_v / AMPERES_PER_CODE);
    }
    synthesizer->reactive_scale = (float)(state.other_var / state.voltage_v / AMPERES_PER_CODE);
    const double next_s =
        (double)((minute + 1u) * SECONDS_PER_MINUTE) - synthesizer->settings.start_s;
    synthesizer->minute_end = (uint64_t)ceil(next_s * synthesizer->settings.rate_hz);
}

/// What is wrong with the supply, in steps that do not depend on how the codes are read.
static struct disturbance disturbance_now(const struct synthesizer *synthesizer)
{
    const uint64_t grid = synthesizer->frame / ADC_FRAME_LIMIT * ADC_FRAME_LIMIT;
    return disturbances_at(&synthesizer->settings.disturbances,
                           (double)grid / synthesizer->settings.rate_hz);
}

/// The frequency wanders slowly, as a grid's does.
static uint32_t phase_step(const struct synthesizer *synthesizer)
{
    const uint64_t grid = synthesizer->frame / ADC_FRAME_LIMIT * ADC_FRAME_LIMIT;
    const double seconds = (double)grid / synthesizer->settings.rate_hz;
    const double frequency_hz = synthesizer->settings.frequency_hz +
                                0.02 * sin(TURN * seconds / 97.0) +
                                0.01 * sin(TURN * seconds / 13.0);
    return (uint32_t)(frequency_hz / synthesizer->settings.rate_hz * 4294967296.0);
}

static float shape_at(const struct shape *shape, uint32_t phase)
{
    const uint32_t index = phase >> (32 - SHAPE_BITS);
    const float part = (float)(phase << SHAPE_BITS >> 8) * (1.0f / 16777216.0f);
    return shape->value[index] + part * (shape->value[index + 1] - shape->value[index]);
}

/// Noise of about normal distribution and root mean square 1: eight dice of xorshift64.
static float noise(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    int sum = 0;
    for (unsigned n = 0; n < 8; n++) {
        sum += (int)(x >> (8 * n) & 0xffu);
    }
    return (float)(sum - 1020) * (1.0f / 209.0f);
}

static int32_t to_code(float value)
{
    const int32_t code = MIDDLE + (int32_t)(value + (value < 0.0f ? -0.5f : 0.5f));
    return code < 0 ? 0 : code > CODE_MAX ? CODE_MAX : code;
}

static void make_frames(struct synthesizer *synthesizer, struct adc_block *block)
{
    const float amplitude = (float)synthesizer->settings.noise_codes;
    const uint32_t step = phase_step(synthesizer);
    const struct disturbance disturbance = disturbance_now(synthesizer);
    const float share = (float)disturbance.share;
    const float fifth = (float)disturbance.fifth;
    for (uint32_t n = 0; n < block->frame_count; n++) {
        const uint32_t phase = synthesizer->phase;
        const float voltage =
            shape_at(&synthesizer->voltage, phase) + fifth * shape_at(&synthesizer->fifth, phase);
        block->code[0][n] = to_code(share * synthesizer->scale[0] * voltage +
                                    amplitude * noise(&synthesizer->noise));
        for (unsigned load = 0; load < HOUSEHOLD_LOADS; load++) {
            float value = synthesizer->scale[1 + load] * shape_at(&synthesizer->load[load], phase);
            if (load == HOUSEHOLD_OTHER) {
                value += synthesizer->reactive_scale * shape_at(&synthesizer->quadrature, phase);
            }
            block->code[1 + load][n] =
                to_code(share * value + amplitude * noise(&synthesizer->noise));
        }
        synthesizer->phase += step;
    }
    synthesizer->frame += block->frame_count;
}

/// How many frames the clock has seen pass and nobody has read.
static uint64_t due_frames(struct synthesizer *synthesizer)
{
    const struct clock *clock = synthesizer->settings.clock;
    if (clock == NULL) {
        return ADC_FRAME_LIMIT;
    }
    const uint64_t now_us = clock->uptime_us(clock->ctx);
    if (!synthesizer->started) {
        synthesizer->started = true;
        synthesizer->started_us = now_us;
    }
    const uint64_t elapsed_us = now_us - synthesizer->started_us;
    const uint64_t due = (elapsed_us / 1000000u * synthesizer->rate_mhz +
                          elapsed_us % 1000000u * synthesizer->rate_mhz / 1000000u) /
                         1000u;
    return due > synthesizer->frame ? due - synthesizer->frame : 0;
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct synthesizer *synthesizer = ctx;
    uint64_t count = due_frames(synthesizer);
    if (count == 0) {
        return STATUS_BUSY;
    }
    if (synthesizer->frame >= synthesizer->minute_end) {
        begin_minute(synthesizer);
    }
    // Blocks end where frequency and minute change, so that codes do not depend on when they are
    // read.
    const uint64_t to_grid = ADC_FRAME_LIMIT - synthesizer->frame % ADC_FRAME_LIMIT;
    const uint64_t to_minute = synthesizer->minute_end - synthesizer->frame;
    count = count < to_grid ? count : to_grid;
    count = count < to_minute ? count : to_minute;
    block->frame_count = (uint32_t)count;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    make_frames(synthesizer, block);
    return STATUS_OK;
}

static uint64_t frame_rate_mhz(void *ctx)
{
    const struct synthesizer *synthesizer = ctx;
    return synthesizer->rate_mhz;
}

static bool settings_are_sound(const struct synthesizer_settings *settings)
{
    return settings->rate_hz >= 1000.0 && settings->rate_hz <= 100000.0 &&
           settings->frequency_hz >= 40.0 && settings->frequency_hz <= 70.0 &&
           settings->noise_codes >= 0.0 && settings->noise_codes <= 100.0 &&
           settings->start_s < MINUTES_PER_DAY * SECONDS_PER_MINUTE;
}

enum status synthesizer_open(const struct synthesizer_settings *settings, struct synthesizer **out)
{
    *out = NULL;
    if (!settings_are_sound(settings)) {
        return STATUS_INVALID;
    }
    struct synthesizer *synthesizer = calloc(1, sizeof *synthesizer);
    if (synthesizer == NULL) {
        return STATUS_FULL;
    }
    synthesizer->settings = *settings;
    synthesizer->rate_mhz = (uint64_t)llround(settings->rate_hz * 1000.0);
    synthesizer->noise = settings->seed * 2u + 0x2545f4914f6cdd1du;
    synthesizer->noise |= 1u;
    make_shapes(synthesizer);
    begin_minute(synthesizer);
    *out = synthesizer;
    return STATUS_OK;
}

struct adc_source synthesizer_source(struct synthesizer *synthesizer)
{
    return (struct adc_source){
        .input_count = INPUTS,
        .code_min = 0,
        .code_max = CODE_MAX,
        .read = read_block,
        .frame_rate_mhz = frame_rate_mhz,
        .ctx = synthesizer,
    };
}

void synthesizer_close(struct synthesizer *synthesizer)
{
    free(synthesizer);
}

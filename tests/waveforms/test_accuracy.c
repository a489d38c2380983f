// SPDX-License-Identifier: MIT

/// The metering chain on signals whose power is known exactly: how far off it is, and that it gives
/// the same digits on every machine.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "portable_math.h"
#include "processing_task.h"
#include "sampling_task.h"

enum { RATE = 10000 };

static const double TURN = 6.283185307179586;

/// A 12-bit converter on a distorted mains with one load. Nothing in it depends on a C library.
struct signal {
    struct adc_source source;
    double frequency_hz;
    double angle;   ///< Of the current behind the voltage.
    double voltage; ///< Peak of the fundamental, in codes.
    double current; ///< Peak of the fundamental, in codes.
    double noise;   ///< Root mean square, in codes.
    uint64_t dice;
    uint64_t frame;
    uint64_t end;
    uint32_t lose;     ///< Frames lost every half second.
    uint64_t lost;     ///< Frames lost so far.
    int64_t energy_mj; ///< What the last reading said.
};

static double throw_dice(struct signal *signal)
{
    double sum = 0.0; // Twelve evenly spread numbers: variance 1.
    for (unsigned n = 0; n < 12; n++) {
        signal->dice = signal->dice * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(signal->dice >> 11) / 9007199254740992.0 - 0.5;
    }
    return sum;
}

static int32_t to_code(struct signal *signal, double value)
{
    return 2048 + (int32_t)portable_round(value + signal->noise * throw_dice(signal));
}

static enum status read_signal(void *ctx, struct adc_block *block)
{
    struct signal *signal = ctx;
    if (signal->frame >= signal->end) {
        return STATUS_MISSING;
    }
    *block = (struct adc_block){ .frame_count = 100 };
    if (signal->lose > 0 && (signal->frame - signal->lost) % 5000 == 4900) {
        block->lost_frames = signal->lose;
        signal->lost += signal->lose;
        signal->frame += signal->lose;
    }
    for (uint32_t n = 0; n < 100; n++) {
        const double turns = signal->frequency_hz * (double)signal->frame++ / RATE;
        const double a = TURN * (turns - (double)(int64_t)turns);
        const double v = portable_sin(a) + 0.03 * portable_sin(5.0 * a + 1.0);
        const double i = portable_sin(a - signal->angle) + 0.35 * portable_sin(3.0 * a + 2.0);
        block->code[0][n] = to_code(signal, signal->voltage * v);
        block->code[1][n] = to_code(signal, signal->current * i);
    }
    return STATUS_OK;
}

static uint64_t rate(void *ctx)
{
    (void)ctx;
    return RATE * 1000u;
}

struct keeper {
    struct reading second; ///< The second reading: one second without the start of the run.
    struct reading last;
};

static enum status keep(void *ctx, const struct reading *reading)
{
    struct keeper *keeper = ctx;
    if (reading->uptime_ms >= 1500 && keeper->second.uptime_ms == 0) {
        keeper->second = *reading;
    }
    keeper->last = *reading;
    return STATUS_OK;
}

static struct reading measure(struct signal *signal, double volts_per_code, double amperes_per_code)
{
    static struct sampling_task sampling;
    static struct processing_task processing;
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct ring ring;
    struct keeper kept = { .second = { .uptime_ms = 0 } };
    const struct reading_sink sink = { .commit = keep, .ctx = &kept };
    const struct wiring wiring = wiring_of_one_voltage(1, volts_per_code, amperes_per_code);
    const struct sampling_settings sampling_settings = sampling_settings_default();
    const struct processing_settings settings = processing_settings_default();
    signal->source = (struct adc_source){ .input_count = 2,
                                          .code_min = 0,
                                          .code_max = 4095,
                                          .read = read_signal,
                                          .frame_rate_mhz = rate,
                                          .ctx = signal };
    signal->end = signal->end == 0 ? 22000 : signal->end;
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(
        sampling_task_init(&sampling, &signal->source, &wiring, &ring, &sampling_settings),
        STATUS_OK);
    assert_int_equal(processing_task_init(&processing, &wiring, &ring, &sink, &settings, NULL),
                     STATUS_OK);
    while (sampling_task_step(&sampling, signal->frame * 100u) != STATUS_MISSING) {
        assert_int_equal(processing_task_step(&processing), STATUS_OK);
    }
    assert_int_equal(processing_task_flush(&processing), STATUS_OK);
    assert_true(kept.second.uptime_ms != 0);
    signal->energy_mj = kept.last.channel[0].import_mj;
    return kept.second;
}

static double size(double x)
{
    return x < 0.0 ? -x : x;
}

/// Errors of one second, the largest of some runs: 12 bits, one code of noise, 35 % third harmonic.
static void measures_a_second_within_two_hundredths_of_a_percent(void **state)
{
    (void)state;
    static const double angles[] = { 0.0, 1.0471975511965976, -0.6435011087932844 };
    static const struct {
        double share;
        double limit; ///< Of P, relative to S.
    } levels[] = { { 1.0, 0.0002 }, { 0.1, 0.001 } };
    for (unsigned level = 0; level < 2; level++) {
        double worst_p = 0.0;
        double worst_v = 0.0;
        double worst_f = 0.0;
        for (unsigned run = 0; run < 18; run++) {
            struct signal signal = { .frequency_hz = 45.0 + 1.13 * run,
                                     .angle = angles[run % 3],
                                     .voltage = 1600.0,
                                     .current = 1200.0 * levels[level].share,
                                     .noise = 1.0,
                                     .dice = 1 + run };
            // Large units, so that the steps of a reading do not show.
            const struct reading reading = measure(&signal, 1.0, 1.0);
            const double p = signal.voltage * signal.current / 2.0 * portable_cos(signal.angle);
            const double v = signal.voltage * portable_sqrt((1.0 + 0.03 * 0.03) / 2.0);
            const double s = v * signal.current * portable_sqrt((1.0 + 0.35 * 0.35) / 2.0);
            const double off_p = size(reading.channel[0].active_power_10mw * 0.01 - p) / s;
            const double off_v = size(reading.channel[0].voltage_10mv * 0.01 - v) / v;
            const double off_f = size(reading.frequency_mhz - 1000.0 * signal.frequency_hz);
            worst_p = off_p > worst_p ? off_p : worst_p;
            worst_v = off_v > worst_v ? off_v : worst_v;
            worst_f = off_f > worst_f ? off_f : worst_f;
        }
        print_message("%3.0f %% of current: P %.4f %% of S, V %.4f %%, f %.2f mHz at worst\n",
                      100.0 * levels[level].share, 100.0 * worst_p, 100.0 * worst_v, worst_f);
        assert_true(worst_p <= levels[level].limit);
        assert_true(worst_v <= 0.0001);
        assert_true(worst_f <= 1.0);
    }
}

/// Twelve seconds of which 4 ms are missing every half second: their energy is carried over.
static void bridges_short_gaps_in_its_energy(void **state)
{
    (void)state;
    for (uint32_t lose = 0; lose <= 40; lose += 40) {
        struct signal signal = { .frequency_hz = 50.25,
                                 .angle = 0.9,
                                 .voltage = 1600.0,
                                 .current = 1200.0,
                                 .noise = 1.0,
                                 .dice = 3,
                                 .end = 120000,
                                 .lose = lose };
        (void)measure(&signal, 0.2, 0.03);
        const double power_w =
            signal.voltage * 0.2 * signal.current * 0.03 / 2.0 * portable_cos(signal.angle);
        const double energy_mj = power_w * (double)signal.frame / RATE * 1000.0;
        const double off = size((double)signal.energy_mj / energy_mj - 1.0);
        print_message("%2u of %llu frames lost: energy off by %.4f %%\n", (unsigned)lose,
                      (unsigned long long)signal.lost, 100.0 * off);
        assert_true(off < (lose == 0 ? 0.0001 : 0.001));
        assert_int_equal(signal.lost, lose == 0 ? 0 : 23 * lose);
    }
}

/// The same codes give the same reading, to the last digit, on every architecture and compiler.
static void gives_the_same_digits_on_every_machine(void **state)
{
    (void)state;
    struct signal signal = { .frequency_hz = 49.873,
                             .angle = 0.7,
                             .voltage = 1623.0,
                             .current = 433.0,
                             .noise = 1.7,
                             .dice = 42 };
    const struct reading reading = measure(&signal, 0.2, 0.031);
    const struct reading_channel *channel = &reading.channel[0];
    assert_int_equal(reading.window_us, 1002547);
    assert_int_equal(reading.frequency_mhz, 49873);
    assert_int_equal(channel->voltage_10mv, 22963);
    assert_int_equal(channel->current_100ua, 100563);
    assert_int_equal(channel->active_power_10mw, 166623);
    assert_int_equal(channel->reactive_power_10mvar, 140341);
    assert_int_equal(channel->apparent_power_10mva, 230922);
    assert_int_equal(channel->power_factor_1e4, 7216);
    assert_int_equal(channel->import_mj, 3357622);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_a_second_within_two_hundredths_of_a_percent),
        cmocka_unit_test(bridges_short_gaps_in_its_energy),
        cmocka_unit_test(gives_the_same_digits_on_every_machine),
    };
    return cmocka_run_group_tests_name("accuracy", tests, NULL, NULL);
}

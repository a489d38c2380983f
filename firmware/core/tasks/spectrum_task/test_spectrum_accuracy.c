// SPDX-License-Identifier: MIT

/// Harmonics of signals that are known exactly, through the whole chain from codes to levels.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sampling_task.h"
#include "spectrum_task.h"

enum { STORAGE_WORDS = 4608 }; // 36 KB: two windows of a voltage and a current at 10 kHz.

static const double TURN = 6.283185307179586;

/// One harmonic, as a rotating pointer.
struct line {
    double share; ///< Of the fundamental.
    double re, im;
    double turn_re, turn_im;
};

struct signal {
    struct adc_source source;
    double rate_hz;
    double frequency_hz;
    double noise;
    double peak; ///< Of the fundamental, in codes.
    double lag;  ///< Of the current's fundamental.
    uint64_t dice;
    uint64_t frame;
    struct line line[2][HARMONICS_COUNT];
};

static double throw_even(struct signal *signal)
{
    signal->dice = signal->dice * 6364136223846793005u + 1442695040888963407u;
    return (double)(signal->dice >> 11) / 9007199254740992.0;
}

/// Near enough to normal, with a variance of 1.
static double throw_dice(struct signal *signal)
{
    double sum = 0.0;
    for (unsigned n = 0; n < 6; n++) {
        sum += throw_even(signal) - 0.5;
    }
    return sum * 1.4142135623730951;
}

static void set_line(struct signal *signal, unsigned input, unsigned order, double share)
{
    struct line *line = &signal->line[input][order - 1];
    const double angle =
        order == 1 ? (input == 0 ? 0.3 : 0.3 - signal->lag) : TURN * throw_even(signal);
    const double step = TURN * order * signal->frequency_hz / signal->rate_hz;
    *line = (struct line){ share, cos(angle), sin(angle), cos(step), sin(step) };
}

static double next_sample(struct line lines[HARMONICS_COUNT])
{
    double sum = 0.0;
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        struct line *line = &lines[n];
        if (line->share > 0.0) {
            sum += line->share * line->im;
            const double re = line->re * line->turn_re - line->im * line->turn_im;
            line->im = line->re * line->turn_im + line->im * line->turn_re;
            line->re = re;
        }
    }
    return sum;
}

static enum status read_signal(void *ctx, struct adc_block *block)
{
    struct signal *signal = ctx;
    block->frame_count = 100;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    for (unsigned input = 0; input < 2; input++) {
        for (unsigned n = 0; n < 100; n++) {
            const double value = signal->peak * next_sample(signal->line[input]);
            const long code = lround(2048.0 + value + signal->noise * throw_dice(signal));
            block->code[input][n] = (int32_t)(code < 0 ? 0 : code > 4095 ? 4095 : code);
        }
    }
    signal->frame += 100;
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    const struct signal *signal = ctx;
    return (uint64_t)(signal->rate_hz * 1000.0);
}

static enum status refuse(void *ctx, const struct record *record)
{
    (void)ctx;
    (void)record;
    return STATUS_BUSY;
}

static struct sampling_task sampling;
static struct spectrum_task spectra;
static struct waveform_capture capture;

/// Plays the signal until `windows` windows are in the sums of both inputs.
static void measure(struct signal *signal, uint32_t windows)
{
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    static uint64_t storage[STORAGE_WORDS];
    static struct calibration calibration;
    static const struct wiring_channel channel = { 0, 1 };
    static struct ring ring;
    static struct wiring wiring;
    static struct waveform_plan plan;
    static const struct record_sink sink = { .commit = refuse };
    wiring = wiring_of_one_voltage(1, 0.2, 0.01);
    assert_int_equal(wiring.channel[0].current_input, channel.current_input);
    calibration_default(&calibration);
    signal->source = (struct adc_source){ .input_count = 2,
                                          .code_min = 0,
                                          .code_max = 4095,
                                          .read = read_signal,
                                          .frame_rate_mhz = rate_of,
                                          .ctx = signal };
    const struct sampling_settings sampling_settings = sampling_settings_default();
    struct spectrum_settings settings = spectrum_settings_default();
    settings.spectrum_ms = 0;
    settings.level_ms = 1000000; // The sums are looked at, and not to be emptied.
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(
        sampling_task_init(&sampling, &signal->source, &wiring, &ring, &sampling_settings),
        STATUS_OK);
    assert_int_equal(
        waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, rate_of(signal), 2, sizeof storage),
        STATUS_OK);
    assert_int_equal(waveform_capture_init(&capture, &plan, storage, sizeof storage), STATUS_OK);
    static struct frame_tap tap;
    tap = waveform_capture_tap(&capture);
    assert_int_equal(sampling_task_add_tap(&sampling, &tap), STATUS_OK);
    static struct spectrum_sums sums_of_inputs[2];
    static struct record record;
    const struct spectrum_task_parts parts = { .wiring = &wiring,
                                               .calibration = &calibration,
                                               .capture = &capture,
                                               .sink = &sink,
                                               .record = &record,
                                               .sums = sums_of_inputs,
                                               .inputs = 2 };
    assert_int_equal(spectrum_task_init(&spectra, &parts, &settings), STATUS_OK);
    for (unsigned step = 0; spectra.input[1].windows < windows; step++) {
        assert_true(step < 100000);
        assert_int_equal(sampling_task_step(
                             &sampling, (uint64_t)(1e6 * (double)signal->frame / signal->rate_hz)),
                         STATUS_OK);
        assert_int_equal(spectrum_task_step(&spectra), STATUS_OK);
        if (ring_peek(&ring) != NULL) {
            ring_release(&ring);
        }
    }
    assert_int_equal(spectra.input[0].quality, 0);
}

/// How far off the harmonics of a run were, at worst.
struct errors {
    double large; ///< Orders 2 to 40 of 1 % or more: share of the reading.
    double small; ///< Orders 2 to 40 below: share of the fundamental.
    double upper; ///< Orders 41 to 50 of 1 % or more: share of the reading.
    double thd;   ///< In points.
    double rms;   ///< Of the fundamental: share.
    double angle; ///< Of the fundamental, in degrees.
};

static void keep_worst(double *worst, double off)
{
    *worst = fabs(off) > *worst ? fabs(off) : *worst;
}

static void compare(const struct signal *signal, unsigned input, struct errors *errors)
{
    const struct spectrum_sums *sums = &spectra.input[input];
    double true_square = 0.0;
    double square = 0.0;
    keep_worst(&errors->rms, sqrt(2.0 * sums->square[0] / sums->windows) / signal->peak - 1.0);
    for (unsigned order = 2; order <= HARMONICS_COUNT; order++) {
        const double share = signal->line[input][order - 1].share;
        const double found = sqrt(sums->square[order - 1] / sums->square[0]);
        if (order > 40) {
            if (share >= 0.01) {
                keep_worst(&errors->upper, found / share - 1.0);
            }
            continue;
        }
        true_square += share * share;
        square += found * found;
        if (share >= 0.01) {
            keep_worst(&errors->large, found / share - 1.0);
        } else {
            keep_worst(&errors->small, found - share);
        }
    }
    keep_worst(&errors->thd, 100.0 * (sqrt(square) - sqrt(true_square)));
}

static void compare_angle(const struct signal *signal, struct errors *errors)
{
    double re = spectra.channel[0].in_phase;
    double im = spectra.channel[0].lagging;
    keep_worst(&errors->angle, remainder(atan2(im, re) - signal->lag, TURN) * 360.0 / TURN);
}

/// Every order at random: most of them between nothing and a few per cent, so that all fits.
static void throw_signal(struct signal *signal)
{
    for (unsigned input = 0; input < 2; input++) {
        set_line(signal, input, 1, 1.0);
        for (unsigned order = 2; order <= HARMONICS_COUNT; order++) {
            const double kind = throw_even(signal);
            const double share = kind < 0.4   ? 0.0
                                 : kind < 0.7 ? 0.01 * throw_even(signal)
                                              : 0.01 + 0.02 * throw_even(signal);
            set_line(signal, input, order, share);
        }
    }
    if (throw_even(signal) < 0.5) {
        set_line(signal, 1, 3, 0.1);
    }
}

static struct errors worst_of(unsigned runs, double rate_hz, double low_hz, double high_hz,
                              double noise, uint32_t windows)
{
    struct errors errors = { .large = 0.0 };
    for (unsigned run = 0; run < runs; run++) {
        struct signal signal = { .rate_hz = rate_hz, .noise = noise, .dice = 77 + run };
        signal.frequency_hz = low_hz + (high_hz - low_hz) * throw_even(&signal);
        signal.lag = 2.0 * throw_even(&signal) - 1.0;
        signal.peak = 1450.0; // What harmonics add stays within the range.
        throw_signal(&signal);
        measure(&signal, windows);
        compare(&signal, 0, &errors);
        compare(&signal, 1, &errors);
        compare_angle(&signal, &errors);
    }
    print_message("%5.0f Hz, mains %2.0f to %2.0f Hz, %.0f LSB, %2u windows: %.2f %% of reading, "
                  "%.4f %% of fundamental, H41-50 %.2f %%, THD %.3f points, rms %.4f %%, "
                  "angle %.4f deg\n",
                  rate_hz, low_hz, high_hz, noise, (unsigned)windows, 100.0 * errors.large,
                  100.0 * errors.small, 100.0 * errors.upper, errors.thd, 100.0 * errors.rms,
                  errors.angle);
    return errors;
}

/// The target of a spectrum: orders 2 to 40 within 1 % of the reading from 1 % of the fundamental
/// on and within 0.05 % of the fundamental below, 41 to 50 within 3 %, THD within 0.1 points.
static void assert_target(const struct errors *errors)
{
    assert_true(errors->large <= 0.01);
    assert_true(errors->small <= 0.0005);
    assert_true(errors->upper <= 0.03);
    assert_true(errors->thd <= 0.1);
    assert_true(errors->rms <= 0.0005);
    assert_true(errors->angle <= 0.02);
}

static void meets_its_target_over_three_seconds(void **state)
{
    (void)state;
    struct errors errors = worst_of(16, 10000.0, 45.0, 65.0, 1.0, 15);
    assert_target(&errors);
    errors = worst_of(4, 10000.0, 60.0, 60.0, 1.0, 15);
    assert_target(&errors);
    errors = worst_of(8, 6400.0, 45.0, 60.0, 1.0, 15);
    assert_target(&errors);
    errors = worst_of(4, 6400.0, 60.0, 60.0, 1.0, 15);
    assert_target(&errors);
}

static void meets_its_target_when_frames_are_added_to_samples(void **state)
{
    (void)state;
    struct errors errors = worst_of(4, 16000.0, 45.0, 65.0, 1.0, 15);
    assert_int_equal(capture.plan.decimation, 2);
    assert_target(&errors);
    errors = worst_of(3, 32000.0, 45.0, 65.0, 1.0, 15);
    assert_int_equal(capture.plan.decimation, 4);
    assert_target(&errors);
}

/// A fifth of a second holds 2000 samples: the noise of one code is 0.2 % of a harmonic of 1 %.
static void meets_its_target_in_single_windows_too(void **state)
{
    (void)state;
    const struct errors errors = worst_of(60, 10000.0, 45.0, 65.0, 1.0, 1);
    assert_target(&errors);
}

static void is_off_by_three_times_as_much_with_three_codes_of_noise(void **state)
{
    (void)state;
    struct errors errors = worst_of(6, 10000.0, 45.0, 65.0, 3.0, 15);
    assert_true(errors.large <= 0.02 && errors.small <= 0.001 && errors.thd <= 0.1);
    errors = worst_of(20, 10000.0, 45.0, 65.0, 3.0, 1);
    assert_true(errors.large <= 0.05 && errors.small <= 0.002 && errors.thd <= 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_its_target_over_three_seconds),
        cmocka_unit_test(meets_its_target_when_frames_are_added_to_samples),
        cmocka_unit_test(meets_its_target_in_single_windows_too),
        cmocka_unit_test(is_off_by_three_times_as_much_with_three_codes_of_noise),
    };
    return cmocka_run_group_tests_name("spectrum_accuracy", tests, NULL, NULL);
}

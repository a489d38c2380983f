// SPDX-License-Identifier: MIT

/// What a spectrum task does with the windows that it gets; how exact it is, test_spectrum_accuracy
/// shows.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampling_task.h"
#include "spectrum_task.h"

enum { RATE = 10000, WORDS = 24000, KEPT = 64 };

static const double TURN = 6.283185307179586;

/// A voltage with a fifth harmonic of 4 %, and currents with a third of 20 %, each half as large
/// as the one before it.
struct bench {
    struct adc_source source;
    struct sampling_task sampling;
    struct spectrum_task spectra;
    struct record record;
    struct spectrum_sums sums[ADC_INPUT_LIMIT];
    struct waveform_capture capture;
    struct frame_tap tap;
    struct wiring wiring;
    struct calibration calibration;
    struct ring ring;
    struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    struct record_sink sink;
    struct window_watcher watcher;
    uint64_t storage[WORDS];
    double frequency_hz;
    double ramp_hz_per_s;
    double turns;   ///< Of the mains.
    double voltage; ///< Peak, in codes.
    double current;
    double lag;
    uint64_t frame;
    uint32_t lose;   ///< Frames, once.
    uint64_t refuse; ///< So many times.
    struct spectrum kept[KEPT];
    unsigned count;
};

static struct bench bench;

static enum status read_bench(void *ctx, struct adc_block *block)
{
    struct bench *b = ctx;
    block->frame_count = 100;
    block->lost_frames = b->lose;
    block->lost_unknown = false;
    block->channel_swap = false;
    b->frame += b->lose;
    b->lose = 0;
    for (unsigned n = 0; n < 100; n++) {
        const double a = TURN * b->turns;
        b->turns = fmod(b->turns + b->frequency_hz / RATE, 1.0);
        b->frequency_hz += b->ramp_hz_per_s / RATE;
        const double v = sin(a) + 0.04 * sin(5.0 * a + 1.0);
        const double i = sin(a - b->lag) + 0.2 * sin(3.0 * a + 2.0);
        block->code[0][n] = 2048 + (int32_t)fmin(fmax(round(b->voltage * v), -2048.0), 2047.0);
        for (unsigned k = 1; k < b->source.input_count; k++) {
            block->code[k][n] = 2048 + (int32_t)lround(ldexp(b->current, 1 - (int)k) * i);
        }
    }
    b->frame += 100;
    return STATUS_OK;
}

static uint64_t bench_rate(void *ctx)
{
    (void)ctx;
    return RATE * 1000u;
}

static enum status keep(void *ctx, const struct record *record)
{
    struct bench *b = ctx;
    if (b->refuse > 0) {
        b->refuse--;
        return STATUS_FULL;
    }
    assert_int_equal(record->kind, RECORD_KIND_SPECTRUM);
    b->kept[b->count++ % KEPT] = record->spectrum;
    return STATUS_OK;
}

static void set_up(unsigned channels, enum waveform_mode mode, uint32_t spectrum_ms)
{
    struct bench *b = &bench;
    memset(b, 0, sizeof *b);
    b->frequency_hz = 50.03;
    b->voltage = 1600.0;
    b->current = 1200.0;
    b->lag = 0.5;
    b->wiring = wiring_of_one_voltage(channels, 0.2, 0.01);
    calibration_default(&b->calibration);
    b->sink = (struct record_sink){ .commit = keep, .ctx = b };
    b->source = (struct adc_source){ .input_count = (uint8_t)(channels + 1),
                                     .code_min = 0,
                                     .code_max = 4095,
                                     .read = read_bench,
                                     .frame_rate_mhz = bench_rate,
                                     .ctx = b };
    const struct sampling_settings sampling = sampling_settings_default();
    struct spectrum_settings settings = spectrum_settings_default();
    settings.spectrum_ms = spectrum_ms;
    settings.level_ms = 1000;
    struct waveform_plan plan;
    assert_int_equal(ring_init(&b->ring, b->slots, sizeof b->slots[0], SAMPLING_TASK_WINDOWS),
                     STATUS_OK);
    assert_int_equal(sampling_task_init(&b->sampling, &b->source, &b->wiring, &b->ring, &sampling),
                     STATUS_OK);
    assert_int_equal(
        waveform_plan_make(&plan, &b->wiring, mode, RATE * 1000u, 2, sizeof b->storage), STATUS_OK);
    assert_int_equal(waveform_capture_init(&b->capture, &plan, b->storage, sizeof b->storage),
                     STATUS_OK);
    b->tap = waveform_capture_tap(&b->capture);
    assert_int_equal(sampling_task_add_tap(&b->sampling, &b->tap), STATUS_OK);
    const struct spectrum_task_parts parts = { &b->wiring,      &b->calibration, &b->capture,
                                               &b->sink,        &b->record,      b->sums,
                                               ADC_INPUT_LIMIT, &b->watcher };
    assert_int_equal(spectrum_task_init(&b->spectra, &parts, &settings), STATUS_OK);
}

static uint64_t now_us(void)
{
    return bench.frame * 1000000u / RATE;
}

static enum status run(double seconds)
{
    enum status status = STATUS_OK;
    const uint64_t end = bench.frame + (uint64_t)(seconds * RATE);
    while (bench.frame < end) {
        assert_int_equal(sampling_task_step(&bench.sampling, now_us()), STATUS_OK);
        status = spectrum_task_step(&bench.spectra);
        if (ring_peek(&bench.ring) != NULL) {
            ring_release(&bench.ring);
        }
    }
    return status;
}

static const struct spectrum *newest(unsigned channel, enum signal_kind signal)
{
    for (unsigned n = bench.count; n > 0; n--) {
        const struct spectrum *spectrum = &bench.kept[(n - 1) % KEPT];
        if (spectrum->channel == channel && spectrum->signal == signal) {
            return spectrum;
        }
    }
    fail_msg("no spectrum of channel %u", channel);
    return NULL;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.9g instead of %.9g", value, expected);
    }
}

static void records_harmonics_in_millionths_of_the_fundamental(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 2000);
    assert_int_equal(run(2.5), STATUS_OK);
    assert_int_equal(bench.count, 2);
    const struct spectrum *voltage = newest(0, SIGNAL_VOLTAGE);
    const struct spectrum *current = newest(0, SIGNAL_CURRENT);
    assert_near(voltage->fundamental_rms, 1600.0 * 0.2 / sqrt(2.0) * 100.0, 2.0);
    assert_near(current->fundamental_rms, 1200.0 * 0.01 / sqrt(2.0) * 10000.0, 8.0);
    assert_near(voltage->harmonic_ppm[4], 40000.0, 40.0);
    assert_near(current->harmonic_ppm[2], 200000.0, 100.0);
    assert_near(voltage->distortion_ppm, 40000.0, 40.0);
    assert_near(current->distortion_ppm, 200000.0, 100.0);
    assert_int_equal(voltage->harmonic_ppm[0], 1000000);
    assert_true(voltage->harmonic_ppm[6] < 100 && current->harmonic_ppm[49] < 100);
    assert_near(voltage->frequency_mhz, 50030.0, 1.0);
    assert_int_equal(voltage->windows, 11); // Two seconds of 0.1999 s each, and what is left over.
    assert_near(voltage->span_ms, 2199.0, 1.0);
    assert_int_equal(voltage->quality, 0);
}

static void gives_newest_levels_and_the_angle(void **state)
{
    (void)state;
    struct spectrum_level level;
    double angle;
    set_up(1, WAVEFORM_ROTATION, 0);
    assert_int_equal(spectrum_task_level(&bench.spectra, 0, SIGNAL_CURRENT, 0, &level),
                     STATUS_MISSING);
    assert_int_equal(spectrum_task_angle(&bench.spectra, 0, 0, &angle), STATUS_MISSING);
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(spectrum_task_level(&bench.spectra, 0, SIGNAL_CURRENT, now_us(), &level),
                     STATUS_OK);
    assert_near(level.rms, 12.0 / sqrt(2.0), 0.001);
    assert_near(level.distortion_ppm, 200000.0, 100.0);
    assert_int_equal(spectrum_task_angle(&bench.spectra, 0, now_us(), &angle), STATUS_OK);
    assert_near(angle, 0.5, 0.0001);
    assert_int_equal(bench.count, 0);
    const uint64_t late_us = now_us() + 6000000;
    assert_int_equal(spectrum_task_level(&bench.spectra, 0, SIGNAL_CURRENT, late_us, &level),
                     STATUS_MISSING);
    assert_int_equal(spectrum_task_angle(&bench.spectra, 0, late_us, &angle), STATUS_MISSING);
    assert_int_equal(spectrum_task_level(&bench.spectra, 1, SIGNAL_CURRENT, now_us(), &level),
                     STATUS_MISSING);
    assert_int_equal(spectrum_task_level(&bench.spectra, 99, SIGNAL_VOLTAGE, 0, &level),
                     STATUS_MISSING);
}

static void takes_delay_and_lead_out_of_the_angle_and_gain_into_the_level(void **state)
{
    (void)state;
    struct spectrum_level level;
    double angle;
    set_up(1, WAVEFORM_ROTATION, 0);
    bench.calibration.input[1].gain = 1.02;
    bench.calibration.input[1].delay_s = 50e-6; // The current is seen 50 us early in the frame...
    bench.calibration.input[1].knots = 1;
    bench.calibration.input[1].knot[0] = (struct calibration_knot){
        .magnitude = 1.0F, .gain = 1.01F, .lead_50hz_rad = 0.04F, .lead_60hz_rad = 0.04F
    };
    assert_int_equal(calibration_check(&bench.calibration), STATUS_OK);
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(spectrum_task_level(&bench.spectra, 0, SIGNAL_CURRENT, now_us(), &level),
                     STATUS_OK);
    assert_near(level.rms, 12.0 / sqrt(2.0) * 1.02 * 1.01, 0.001);
    assert_int_equal(spectrum_task_angle(&bench.spectra, 0, now_us(), &angle), STATUS_OK);
    // ... and 0.04 rad ahead: in truth it lags by more.
    assert_near(angle, 0.5 + 0.04 + TURN * 50.03 * 50e-6, 0.0002);
}

static void turns_a_reversed_sensor(void **state)
{
    (void)state;
    double angle;
    set_up(1, WAVEFORM_ROTATION, 0);
    bench.wiring.unit_per_code[1] = -0.01;
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(spectrum_task_angle(&bench.spectra, 0, now_us(), &angle), STATUS_OK);
    assert_near(angle, 0.5 - TURN / 2.0, 0.0001);
}

static void shows_every_channel_in_rotation_and_a_shared_voltage_once(void **state)
{
    (void)state;
    set_up(4, WAVEFORM_ROTATION, 2000);
    assert_int_equal(run(5.0), STATUS_OK);
    for (unsigned channel = 0; channel < 4; channel++) {
        const struct spectrum *spectrum = newest(channel, SIGNAL_CURRENT);
        assert_near(spectrum->fundamental_rms,
                    ldexp(1200.0, -(int)channel) * 0.01 / sqrt(2.0) * 1e4, 20.0);
        assert_near(spectrum->harmonic_ppm[2], 200000.0, 400.0);
        assert_int_equal(spectrum->windows, 4);
    }
    for (unsigned n = 0; n < bench.count; n++) {
        assert_true(bench.kept[n].signal == SIGNAL_CURRENT || bench.kept[n].channel == 0);
    }
}

static void shows_every_channel_at_once(void **state)
{
    (void)state;
    set_up(8, WAVEFORM_AT_ONCE, 1000);
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(bench.count, 9);
    for (unsigned channel = 0; channel < 8; channel++) {
        assert_int_equal(newest(channel, SIGNAL_CURRENT)->windows, 6);
    }
}

static void says_nothing_of_an_input_without_a_fundamental(void **state)
{
    (void)state;
    struct spectrum_level level;
    set_up(1, WAVEFORM_ROTATION, 1000);
    bench.current = 1.0;
    assert_int_equal(run(1.5), STATUS_OK);
    const struct spectrum *spectrum = newest(0, SIGNAL_CURRENT);
    assert_int_equal(spectrum->distortion_ppm, 0);
    for (unsigned n = 0; n < SPECTRUM_HARMONIC_COUNT; n++) {
        assert_int_equal(spectrum->harmonic_ppm[n], 0);
    }
    assert_int_equal(spectrum_task_level(&bench.spectra, 0, SIGNAL_CURRENT, now_us(), &level),
                     STATUS_OK);
    assert_int_equal(level.distortion_ppm, 0);
}

static void gives_no_spectrum_without_a_reference(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 1000);
    bench.voltage = 0.0;
    assert_int_equal(run(5.0), STATUS_OK);
    assert_int_equal(spectrum_task_flush(&bench.spectra), STATUS_OK);
    assert_int_equal(bench.count, 0);
    assert_int_equal(bench.spectra.counters.windows, 0);
    // And none that is guessed when the mains go.
    bench.voltage = 1600.0;
    assert_int_equal(run(1.3), STATUS_OK);
    const uint64_t windows = bench.spectra.counters.windows;
    assert_true(windows >= 4);
    bench.voltage = 0.0;
    assert_int_equal(run(5.0), STATUS_OK);
    assert_true(bench.spectra.counters.windows <= windows + 1);
}

static void flags_what_gaps_took_away(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 2000);
    assert_int_equal(run(1.0), STATUS_OK);
    bench.lose = 37;
    assert_int_equal(run(2.0), STATUS_OK);
    const struct spectrum *spectrum = newest(0, SIGNAL_VOLTAGE);
    assert_int_equal(spectrum->quality, READING_QUALITY_GAP);
    assert_near(spectrum->harmonic_ppm[4], 40000.0, 40.0);
    assert_true(spectrum->windows < 11);
}

/// The window before a jump ends at a crossing that may have been moved. It is in no spectrum, not
/// even in one that would have ended with it; the one that goes on says so.
static void ends_no_spectrum_with_a_window_before_a_jump(void **state)
{
    (void)state;
    for (unsigned tenth = 0; tenth < 10; tenth++) {
        set_up(1, WAVEFORM_ROTATION, 1900); // Ten windows.
        bench.turns = 0.1 * tenth;
        while (bench.spectra.input[0].windows < 9) {
            assert_int_equal(run(0.01), STATUS_OK);
        }
        while (bench.sampling.complete) {
            assert_int_equal(run(0.01), STATUS_OK);
        }
        while (!bench.sampling.complete) {
            assert_int_equal(run(0.01), STATUS_OK);
        }
        bench.turns = fmod(bench.turns + 0.04, 1.0); // In the cycle after the tenth window.
        assert_int_equal(run(0.1), STATUS_OK);
        assert_int_equal(bench.count, 0);
        assert_int_equal(run(0.6), STATUS_OK);
        assert_int_equal(bench.count, 2);
        const struct spectrum *spectrum = newest(0, SIGNAL_VOLTAGE);
        assert_int_equal(spectrum->quality, READING_QUALITY_PHASE_JUMP);
        assert_near(spectrum->harmonic_ppm[4], 40000.0, 40.0);
        assert_near(spectrum->frequency_mhz, 50030.0, 2.0);
    }
}

static void flags_the_input_that_clips(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 1000);
    bench.voltage = 2100.0;
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(newest(0, SIGNAL_VOLTAGE)->quality, READING_QUALITY_CLIPPED);
    assert_int_equal(newest(0, SIGNAL_CURRENT)->quality, 0);
}

/// A rail that a table moves by a hundred codes is a rail still.
static void flags_the_input_that_clips_when_codes_are_straightened(void **state)
{
    (void)state;
    static struct linearity_table table;
    const float correction[] = { 100.0f, -100.0f };
    assert_int_equal(linearity_table_init(&table, 0, 4096, correction, 2), STATUS_OK);
    set_up(1, WAVEFORM_ROTATION, 1000);
    assert_int_equal(sampling_task_linearise(&bench.sampling, 0, &table), STATUS_OK);
    bench.voltage = 2100.0;
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(newest(0, SIGNAL_VOLTAGE)->quality, READING_QUALITY_CLIPPED);
    assert_int_equal(newest(0, SIGNAL_CURRENT)->quality, 0);
}

static bool knows_of_an_event(void *ctx, uint64_t from_us, uint64_t to_us)
{
    const uint64_t *event_us = ctx;
    assert_true(to_us > from_us);
    return from_us < *event_us && *event_us < to_us;
}

static void flags_the_spectrum_whose_time_an_event_touched(void **state)
{
    (void)state;
    uint64_t event_us = 1700000;
    set_up(1, WAVEFORM_ROTATION, 1000);
    bench.watcher = (struct window_watcher){ .disturbed = knows_of_an_event, .ctx = &event_us };
    unsigned flagged = 0;
    for (unsigned second = 0; second < 5; second++) {
        assert_int_equal(run(1.0), STATUS_OK);
    }
    assert_true(bench.count >= 6);
    for (unsigned n = 0; n < bench.count; n++) {
        const struct spectrum *spectrum = &bench.kept[n];
        const uint64_t ended_us = spectrum->uptime_ms * 1000u;
        const bool touched = ended_us > event_us && ended_us - spectrum->span_ms * 1000u < event_us;
        assert_int_equal(spectrum->quality, touched ? READING_QUALITY_FLAGGED : 0);
        flagged += touched ? 1 : 0;
    }
    assert_int_equal(flagged, 2); // Voltage and current.
}

static void grows_while_the_sink_refuses_and_loses_nothing(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 1000);
    bench.refuse = UINT64_MAX;
    assert_int_equal(run(4.0), STATUS_FULL);
    assert_int_equal(bench.count, 0);
    bench.refuse = 0;
    assert_int_equal(spectrum_task_step(&bench.spectra), STATUS_OK);
    assert_int_equal(bench.count, 2);
    const struct spectrum *spectrum = newest(0, SIGNAL_CURRENT);
    assert_int_equal(spectrum->quality, READING_QUALITY_MERGED);
    assert_int_equal(spectrum->windows, bench.spectra.counters.windows);
    assert_near(spectrum->harmonic_ppm[2], 200000.0, 100.0);
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(newest(0, SIGNAL_CURRENT)->quality, 0);
}

static void gives_what_there_is_at_the_end(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 60000);
    assert_int_equal(run(1.5), STATUS_OK);
    assert_int_equal(bench.count, 0);
    assert_int_equal(spectrum_task_flush(&bench.spectra), STATUS_OK);
    assert_int_equal(bench.count, 2);
    assert_int_equal(newest(0, SIGNAL_VOLTAGE)->quality, READING_QUALITY_PARTIAL);
    assert_int_equal(spectrum_task_flush(&bench.spectra), STATUS_OK);
    assert_int_equal(bench.count, 2);
}

/// A generator that speeds up by 1 Hz a second, from 47 Hz on, and across the switch from ten
/// cycles in a window to twelve.
static void follows_a_frequency_that_drifts(void **state)
{
    (void)state;
    static const struct {
        double from_hz;
        double ramp_hz_per_s;
    } runs[] = { { 47.0, 0.0 }, { 47.0, 1.0 }, { 53.5, 1.0 }, { 56.5, -1.0 }, { 45.2, -0.2 } };
    for (unsigned n = 0; n < sizeof runs / sizeof runs[0]; n++) {
        set_up(1, WAVEFORM_ROTATION, 2500);
        bench.frequency_hz = runs[n].from_hz;
        bench.ramp_hz_per_s = runs[n].ramp_hz_per_s;
        assert_int_equal(run(3.2), STATUS_OK);
        const struct spectrum *voltage = newest(0, SIGNAL_VOLTAGE);
        uint32_t worst = 0;
        for (unsigned order = 2; order <= 40; order++) {
            const uint32_t found = voltage->harmonic_ppm[order - 1];
            worst = order != 5 && found > worst ? found : worst;
        }
        const double off = voltage->harmonic_ppm[4] / 400.0 - 100.0;
        print_message("%.1f Hz, %+.1f Hz/s: fifth off by %+.2f %%, others up to %.4f %%\n",
                      runs[n].from_hz, runs[n].ramp_hz_per_s, off, worst * 1e-4);
        assert_true(fabs(off) < 1.0);
        assert_true(worst < 500);
        assert_int_equal(voltage->quality, 0);
        assert_true(voltage->windows >= 12);
    }
}

static void refuses_settings_that_make_no_sense(void **state)
{
    (void)state;
    set_up(1, WAVEFORM_ROTATION, 1000);
    static const struct spectrum_settings bad[] = {
        { .level_ms = 0, .floor_codes = 2.0 },
        { .level_ms = 3000, .floor_codes = 0.0 },
        { .level_ms = 3000, .floor_codes = (double)NAN },
        { .level_ms = 3000, .floor_codes = 2.0, .converter_sincs = 9 },
    };
    struct spectrum_task_parts parts = { &bench.wiring,   &bench.calibration,
                                         &bench.capture,  &bench.sink,
                                         &bench.record,   bench.sums,
                                         ADC_INPUT_LIMIT, NULL };
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_int_equal(spectrum_task_init(&bench.spectra, &parts, &bad[n]), STATUS_INVALID);
    }
    const struct spectrum_settings good = spectrum_settings_default();
    parts.inputs = 1; // The current has no room.
    assert_int_equal(spectrum_task_init(&bench.spectra, &parts, &good), STATUS_INVALID);
    parts.inputs = 2;
    assert_int_equal(spectrum_task_init(&bench.spectra, &parts, &good), STATUS_OK);
}

static void fits_a_small_memory(void **state)
{
    (void)state;
    const size_t storage = waveform_plan_size(RATE * 1000u, 1, 2, 1);
    print_message("spectrum_task %zu bytes (of which %zu for the transform), waveform_capture %zu, "
                  "one window of two inputs at 10 kHz %zu\n",
                  sizeof(struct spectrum_task), sizeof bench.spectra.bins,
                  sizeof(struct waveform_capture), storage);
    assert_true(sizeof(struct spectrum_task) + sizeof(struct waveform_capture) + storage <=
                (size_t)40 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_harmonics_in_millionths_of_the_fundamental),
        cmocka_unit_test(gives_newest_levels_and_the_angle),
        cmocka_unit_test(takes_delay_and_lead_out_of_the_angle_and_gain_into_the_level),
        cmocka_unit_test(turns_a_reversed_sensor),
        cmocka_unit_test(shows_every_channel_in_rotation_and_a_shared_voltage_once),
        cmocka_unit_test(shows_every_channel_at_once),
        cmocka_unit_test(says_nothing_of_an_input_without_a_fundamental),
        cmocka_unit_test(gives_no_spectrum_without_a_reference),
        cmocka_unit_test(flags_what_gaps_took_away),
        cmocka_unit_test(ends_no_spectrum_with_a_window_before_a_jump),
        cmocka_unit_test(flags_the_input_that_clips),
        cmocka_unit_test(flags_the_spectrum_whose_time_an_event_touched),
        cmocka_unit_test(flags_the_input_that_clips_when_codes_are_straightened),
        cmocka_unit_test(grows_while_the_sink_refuses_and_loses_nothing),
        cmocka_unit_test(gives_what_there_is_at_the_end),
        cmocka_unit_test(follows_a_frequency_that_drifts),
        cmocka_unit_test(refuses_settings_that_make_no_sense),
        cmocka_unit_test(fits_a_small_memory),
    };
    return cmocka_run_group_tests_name("spectrum_task", tests, NULL, NULL);
}

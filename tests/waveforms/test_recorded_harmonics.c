// SPDX-License-Identifier: MIT

/// The harmonics of recordings of real mains: against a fit of all harmonics to the samples of the
/// same windows, and against what was published, which comes from one such fit over the whole
/// recording. Where a load varies, which cycles are looked at decides how far those two differ.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harmonic_fit.h"
#include "harmonics.h"
#include "recording.h"
#include "resampler.h"
#include "rfft.h"
#include "sampling_task.h"
#include "waveform_capture.h"
#include "waveform_catalogue.h"

enum { STORAGE_WORDS = 24000, FASTEST_APPLIANCE_HZ = 10000, LEAST_ORDERS = 13 };

_Static_assert((int)WAVEFORM_ORDERS == (int)HARMONIC_FIT_ORDERS, "as many as were published");

static const double TURN = 6.283185307179586;

/// What one input showed. Pointers are added over all windows: what fluctuates cancels out, as in
/// the independent method.
struct lines {
    struct harmonic_pointer seen[WAVEFORM_ORDERS];
    struct harmonic_pointer direct[WAVEFORM_ORDERS]; ///< Fitted to the samples themselves.
    double square[HARMONICS_COUNT];                  ///< Subgroups, added: what fluctuates counts.
};

static struct waveform_catalogue catalogue;
static struct sampling_task sampling;
static struct waveform_capture capture;
static struct lines lines[2];
static unsigned windows;

static void add_direct(const struct captured_window *window, struct lines *sums,
                       const int32_t *samples)
{
    struct harmonic_pointer pointer[HARMONIC_FIT_ORDERS];
    const double start = (double)window->start_q32 / 4294967296.0;
    const double end = (double)window->end_q32 / 4294967296.0;
    harmonic_fit(samples, (uint32_t)ceil(start), (uint32_t)floor(end), start,
                 (end - start) / window->cycles, pointer);
    for (unsigned n = 0; n < WAVEFORM_ORDERS; n++) {
        sums->direct[n].re += pointer[n].re;
        sums->direct[n].im += pointer[n].im;
    }
}

static void add_input(const struct captured_window *window, struct lines *sums, int32_t *samples)
{
    static int32_t bins[RFFT_POINTS];
    double gain[HARMONICS_COUNT];
    double square[HARMONICS_COUNT];
    double scale;
    const double length = (double)(window->end_q32 - window->start_q32) / 4294967296.0;
    const struct harmonics_sampling sampled = { .frequency = (float)(window->cycles / length),
                                                .decimation = window->decimation };
    const struct resampler_window places = { samples, window->count, window->start_q32,
                                             window->end_q32 };
    add_direct(window, sums, samples);
    assert_int_equal(resampler_run(&places, bins, &scale), STATUS_OK);
    rfft(bins);
    harmonics_squared_gains(&sampled, gain);
    harmonics_mean_squares(bins, window->cycles, scale, gain, square);
    for (unsigned n = 0; n < WAVEFORM_ORDERS; n++) {
        const size_t bin = (size_t)window->cycles * (n + 1);
        sums->seen[n].re += sqrt(gain[n]) * bins[2 * bin] / scale;
        sums->seen[n].im += sqrt(gain[n]) * bins[2 * bin + 1] / scale;
    }
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        sums->square[n] += square[n];
    }
}

static void take_windows(void)
{
    struct captured_window *window;
    while ((window = waveform_capture_peek(&capture)) != NULL) {
        assert_int_equal(window->clipped, 0);
        add_input(window, &lines[0], window->sample);
        add_input(window, &lines[1], window->sample + window->capacity);
        windows++;
        waveform_capture_release(&capture);
    }
}

/// Plays one recording; what was found stays in `lines`.
static void measure(const struct waveform *waveform, uint32_t cycles_per_window)
{
    static struct cycle_window slots[SAMPLING_TASK_WINDOWS];
    static uint64_t storage[STORAGE_WORDS];
    static struct wiring wiring;
    struct ring ring;
    struct waveform_plan plan;
    const struct recording_settings recorded = { .layout = waveform->layout,
                                                 .rate_hz = waveform->rate_hz };
    struct sampling_settings sampling_settings = sampling_settings_default();
    sampling_settings.cycles_per_window = cycles_per_window;
    memset(lines, 0, sizeof lines);
    windows = 0;
    wiring = wiring_of_one_voltage(1, waveform->volts_per_code, waveform->amperes_per_code);
    struct recording *recording;
    assert_int_equal(recording_open(waveform->path, &recorded, &recording), STATUS_OK);
    const struct adc_source source = recording_source(recording);
    assert_int_equal(ring_init(&ring, slots, sizeof slots[0], SAMPLING_TASK_WINDOWS), STATUS_OK);
    assert_int_equal(sampling_task_init(&sampling, &source, &wiring, &ring, &sampling_settings),
                     STATUS_OK);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION,
                                        source.frame_rate_mhz(source.ctx), 2, sizeof storage),
                     STATUS_OK);
    assert_int_equal(waveform_capture_init(&capture, &plan, storage, sizeof storage), STATUS_OK);
    const struct frame_tap tap = waveform_capture_tap(&capture);
    assert_int_equal(sampling_task_add_tap(&sampling, &tap), STATUS_OK);
    uint64_t now_us = 0;
    while (sampling_task_step(&sampling, now_us) != STATUS_MISSING) {
        now_us = (uint64_t)((double)sampling.counters.frames * 1e6 / waveform->rate_hz);
        take_windows();
        while (ring_peek(&ring) != NULL) {
            ring_release(&ring);
        }
    }
    tap.gap(tap.ctx, 0); // Nothing follows: the last window needs not wait for its next cycle.
    take_windows();
    recording_close(recording);
}

/// What is compared, of one method.
struct figures {
    double distortion[2];             ///< THD to the 40th of voltage and current; a share.
    double angle;                     ///< By which the fundamental of the current lags, in degrees.
    double order[2][WAVEFORM_ORDERS]; ///< As shares of the fundamental.
    unsigned orders;                  ///< Elements that count.
};

static void shares_of(const struct harmonic_pointer pointer[WAVEFORM_ORDERS], unsigned input,
                      struct figures *figures)
{
    double sum = 0.0;
    for (unsigned n = 0; n < WAVEFORM_ORDERS; n++) {
        const double share =
            hypot(pointer[n].re, pointer[n].im) / hypot(pointer[0].re, pointer[0].im);
        figures->order[input][n] = share;
        sum += n > 0 ? share * share : 0.0;
    }
    figures->distortion[input] = sqrt(sum);
}

static double angle_of(const struct harmonic_pointer *pointer)
{
    return 360.0 / TURN * atan2(pointer->im, pointer->re);
}

static struct figures figures_seen(void)
{
    struct figures figures = { .orders = WAVEFORM_ORDERS };
    shares_of(lines[0].seen, 0, &figures);
    shares_of(lines[1].seen, 1, &figures);
    figures.angle = angle_of(&lines[0].seen[0]) - angle_of(&lines[1].seen[0]);
    return figures;
}

static struct figures figures_direct(void)
{
    struct figures figures = { .orders = WAVEFORM_ORDERS };
    shares_of(lines[0].direct, 0, &figures);
    shares_of(lines[1].direct, 1, &figures);
    figures.angle = angle_of(&lines[0].direct[0]) - angle_of(&lines[1].direct[0]);
    return figures;
}

static struct figures figures_published(const struct waveform *waveform)
{
    const struct waveform_harmonics *want = &waveform->harmonics;
    struct figures figures = { .distortion = { want->voltage_distortion, want->current_distortion },
                               .angle = want->angle_deg,
                               .orders = want->orders };
    assert_in_range(want->orders, LEAST_ORDERS, WAVEFORM_ORDERS);
    for (unsigned n = 0; n < want->orders; n++) {
        figures.order[0][n] = want->voltage_v[n] / want->voltage_v[0];
        figures.order[1][n] = want->current_a[n] / want->current_a[0];
    }
    return figures;
}

struct tolerance {
    double distortion[2];
    double angle_deg;
    double order[2]; ///< Of the reading, for orders of 1 % of the fundamental and more.
};

/// Angle and distortion as suggested with the recordings.
static struct tolerance tolerance_of(const struct waveform *waveform)
{
    struct tolerance may = { { 0.0005, 0.002 }, 0.05, { 0.005, 0.01 } };
    if (waveform->has_fundamental) {
        may.distortion[1] = waveform->fundamental_tolerance.current_distortion;
        may.angle_deg = waveform->fundamental_tolerance.angle_deg;
    }
    return may;
}

struct verdict {
    double distortion[2];
    double angle;
    double worst_order[2];
    unsigned excused; ///< Figures for which `other` is as far from `want`.
    bool agrees;
};

/// Between two methods, one of which may be off by a hair less than the other.
static const double NEARLY = 0.75;

/// Judges one figure that is `off` by so much, while another method is off by `other_off`.
static void judge(struct verdict *verdict, double off, double other_off, double may)
{
    if (!(fabs(off) <= may)) {
        verdict->agrees = verdict->agrees && fabs(other_off) > NEARLY * may;
        verdict->excused++;
    }
}

static double degrees_between(double a, double b)
{
    return remainder(a - b, 360.0);
}

/// Compares with `want`. What does not agree is excused where `other` does not agree either.
static struct verdict compare(const struct figures *got, const struct figures *want,
                              const struct figures *other, const struct tolerance *may)
{
    struct verdict verdict = { .agrees = true, .angle = degrees_between(got->angle, want->angle) };
    judge(&verdict, verdict.angle, degrees_between(other->angle, want->angle), may->angle_deg);
    for (unsigned input = 0; input < 2; input++) {
        const double distortion = want->distortion[input];
        verdict.distortion[input] = got->distortion[input] - distortion;
        judge(&verdict, verdict.distortion[input], other->distortion[input] - distortion,
              may->distortion[input]);
        for (unsigned n = 1; n < want->orders; n++) {
            const double share = want->order[input][n];
            if (share >= 0.01) {
                const double off = got->order[input][n] / share - 1.0;
                judge(&verdict, off, other->order[input][n] / share - 1.0, may->order[input]);
                verdict.worst_order[input] = fmax(verdict.worst_order[input], fabs(off));
            }
        }
    }
    return verdict;
}

static void print_row(const struct waveform *waveform, const char *what,
                      const struct verdict *verdict)
{
    print_message("%-19s %s: THD V %+.4f, I %+.4f points, angle %+.4f deg, orders from 1 %% on: V "
                  "%.3f %%, I %.3f %%; %u excused  %s\n",
                  waveform->name, what, 100.0 * verdict->distortion[0],
                  100.0 * verdict->distortion[1], verdict->angle, 100.0 * verdict->worst_order[0],
                  100.0 * verdict->worst_order[1], verdict->excused,
                  verdict->agrees ? "agrees" : "DIFFERS");
}

static double subgroup_distortion_of(unsigned input)
{
    return sqrt(harmonics_distortion(lines[input].square) / lines[input].square[0]);
}

static bool agrees(const struct waveform *waveform)
{
    static const struct tolerance close = { { 1e-5, 5e-5 }, 0.002, { 1e-4, 2.5e-3 } };
    const struct tolerance may = tolerance_of(waveform);
    const struct figures seen = figures_seen();
    const struct figures direct = figures_direct();
    const struct figures published = figures_published(waveform);
    const struct verdict same = compare(&seen, &direct, &direct, &close);
    const struct verdict whole = compare(&seen, &published, &direct, &may);
    print_row(waveform, "seen - direct", &same);
    print_row(waveform, "seen - published", &whole);
    print_message("%-19s %2u windows, THD V %.3f, I %.2f %%, THDS V %.3f, I %.2f %%\n",
                  waveform->name, windows, 100.0 * seen.distortion[0], 100.0 * seen.distortion[1],
                  100.0 * subgroup_distortion_of(0), 100.0 * subgroup_distortion_of(1));
    return same.agrees && whole.agrees;
}

static void agrees_with_an_independent_method_on_every_appliance(void **state)
{
    (void)state;
    unsigned sound = 0;
    unsigned agreeing = 0;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (waveform->damaged || waveform->rate_hz > FASTEST_APPLIANCE_HZ) {
            continue;
        }
        measure(waveform, 0);
        sound++;
        agreeing += agrees(waveform);
        assert_true(windows >= 14);
        assert_int_equal(capture.counters.jumps, 0);
        assert_in_range(capture.counters.gaps, 0, 1); // The end, within a window.
    }
    assert_int_equal(sound, 36);
    assert_int_equal(agreeing, sound);
}

/// Three cycles, of which one or two are seen whole, in windows of one cycle.
static void agrees_on_rectifiers_at_60_hz(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (waveform->rate_hz <= FASTEST_APPLIANCE_HZ) {
            continue;
        }
        measure(waveform, 1);
        seen++;
        assert_true(windows >= 1);
        assert_true(agrees(waveform));
    }
    assert_int_equal(seen, 2);
}

static void drops_the_windows_of_a_damaged_recording_that_are_not_sound(void **state)
{
    (void)state;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (!waveform->damaged) {
            continue;
        }
        measure(waveform, 0);
        const double distortion = figures_seen().distortion[0];
        print_message("%s: %u windows, %u dropped, THD V %.3f %%\n", waveform->name,
                      (unsigned)capture.counters.captured, (unsigned)capture.counters.jumps,
                      100.0 * distortion);
        assert_true(capture.counters.jumps > 0);
        assert_true(fabs(distortion - 0.041) < 0.004);
    }
}

int main(void)
{
    const int code = waveform_catalogue_open(&catalogue, OHM_DEFAULT_TEST_DATA);
    if (code != 0) {
        return code;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_independent_method_on_every_appliance),
        cmocka_unit_test(agrees_on_rectifiers_at_60_hz),
        cmocka_unit_test(drops_the_windows_of_a_damaged_recording_that_are_not_sound),
    };
    return cmocka_run_group_tests_name("recorded_harmonics", tests, NULL, NULL);
}

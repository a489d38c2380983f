// SPDX-License-Identifier: MIT

/// The fundamental and the distortion of recordings of real mains.
///
/// A figure of three seconds and one of a meter's windows are not the same quantity: the published
/// figures hold one sine against the whole recording, while the mains wanders in phase by up to a
/// degree and loads change, and a meter has no window before the first crossing. So in three steps,
/// each within the tolerances published with the recordings or closer:
///
///   - the direct method, one sine over the whole recording, gives what was published;
///   - the direct method over the cycles of a reading gives that reading;
///   - the meter's windows, joined as pointers against one sine, give what the direct method gives
///     for their stretch. They give what was published, too, as far as that does not depend on
///     the cycles at both ends, which is computed.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "direct_sums.h"
#include "power_terms.h"
#include "recorded_codes.h"
#include "waveform_catalogue.h"

enum { BOUNDARY_LIMIT = 256 };

/// So much the scales are enlarged: the steps of a reading would hide small distortion.
static const double VOLTAGE_SCALE = 100.0;
static const double CURRENT_SCALE = 10.0;

static const double TURN = 6.283185307179586;
static const double DEGREES = 57.29577951308232;

static struct waveform_catalogue catalogue;
static struct recorded_codes codes;

/// Where the meter saw cycles end.
static struct {
    double frames; ///< Told so far.
    unsigned count;
    double place[BOUNDARY_LIMIT];
    bool sound[BOUNDARY_LIMIT]; ///< The cycle that ends here is whole.
    unsigned used;              ///< The boundary that the next window begins at.
} boundaries;

/// The meter's windows as pointers against one sine of the published frequency.
static struct {
    double begin; ///< In frames of the recording.
    double frames;
    double cycles;
    double voltage_square; ///< Times frames, as all below.
    double current_square;
    double active_w;
    double v_re;
    double v_im;
    double i_re;
    double i_im;
} joined;

/// What is compared.
enum figure { V1, I1, P1, Q1, PH, ANGLE, THD_V, THD_I, FIGURES };

static struct direct_sums of_reading; ///< Directly over the windows of the reading in progress.
static double worst[FIGURES];         ///< Difference of a reading.
static unsigned readings;
static unsigned outside; ///< Recordings whose published figures depend on their ends.

static void figures_of_fundamental(const struct waveform_fundamental *fundamental,
                                   double figure[FIGURES])
{
    figure[V1] = fundamental->voltage_v;
    figure[I1] = fundamental->current_a;
    figure[P1] = fundamental->active_w;
    figure[Q1] = fundamental->reactive_var;
    figure[PH] = fundamental->harmonic_w;
    figure[ANGLE] = fundamental->angle_deg;
    figure[THD_V] = fundamental->voltage_distortion;
    figure[THD_I] = fundamental->current_distortion;
}

static void figures_of(const struct power_measures *m, double figure[FIGURES])
{
    const struct power_terms terms = power_terms_of(m);
    figure[V1] = m->voltage1_v;
    figure[I1] = m->current1_a;
    figure[P1] = m->active1_w;
    figure[Q1] = m->reactive1_var;
    figure[PH] = terms.harmonic_active_w;
    figure[ANGLE] = DEGREES * atan2(m->reactive1_var, m->active1_w);
    figure[THD_V] = terms.voltage_distortion;
    figure[THD_I] = terms.current_distortion;
}

/// V1 and I1 relative, powers relative to S, degrees, shares.
static void differences(const struct power_measures *measures, const double want[FIGURES],
                        double off[FIGURES])
{
    const double s = codes.waveform->expected.apparent_va;
    figures_of(measures, off);
    for (unsigned n = 0; n < FIGURES; n++) {
        off[n] -= want[n];
    }
    off[V1] /= want[V1];
    off[I1] /= want[I1];
    off[P1] /= s;
    off[Q1] /= s;
    off[PH] /= s;
}

static void differences_from_published(const struct power_measures *measures, double off[FIGURES])
{
    double want[FIGURES];
    figures_of_fundamental(&codes.waveform->fundamental, want);
    differences(measures, want, off);
}

static void print_row(const char *what, const double off[FIGURES], const char *verdict)
{
    print_message("%-19s %s: V1 %+.4f %%  I1 %+.3f %%  P1 %+.4f  Q1 %+.4f  PH %+.4f %% of S  "
                  "angle %+.4f deg  THD_V %+.4f  THD_I %+.4f points  %s\n",
                  codes.waveform->name, what, 100 * off[V1], 100 * off[I1], 100 * off[P1],
                  100 * off[Q1], 100 * off[PH], off[ANGLE], 100 * off[THD_V], 100 * off[THD_I],
                  verdict);
}

/// Whether every difference is as small as it may be; prints them.
static bool agrees(const char *what, const double off[FIGURES], const double may[FIGURES])
{
    bool good = true;
    for (unsigned n = 0; n < FIGURES; n++) {
        good = good && fabs(off[n]) <= may[n];
    }
    print_row(what, off, good ? "agrees" : "DIFFERS");
    return good;
}

static void pass_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    (void)ctx;
    (void)block;
    boundaries.frames += to - from;
}

static void pass_boundary(void *ctx, const struct tap_boundary *boundary)
{
    (void)ctx;
    assert_true(boundaries.count < BOUNDARY_LIMIT);
    boundaries.place[boundaries.count] = boundaries.frames - 1.0 + boundary->fraction;
    boundaries.sound[boundaries.count++] = !boundary->jumped;
}

static void pass_gap(void *ctx, uint64_t lost_frames)
{
    (void)ctx;
    (void)lost_frames;
    fail_msg("a gap");
}

static const struct frame_tap tap = { .frames = pass_frames,
                                      .boundary = pass_boundary,
                                      .gap = pass_gap };

/// Adds a window. Its voltage stands as much ahead of the sine as the mains has run ahead of it;
/// its current stands to its voltage as in the report.
static void join(const struct window_report *report, double from, double to)
{
    const struct raw_channel *raw = &report->raw[0];
    const double frames = to - from;
    if (joined.frames == 0.0) {
        joined.begin = from;
    }
    const double cycles = (0.5 * (from + to) - joined.begin) *
                          codes.waveform->expected.frequency_hz / codes.waveform->rate_hz;
    const double ahead = TURN * (joined.cycles + 0.5 * report->cycles - cycles);
    joined.v_re += frames * raw->voltage1_v * cos(ahead);
    joined.v_im += frames * raw->voltage1_v * sin(ahead);
    joined.i_re += frames * (raw->in_phase_a * cos(ahead) + raw->quadrature_a * sin(ahead));
    joined.i_im += frames * (raw->in_phase_a * sin(ahead) - raw->quadrature_a * cos(ahead));
    joined.voltage_square += frames * raw->voltage_v * raw->voltage_v;
    joined.current_square += frames * raw->current_a * raw->current_a;
    joined.active_w += frames * raw->active_w;
    joined.frames += frames;
    joined.cycles += report->cycles;
}

static void take_window(void *ctx, const struct window_report *report)
{
    (void)ctx;
    if (!report->whole) {
        return;
    }
    while (!boundaries.sound[boundaries.used + 1]) {
        boundaries.used++;
    }
    const double from = boundaries.place[boundaries.used];
    boundaries.used += report->cycles;
    assert_true(boundaries.used < boundaries.count && boundaries.sound[boundaries.used]);
    const double to = boundaries.place[boundaries.used];
    assert_true(fabs((to - from) / codes.waveform->rate_hz - report->seconds) < 1e-9);
    direct_sums_add(&of_reading, &codes, from, to, report->cycles);
    join(report, from, to);
}

static const struct window_watcher watcher = { .window = take_window };

static struct power_measures without_scales(struct power_measures m)
{
    m.voltage_v /= VOLTAGE_SCALE;
    m.voltage1_v /= VOLTAGE_SCALE;
    m.current_a /= CURRENT_SCALE;
    m.current1_a /= CURRENT_SCALE;
    m.active_w /= VOLTAGE_SCALE * CURRENT_SCALE;
    m.active1_w /= VOLTAGE_SCALE * CURRENT_SCALE;
    m.reactive1_var /= VOLTAGE_SCALE * CURRENT_SCALE;
    return m;
}

static void take_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    if (reading->frequency_mhz == 0) {
        return;
    }
    const struct power_measures direct = direct_sums_means(&of_reading);
    const struct power_measures m = without_scales(power_measures_of_channel(&reading->channel[0]));
    double want[FIGURES];
    double off[FIGURES];
    figures_of(&direct, want);
    differences(&m, want, off);
    for (unsigned n = 0; n < FIGURES; n++) {
        worst[n] = fabs(off[n]) > fabs(worst[n]) ? off[n] : worst[n];
    }
    of_reading = (struct direct_sums){ .frames = 0.0 };
    readings++;
}

static void load(const struct waveform *waveform)
{
    assert_int_equal(recorded_codes_load(&codes, waveform), STATUS_OK);
}

static void meter(const struct waveform *waveform)
{
    load(waveform);
    memset(&boundaries, 0, sizeof boundaries);
    memset(&joined, 0, sizeof joined);
    memset(&of_reading, 0, sizeof of_reading);
    memset(worst, 0, sizeof worst);
    readings = 0;
    codes.watcher = &watcher;
    codes.tap = &tap;
    recorded_codes_meter(&codes, 0, VOLTAGE_SCALE, CURRENT_SCALE, take_reading, NULL);
    assert_in_range(readings, 3, 4);
}

/// One sine of the published frequency over `cycles` cycles from frame `begin` on.
static struct power_measures one_sine(double begin, double cycles)
{
    struct direct_sums sums = { .frames = 0.0 };
    const double cycle = codes.waveform->rate_hz / codes.waveform->expected.frequency_hz;
    direct_sums_add(&sums, &codes, begin, begin + cycles * cycle, cycles);
    return direct_sums_means(&sums);
}

/// As many cycles as the recording has, from its first frame on.
static struct power_measures whole_recording(void)
{
    const double cycle = codes.waveform->rate_hz / codes.waveform->expected.frequency_hz;
    return one_sine(0.0, floor((double)codes.count / cycle));
}

static struct power_measures joined_windows(void)
{
    const double n = joined.frames;
    const struct power_measures m = {
        .voltage_v = sqrt(joined.voltage_square / n),
        .current_a = sqrt(joined.current_square / n),
        .active_w = joined.active_w / n,
        .voltage1_v = hypot(joined.v_re, joined.v_im) / n,
        .current1_a = hypot(joined.i_re, joined.i_im) / n,
        .active1_w = (joined.v_re * joined.i_re + joined.v_im * joined.i_im) / (n * n),
        .reactive1_var = (joined.v_im * joined.i_re - joined.v_re * joined.i_im) / (n * n),
    };
    return without_scales(m);
}

/// Calls `check` for every sound recording of mains; it says whether all is well.
static void check_all(bool (*check)(const struct waveform *waveform))
{
    unsigned compared = 0;
    unsigned agreeing = 0;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (!waveform->damaged && waveform->has_fundamental) {
            compared++;
            agreeing += check(waveform);
        }
    }
    assert_int_equal(compared, 36);
    assert_int_equal(agreeing, compared);
}

static bool check_direct_method(const struct waveform *waveform)
{
    static const double may[FIGURES] = { 1e-6, 1e-4, 1e-4, 1e-4, 1e-4, 0.006, 3e-5, 2.5e-4 };
    double off[FIGURES];
    load(waveform);
    const struct power_measures m = whole_recording();
    differences_from_published(&m, off);
    return agrees("direct - published", off, may);
}

static void the_direct_method_is_the_one_behind_the_published_figures(void **state)
{
    (void)state;
    check_all(check_direct_method);
}

static bool check_readings(const struct waveform *waveform)
{
    double may[FIGURES];
    meter(waveform);
    figures_of_fundamental(&waveform->fundamental_tolerance, may);
    return agrees("worst reading - direct", worst, may);
}

static void every_reading_is_what_its_own_cycles_are(void **state)
{
    (void)state;
    check_all(check_readings);
}

static bool check_joined(const struct waveform *waveform)
{
    double may[FIGURES];
    double want[FIGURES];
    double off[FIGURES];
    double ends[FIGURES];
    bool good = true;
    bool explained = false;
    meter(waveform);
    figures_of_fundamental(&waveform->fundamental_tolerance, may);
    const struct power_measures m = joined_windows();
    const struct power_measures seen = one_sine(joined.begin, joined.cycles);
    figures_of(&seen, want);
    differences(&m, want, off);
    good = agrees("joined - direct", off, may);
    differences_from_published(&seen, ends);
    differences_from_published(&m, off);
    for (unsigned n = 0; n < FIGURES; n++) {
        const bool moves = fabs(ends[n]) > may[n];
        good = good && (moves || fabs(off[n]) <= may[n]);
        explained = explained || (moves && fabs(off[n]) > may[n]);
    }
    print_row("joined - published", off, !good ? "DIFFERS" : explained ? "see below" : "agrees");
    if (explained) {
        print_row("what the ends amount to", ends, "");
        outside++;
    }
    return good;
}

static void joined_over_a_recording_windows_are_what_was_published(void **state)
{
    (void)state;
    check_all(check_joined);
    // A load that skips every second cycle, over an odd number of them.
    print_message("%u recordings depend on the cycles at their ends\n", outside);
    assert_in_range(outside, 0, 3);
}

int main(void)
{
    const int code = waveform_catalogue_open(&catalogue, OHM_DEFAULT_TEST_DATA);
    if (code != 0) {
        return code;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_direct_method_is_the_one_behind_the_published_figures),
        cmocka_unit_test(every_reading_is_what_its_own_cycles_are),
        cmocka_unit_test(joined_over_a_recording_windows_are_what_was_published),
    };
    return cmocka_run_group_tests_name("recorded_distortion", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "calibration_fit.h"

static const double pi = 3.14159265358979323846;
static const double degree = 3.14159265358979323846 / 180.0;

enum { INPUT_COUNT = 9, WINDOWS = 50 };

/// A meter with 12 bits at 10 kHz and a transformer like the SCT-013-000 on input `current_input`.
struct bench {
    double frequency_hz;
    double load_ohm;
    double load_angle; ///< Positive is inductive.
    double turns;
    double specimen; ///< Its lead over that of its type.
    double scale_v;  ///< Volts per code that the wiring claims, and what is true of them.
    double true_scale_v;
    double noise_codes;
    double harmonic; ///< Fifth harmonic of the current, over the fundamental.
    uint64_t random;
};

static const double rate_hz = 10000.0;
static const double amperes_per_code = 75.0 / 2048.0;

static struct bench bench_of(double frequency_hz, double load_ohm, double turns)
{
    return (struct bench){ .frequency_hz = frequency_hz,
                           .load_ohm = load_ohm,
                           .turns = turns,
                           .specimen = 1.0,
                           .scale_v = 0.2,
                           .true_scale_v = 0.2037,
                           .noise_codes = 1.0,
                           .random = 88172645463325252u };
}

static double random_unit(struct bench *bench)
{
    bench->random ^= bench->random << 13;
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return (double)(bench->random >> 11) / 9007199254740992.0;
}

static double noise(struct bench *bench)
{
    const double radius = sqrt(-2.0 * log(1.0 - random_unit(bench)));
    return bench->noise_codes * radius * cos(2.0 * pi * random_unit(bench));
}

/// The lead by published tables: 3.1 degrees up to 4 A, falling to 2.5 at 38 A, at 50 Hz; 2.7 to
/// 2.1 at 60 Hz. Straight through both over the frequency, which is not the law of the fit.
static double true_lead(double current_a, double frequency_hz)
{
    const double share = log(current_a / 4.0) / log(38.0 / 4.0);
    const double within = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
    const double at_50hz = 3.1 + (2.5 - 3.1) * within;
    const double at_60hz = 2.7 + (2.1 - 2.7) * within;
    return (at_50hz + (at_60hz - at_50hz) * (frequency_hz - 50.0) / 10.0) * degree;
}

/// Codes per nominal code: the ratio error grows towards small currents.
static double true_response(double current_a)
{
    const double share = log(current_a / 4.0) / log(38.0 / 4.0);
    const double within = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
    return 0.965 + 0.02 * within;
}

struct phasor {
    double cosine;
    double sine;
    double square;
    double mean;
};

static void add(struct phasor *sum, double code, double angle)
{
    sum->cosine += code * cos(angle);
    sum->sine += code * sin(angle);
    sum->square += code * code;
    sum->mean += code;
}

/// One window of ten cycles, as near as whole frames come to it.
static struct raw_channel look(struct bench *bench, double seconds)
{
    const unsigned frames = (unsigned)lround(10.0 * rate_hz / bench->frequency_hz);
    const double volts = 232.0 * sqrt(2.0);
    const double amperes = volts / bench->load_ohm * bench->turns;
    const double lead = bench->specimen * true_lead(amperes / sqrt(2.0), bench->frequency_hz);
    const double response = true_response(amperes / sqrt(2.0));
    const double delay_s = 4.0 / (INPUT_COUNT * rate_hz);
    const double step = 20.0 * pi / frames; // The nearest frequency with a whole number of frames.
    const double shift = step * rate_hz * delay_s;
    const double begin = fmod(seconds * 77.0, 2.0 * pi);
    struct phasor v = { .mean = 0.0 };
    struct phasor i = { .mean = 0.0 };
    double product = 0.0;
    for (unsigned n = 0; n < frames; n++) {
        const double angle = begin + step * n;
        const double current_angle = angle - bench->load_angle + lead + shift;
        const double voltage = rint(volts * cos(angle) / bench->true_scale_v + noise(bench));
        const double current =
            rint(amperes * response / amperes_per_code *
                     (cos(current_angle) + bench->harmonic * cos(5.0 * current_angle)) +
                 noise(bench));
        add(&v, voltage, angle);
        add(&i, current, angle);
        product += voltage * current;
    }
    const double scale = bench->scale_v * amperes_per_code;
    const double rms_v = hypot(v.cosine, v.sine);
    return (struct raw_channel){
        .frequency_hz = step * rate_hz / (2.0 * pi),
        .voltage_v = bench->scale_v * sqrt(v.square / frames - pow(v.mean / frames, 2)),
        .voltage1_v = bench->scale_v * rms_v * sqrt(2.0) / frames,
        .current_a = amperes_per_code * sqrt(i.square / frames - pow(i.mean / frames, 2)),
        .in_phase_a =
            amperes_per_code * sqrt(2.0) / frames * (i.cosine * v.cosine + i.sine * v.sine) / rms_v,
        .quadrature_a =
            amperes_per_code * sqrt(2.0) / frames * (i.sine * v.cosine - i.cosine * v.sine) / rms_v,
        .active_w = scale * product / frames,
        .whole = true,
    };
}

static struct calibration_stage watch(struct bench *bench)
{
    struct calibration_stage stage = { .windows = 0 };
    for (unsigned window = 0; window < WINDOWS; window++) {
        const struct raw_channel seen = look(bench, window);
        calibration_stage_add(&stage, &seen);
    }
    return stage;
}

static const struct calibration_input fresh = { .gain = 1.0 };

static struct calibration_known known_now(void)
{
    return (struct calibration_known){
        .voltage_gain = 0.2037 / 0.2,
        .delay_s = 4.0 / (INPUT_COUNT * rate_hz),
        .noise_a = sqrt(1.0 + 1.0 / 12.0) * amperes_per_code,
    };
}

/// A transformer on the bench, and what the person says of it.
struct specimen {
    enum calibration_sensor sensor;
    double lead; ///< Over that of its type.
};

static const struct specimen of_its_type = { CALIBRATION_SENSOR_SCT_013_000, 1.0 };

/// A heater whose current another meter shows, led through the sensor once, three and four times.
static struct calibration_point point_of(const struct specimen *specimen, double frequency_hz,
                                         double load_ohm, double turns)
{
    struct bench bench = bench_of(frequency_hz, load_ohm, turns);
    const struct calibration_truth truth = { .resistive = true,
                                             .current_a = 232.0 / load_ohm,
                                             .voltage_v = 232.0,
                                             .turns = turns,
                                             .sensor = specimen->sensor };
    const struct calibration_known known = known_now();
    bench.specimen = specimen->lead;
    const struct calibration_stage stage = watch(&bench);
    return calibration_fit_point(&stage, &truth, &known);
}

static struct calibration_point point_at(double frequency_hz, double load_ohm, double turns)
{
    return point_of(&of_its_type, frequency_hz, load_ohm, turns);
}

static struct calibration_curve curve_of(const struct specimen *specimen, double frequency_hz)
{
    const struct calibration_point points[] = { point_of(specimen, frequency_hz, 6.1, 1.0),
                                                point_of(specimen, frequency_hz, 58.0, 1.0),
                                                point_of(specimen, frequency_hz, 58.0, 3.0) };
    return calibration_fit_curve(points, 3, known_now().delay_s, &fresh);
}

static struct calibration_curve curve_at(double frequency_hz)
{
    return curve_of(&of_its_type, frequency_hz);
}

struct worst {
    double lead_deg;
    double gain;
};

/// From 1.5 to 60 A and from `lowest_hz` to `highest_hz`.
static struct worst worst_of(const struct calibration_curve *curve, double specimen_lead,
                             double lowest_hz, double highest_hz)
{
    static const double currents[] = { 1.5, 4.0, 6.0, 8.0, 12.0, 16.0, 25.0, 38.0, 60.0 };
    struct worst worst = { .lead_deg = 0.0 };
    const long steps = lround(2.0 * (highest_hz - lowest_hz));
    for (long step = 0; step <= steps; step++) {
        const double hz = lowest_hz + 0.5 * (double)step;
        for (unsigned i = 0; i < sizeof currents / sizeof currents[0]; i++) {
            const struct calibration_correction found = calibration_at(
                &curve->input, currents[i] * true_response(currents[i]) * curve->input.gain, hz);
            const double lead = specimen_lead * true_lead(currents[i], hz);
            const double angle = fabs(found.lead_rad - lead) / degree;
            const double gain = fabs(found.gain * true_response(currents[i]) - 1.0);
            worst.lead_deg = angle > worst.lead_deg ? angle : worst.lead_deg;
            worst.gain = gain > worst.gain ? gain : worst.gain;
        }
    }
    return worst;
}

/// What may remain, in degrees.
struct phase_limits {
    double here;      ///< At the frequency of the calibration, 0.5 Hz up and down.
    double between;   ///< From 50 to 60 Hz.
    double far_off;   ///< From 45 to 65 Hz.
    double far_least; ///< And that it is no better, so that nobody promises it.
};

static void check_phase(const char *name, const struct specimen *specimen, double frequency_hz,
                        const struct phase_limits *limits)
{
    const struct calibration_curve curve = curve_of(specimen, frequency_hz);
    assert_int_equal(curve.verdict, CALIBRATION_FOUND);
    assert_int_equal(curve.input.knots, 3);
    assert_int_equal(calibration_check_input(&curve.input), STATUS_OK);
    const struct worst here =
        worst_of(&curve, specimen->lead, frequency_hz - 0.5, frequency_hz + 0.5);
    const struct worst between = worst_of(&curve, specimen->lead, 50.0, 60.0);
    const struct worst far_off = worst_of(&curve, specimen->lead, 45.0, 65.0);
    print_message("%s, calibrated at %.0f Hz at 4, 12 and 38 A, 1 LSB noise: worst phase from 1.5 "
                  "to 60 A %.4f degrees within 0.5 Hz, %.4f from 50 to 60 Hz, %.4f from 45 to 65 "
                  "Hz; worst gain %.3f %%; the result says %.4f degrees where it was measured, "
                  "%.3f %%\n",
                  name, frequency_hz, here.lead_deg, between.lead_deg, far_off.lead_deg,
                  100.0 * far_off.gain, curve.lead_error_deg, curve.gain_error_percent);
    assert_true(here.lead_deg <= limits->here);
    assert_true(between.lead_deg <= limits->between);
    assert_true(far_off.lead_deg <= limits->far_off);
    assert_true(far_off.lead_deg >= limits->far_least);
    assert_true(far_off.gain <= 0.001);
    assert_true(curve.lead_error_deg > 0.0 && curve.lead_error_deg < 0.02);
    assert_true(curve.gain_error_percent > 0.0 && curve.gain_error_percent < 0.1);
}

static void finds_the_phase_of_a_known_type_to_two_hundredths_from_50_to_60_hz(void **state)
{
    (void)state;
    const struct phase_limits limits = { 0.02, 0.02, 0.08, 0.02 };
    check_phase("known type", &of_its_type, 50.0, &limits);
    check_phase("known type", &of_its_type, 60.0, &limits);
}

static void leaves_what_a_specimen_differs_from_its_type(void **state)
{
    (void)state;
    const struct specimen specimen = { CALIBRATION_SENSOR_SCT_013_000, 1.1 };
    const struct phase_limits limits = { 0.02, 0.06, 0.15, 0.04 };
    check_phase("known type, a tenth more lead", &specimen, 50.0, &limits);
    check_phase("known type, a tenth more lead", &specimen, 60.0, &limits);
}

static void finds_the_phase_of_an_unknown_type_only_near_the_frequency_measured(void **state)
{
    (void)state;
    const struct specimen specimen = { CALIBRATION_SENSOR_UNKNOWN, 1.0 };
    const struct phase_limits at_50hz = { 0.02, 0.13, 0.17, 0.1 };
    const struct phase_limits at_60hz = { 0.02, 0.15, 0.31, 0.1 };
    check_phase("unknown type", &specimen, 50.0, &at_50hz);
    check_phase("unknown type", &specimen, 60.0, &at_60hz);
}

static void takes_both_frequencies_where_both_were_measured(void **state)
{
    (void)state;
    const struct calibration_point points[] = { point_at(50.0, 6.1, 1.0),
                                                point_at(60.0, 6.0, 1.0) };
    const struct calibration_curve curve =
        calibration_fit_curve(points, 2, known_now().delay_s, &fresh);
    assert_int_equal(curve.verdict, CALIBRATION_FOUND);
    assert_int_equal(curve.input.knots, 1);
    assert_true(fabs((double)curve.input.knot[0].lead_50hz_rad - true_lead(38.0, 50.0)) <
                0.02 * degree);
    assert_true(fabs((double)curve.input.knot[0].lead_60hz_rad - true_lead(38.0, 60.0)) <
                0.02 * degree);
}

static void finds_the_gain_from_a_rated_power_and_the_voltage(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 26.45, 1.0);
    const struct calibration_truth truth = { .resistive = true,
                                             .rated_w = 2000.0,
                                             .rated_v = 230.0 };
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(&bench);
    const struct calibration_point point = calibration_fit_point(&stage, &truth, &known);
    assert_int_equal(point.verdict, CALIBRATION_FOUND);
    assert_true(fabs(point.gain * true_response(232.0 / 26.45) - 1.0) < 5e-4);
    assert_false(point.has_voltage_gain);
}

static void finds_the_phase_of_a_load_of_unknown_power(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 26.45, 1.0);
    const struct calibration_truth truth = { .resistive = true };
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(&bench);
    const struct calibration_point point = calibration_fit_point(&stage, &truth, &known);
    assert_int_equal(point.verdict, CALIBRATION_FOUND);
    assert_false(point.has_gain);
    assert_true(fabs(point.lead_rad - true_lead(232.0 / 26.45, 50.0)) < 0.02 * degree);
}

static void finds_gains_and_phase_from_a_reference_meter_and_an_inductive_load(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 20.0, 1.0);
    bench.load_angle = 60.0 * degree;
    const struct calibration_truth truth = { .voltage_v = 232.0,
                                             .active_w = 232.0 * 11.6 * 0.5,
                                             .power_factor = 0.5 };
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(&bench);
    const struct calibration_point point = calibration_fit_point(&stage, &truth, &known);
    assert_int_equal(point.verdict, CALIBRATION_FOUND);
    assert_true(point.has_voltage_gain && point.has_gain && point.has_lead);
    assert_true(fabs(point.voltage_gain / (0.2037 / 0.2) - 1.0) < 1e-4);
    assert_true(fabs(point.gain * true_response(11.6) - 1.0) < 5e-4);
    assert_true(fabs(point.lead_rad - true_lead(11.6, 50.0)) < 0.02 * degree);
}

static void moves_the_gain_alone_and_keeps_the_curve(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 20.0, 1.0);
    const struct calibration_truth truth = { .current_a = 11.6 };
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(&bench);
    const struct calibration_point point = calibration_fit_point(&stage, &truth, &known);
    const struct calibration_curve first = curve_at(50.0);
    struct calibration_input off = first.input;
    off.gain = -1.3;
    const struct calibration_curve curve = calibration_fit_curve(&point, 1, off.delay_s, &off);
    assert_int_equal(curve.verdict, CALIBRATION_FOUND);
    assert_int_equal(curve.input.knots, 3);
    assert_true(fabs(curve.input.gain / first.input.gain + 1.0) < 1e-3);
}

static enum calibration_verdict verdict_of(struct bench *bench, bool resistive)
{
    const struct calibration_truth truth = { .resistive = resistive, .current_a = 11.6 };
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(bench);
    return calibration_fit_point(&stage, &truth, &known).verdict;
}

static void refuses_a_load_that_is_not_resistive(void **state)
{
    (void)state;
    struct bench inductive = bench_of(50.0, 20.0, 1.0);
    struct bench electronic = bench_of(50.0, 20.0, 1.0);
    struct bench reversed = bench_of(50.0, 20.0, 1.0);
    inductive.load_angle = 15.0 * degree;
    electronic.harmonic = 0.1;
    reversed.load_angle = pi;
    assert_int_equal(verdict_of(&inductive, true), CALIBRATION_NOT_RESISTIVE);
    assert_int_equal(verdict_of(&electronic, true), CALIBRATION_NOT_RESISTIVE);
    assert_int_equal(verdict_of(&reversed, true), CALIBRATION_REVERSED);
    assert_int_equal(verdict_of(&inductive, false), CALIBRATION_FOUND);
}

static void refuses_what_cannot_be_told_from_noise(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 2320.0, 1.0);
    assert_int_equal(verdict_of(&bench, true), CALIBRATION_TOO_SMALL);
    bench.load_ohm = 1e9;
    assert_int_equal(verdict_of(&bench, true), CALIBRATION_TOO_SMALL);
}

static void refuses_a_load_that_changes(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 20.0, 1.0);
    const struct calibration_truth truth = { .resistive = true, .current_a = 11.6 };
    const struct calibration_known known = known_now();
    struct calibration_stage stage = { .windows = 0 };
    for (unsigned window = 0; window < WINDOWS; window++) {
        bench.load_ohm = window < WINDOWS / 2 ? 20.0 : 22.0;
        const struct raw_channel seen = look(&bench, window);
        calibration_stage_add(&stage, &seen);
    }
    assert_int_equal(calibration_fit_point(&stage, &truth, &known).verdict, CALIBRATION_UNSTABLE);
}

static void refuses_windows_that_are_clipped_too_few_or_without_mains(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 20.0, 1.0);
    const struct calibration_truth truth = { .resistive = true, .current_a = 11.6 };
    const struct calibration_known known = known_now();
    struct calibration_stage stage = { .windows = 0 };
    assert_int_equal(calibration_fit_point(&stage, &truth, &known).verdict, CALIBRATION_TOO_SHORT);
    struct raw_channel seen = look(&bench, 0.0);
    calibration_stage_add(&stage, &seen);
    assert_int_equal(calibration_fit_point(&stage, &truth, &known).verdict, CALIBRATION_TOO_SHORT);
    seen.voltage_clipped = true;
    calibration_stage_add(&stage, &seen);
    assert_int_equal(calibration_fit_point(&stage, &truth, &known).verdict, CALIBRATION_CLIPPED);
    stage = (struct calibration_stage){ .windows = 0 };
    seen = (struct raw_channel){ .current_a = 3.0, .whole = true };
    calibration_stage_add(&stage, &seen);
    assert_int_equal(calibration_fit_point(&stage, &truth, &known).verdict,
                     CALIBRATION_NO_REFERENCE);
}

static void refuses_numbers_that_cannot_be_true(void **state)
{
    (void)state;
    struct bench bench = bench_of(50.0, 20.0, 1.0);
    const struct calibration_known known = known_now();
    const struct calibration_stage stage = watch(&bench);
    const struct calibration_truth nothing = { .resistive = false };
    const struct calibration_truth far = { .resistive = true, .current_a = 50.0 };
    const struct calibration_truth far_voltage = { .voltage_v = 23.2 };
    const struct calibration_truth apart = {
        .resistive = true, .current_a = 11.6, .voltage_v = 232.0, .active_w = 2000.0
    };
    assert_int_equal(calibration_fit_point(&stage, &nothing, &known).verdict,
                     CALIBRATION_NOTHING_KNOWN);
    assert_int_equal(calibration_fit_point(&stage, &far, &known).verdict, CALIBRATION_IMPLAUSIBLE);
    assert_int_equal(calibration_fit_point(&stage, &far_voltage, &known).verdict,
                     CALIBRATION_IMPLAUSIBLE);
    assert_int_equal(calibration_fit_point(&stage, &apart, &known).verdict,
                     CALIBRATION_CONTRADICTION);
}

static void refuses_two_points_at_one_current(void **state)
{
    (void)state;
    const struct calibration_point points[] = { point_at(50.0, 20.0, 1.0),
                                                point_at(50.0, 20.5, 1.0) };
    assert_int_equal(calibration_fit_curve(points, 2, 0.0, &fresh).verdict,
                     CALIBRATION_POINTS_TOO_NEAR);
    assert_int_equal(calibration_fit_curve(points, 0, 0.0, &fresh).verdict,
                     CALIBRATION_NOTHING_KNOWN);
}

static void survives_what_is_not_a_number(void **state)
{
    (void)state;
    static const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY,
                                  1e300,       -1e300,           0.0 };
    const struct calibration_truth truth = { .resistive = true,
                                             .current_a = (double)NAN,
                                             .turns = (double)INFINITY };
    const struct calibration_known known = { .voltage_gain = (double)NAN, .noise_a = (double)NAN };
    struct calibration_stage stage = { .windows = 0 };
    for (unsigned a = 0; a < 6; a++) {
        for (unsigned b = 0; b < 6; b++) {
            const struct raw_channel seen = { .frequency_hz = 50.0,
                                              .voltage_v = odd[a],
                                              .voltage1_v = odd[b],
                                              .current_a = odd[b],
                                              .in_phase_a = odd[a],
                                              .quadrature_a = odd[b],
                                              .active_w = odd[a],
                                              .whole = true };
            calibration_stage_add(&stage, &seen);
        }
    }
    assert_int_not_equal(calibration_fit_point(&stage, &truth, &known).verdict, CALIBRATION_FOUND);
}

static void names_every_verdict(void **state)
{
    (void)state;
    for (int verdict = CALIBRATION_FOUND; verdict <= CALIBRATION_POINTS_TOO_NEAR; verdict++) {
        assert_non_null(calibration_verdict_name((enum calibration_verdict)verdict));
        assert_non_null(calibration_verdict_advice((enum calibration_verdict)verdict));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_phase_of_a_known_type_to_two_hundredths_from_50_to_60_hz),
        cmocka_unit_test(leaves_what_a_specimen_differs_from_its_type),
        cmocka_unit_test(finds_the_phase_of_an_unknown_type_only_near_the_frequency_measured),
        cmocka_unit_test(takes_both_frequencies_where_both_were_measured),
        cmocka_unit_test(finds_the_gain_from_a_rated_power_and_the_voltage),
        cmocka_unit_test(finds_the_phase_of_a_load_of_unknown_power),
        cmocka_unit_test(finds_gains_and_phase_from_a_reference_meter_and_an_inductive_load),
        cmocka_unit_test(moves_the_gain_alone_and_keeps_the_curve),
        cmocka_unit_test(refuses_a_load_that_is_not_resistive),
        cmocka_unit_test(refuses_what_cannot_be_told_from_noise),
        cmocka_unit_test(refuses_a_load_that_changes),
        cmocka_unit_test(refuses_windows_that_are_clipped_too_few_or_without_mains),
        cmocka_unit_test(refuses_numbers_that_cannot_be_true),
        cmocka_unit_test(refuses_two_points_at_one_current),
        cmocka_unit_test(survives_what_is_not_a_number),
        cmocka_unit_test(names_every_verdict),
    };
    return cmocka_run_group_tests_name("calibration_fit", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// Calibrates a channel by a resistive load at three currents and one mains frequency, through the
/// whole engine, and asks how far the angle is off from 45 to 65 Hz: with transformers that follow
/// this law or that, mains as distorted as real ones, a delay that nobody told of, and a code of
/// noise.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "calibration_session.h"
#include "flash_memory.h"
#include "record_store.h"
#include "whole_engine.h"

enum { RATE = 10000, HARMONICS = 15, CURRENTS = 3, BLOCK = 100 };

static const double pi = 3.14159265358979323846;
static const double degree = 3.14159265358979323846 / 180.0;
static const double volts_per_code = 0.2;
static const double amperes_per_code = 75.0 / 2048.0;
static const double spacing_s = 0.5 / RATE; // Voltage and current in turn.
static const double volts = 231.0;

/// A sensor and the world around it.
struct specimen {
    const char *name;
    double (*lead_deg)(double current_a, double frequency_hz);
    const double *distortion; ///< Odd harmonics of the voltage from the third on, in percent.
    double delay_s;           ///< The current is sampled so much later than the scan lets expect.
    double core_percent;      ///< Third harmonic that the core makes of the fundamental.
    enum calibration_sensor told;
    double largest_a; ///< And a third and a tenth of it, or so.
    unsigned seconds; ///< For each.
};

/// Of the mains at a kettle among the recordings and at a water heater; of a good inverter; none.
static const double strong[7] = { 2.96, 2.26, 1.09, 0.97, 0.65, 0.63, 0.2 };
static const double usual[7] = { 0.42, 2.35, 0.5, 0.27, 0.48, 0.35, 0.15 };
static const double faint[7] = { 0.02, 0.15, 0.05, 0.02, 0.02, 0.01, 0.0 };
static const double none[7] = { 0.0 };

/// 0 at 4 A and below, 1 at 38 A and above.
static double share_of(double current_a)
{
    const double share = log(current_a / 4.0) / log(38.0 / 4.0);
    return share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
}

/// Magnetising inductance alone, which grows with the current.
static double magnetising(double current_a, double frequency_hz)
{
    const double at_50hz = 3.1 - 0.6 * share_of(current_a);
    return atan(tan(at_50hz * degree) * 50.0 / frequency_hz) / degree;
}

/// The published leads of the SCT-013-000 at 50 and at 60 Hz, with a + b / f through both.
static double tabulated(double current_a, double frequency_hz)
{
    return 0.7 - 0.6 * share_of(current_a) + 120.0 / frequency_hz;
}

/// The same leads; a straight line over the frequency from 45 to 65 Hz, and the law above beyond.
static double straight(double current_a, double frequency_hz)
{
    const double at_50hz = 3.1 - 0.6 * share_of(current_a);
    return frequency_hz < 70.0 ? at_50hz - 0.04 * (frequency_hz - 50.0)
                               : tabulated(current_a, frequency_hz);
}

/// The same leads; a power of the frequency through both.
static double power(double current_a, double frequency_hz)
{
    const double at_50hz = 3.1 - 0.6 * share_of(current_a);
    return at_50hz * pow(frequency_hz / 50.0, log((at_50hz - 0.4) / at_50hz) / log(1.2));
}

static struct {
    const struct specimen *specimen;
    double frequency_hz;
    double current_a;
    uint64_t frame;
    uint64_t seed;
    uint64_t random;
    double voltage[HARMONICS + 1][2]; ///< Peak codes and angle, by order.
    double current[HARMONICS + 1][2];
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct calibration_store store;
    struct calibration_session session;
    struct calibration_workspace workspace;
    struct wiring wiring;
    struct whole_engine engine;
    uint64_t samples[8192];
} bench;

/// Deviates by one code or so: four uniform numbers added.
static double noise(void)
{
    bench.random ^= bench.random << 13;
    bench.random ^= bench.random >> 7;
    bench.random ^= bench.random << 17;
    double sum = -2.0;
    for (unsigned n = 0; n < 4; n++) {
        sum += (double)(bench.random >> 16 * n & 0xffffu) / 65535.0;
    }
    return sum * sqrt(3.0);
}

static double angle_of_order(unsigned order)
{
    return order == 1 ? 0.0 : 1.7 * order * order;
}

/// What the converter sees of mains and load.
static void connect(void)
{
    const struct specimen *specimen = bench.specimen;
    for (unsigned order = 1; order <= HARMONICS; order += 2) {
        const double hz = order * bench.frequency_hz;
        const double share = order == 1 ? 1.0 : 0.01 * specimen->distortion[order / 2 - 1];
        const double lead = specimen->lead_deg(bench.current_a, hz) * degree;
        const double late = 2.0 * pi * hz * (spacing_s + specimen->delay_s);
        bench.voltage[order][0] = share * volts * sqrt(2.0) / volts_per_code;
        bench.voltage[order][1] = angle_of_order(order);
        bench.current[order][0] = share * bench.current_a * sqrt(2.0) / amperes_per_code;
        bench.current[order][1] = angle_of_order(order) + lead + late;
    }
    if (specimen->core_percent > 0.0) {
        const double extra = 0.01 * specimen->core_percent * bench.current[1][0];
        const double re = bench.current[3][0] * cos(bench.current[3][1]);
        const double im = bench.current[3][0] * sin(bench.current[3][1]) + extra;
        bench.current[3][0] = hypot(re, im);
        bench.current[3][1] = atan2(im, re);
    }
}

static int32_t code_of(double signal[HARMONICS + 1][2], double angle)
{
    double code = noise();
    for (unsigned order = 1; order <= HARMONICS; order += 2) {
        if (signal[order][0] > 0.0) {
            code += signal[order][0] * cos(order * angle + signal[order][1]);
        }
    }
    return (int32_t)lrint(code);
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    (void)ctx;
    block->frame_count = BLOCK;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    for (unsigned n = 0; n < BLOCK; n++) {
        const double turns = (double)bench.frame * bench.frequency_hz / RATE;
        const double angle = 2.0 * pi * (turns - floor(turns));
        block->code[0][n] = code_of(bench.voltage, angle);
        block->code[1][n] = code_of(bench.current, angle);
        bench.frame++;
    }
    return STATUS_OK;
}

static uint64_t rate_mhz(void *ctx)
{
    (void)ctx;
    return UINT64_C(1000) * RATE;
}

static const struct adc_source source = { .input_count = 2,
                                          .code_min = -2048,
                                          .code_max = 2047,
                                          .read = read_block,
                                          .frame_rate_mhz = rate_mhz };

static enum status drop_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    (void)reading;
    return STATUS_OK;
}

static enum status drop_record(void *ctx, const struct record *record)
{
    (void)ctx;
    (void)record;
    return STATUS_OK;
}

static const struct reading_sink readings = { .commit = drop_reading };
static const struct record_sink records = { .commit = drop_record };

static void observe(void *ctx, const struct window_report *report)
{
    (void)ctx;
    calibration_session_observe(&bench.session, report->raw, report->seconds);
}

static void listen(void *ctx, const struct spectrum_bins *bins)
{
    (void)ctx;
    calibration_session_take_bins(&bench.session, bins);
}

static const struct spectrum_tap tap = { .bins = listen };

static void power_up(const struct specimen *specimen, double frequency_hz)
{
    bench.specimen = specimen;
    bench.frequency_hz = frequency_hz;
    bench.frame = 0;
    bench.random = 88172645463325252u + 977u * bench.seed;
    bench.wiring = wiring_of_one_voltage(1, volts_per_code, amperes_per_code);
    flash_memory_init(&bench.flash, 4096, 2, FLASH_MEMORY_CUT_IN_ORDER, 7);
    assert_int_equal(record_store_open(&bench.records, &bench.flash.region), STATUS_OK);
    bench.values = record_store_key_value(&bench.records);
    assert_int_equal(calibration_store_load(&bench.store, &bench.values), STATUS_OK);
    calibration_session_init(&bench.session, &bench.wiring, spacing_s, &bench.store,
                             &bench.workspace);
    struct whole_engine_settings settings = whole_engine_settings_default();
    settings.source = &source;
    settings.wiring = &bench.wiring;
    settings.readings = &readings;
    settings.records = &records;
    settings.spectrum_mode = WAVEFORM_ROTATION;
    settings.spectrum_storage = bench.samples;
    settings.spectrum_storage_size = sizeof bench.samples;
    settings.watcher = (struct whole_engine_watcher){ .window = observe };
    assert_int_equal(whole_engine_init(&bench.engine, &settings), STATUS_OK);
    assert_true(bench.engine.has_spectrum);
    spectrum_task_listen(&bench.engine.spectrum, &tap);
}

static void run(double seconds)
{
    const uint64_t end = bench.frame + (uint64_t)(seconds * RATE);
    while (bench.frame < end) {
        assert_int_equal(whole_engine_step(&bench.engine, (bench.frame + BLOCK) * 1000000u / RATE),
                         STATUS_OK);
    }
}

/// One load, as a person does it.
static void calibrate(double current_a)
{
    bench.current_a = current_a;
    connect();
    run(2.0);
    const struct metering_request request = {
        .id = 1,
        .action = METERING_CALIBRATE,
        .channel = 0,
        .seconds = (uint16_t)bench.specimen->seconds,
        .truth = { .resistive = true,
                   .current_a = current_a,
                   .voltage_v = volts,
                   .sensor = bench.specimen->told },
    };
    struct metering_answer answer = { .reason = "" };
    calibration_session_answer(&bench.session, &request, &answer);
    assert_int_equal(answer.status, STATUS_OK);
    run(bench.specimen->seconds + 1.0);
    assert_int_equal(bench.session.activity, CALIBRATION_IDLE);
}

/// The largest error of the angle at a frequency, from 1.5 to 60 A.
static double error_at(const struct calibration_curve *curve, double hz)
{
    static const double at[] = { 1.5, 4.0, 6.0, 8.0, 12.0, 16.0, 25.0, 38.0, 60.0 };
    double worst = 0.0;
    for (unsigned n = 0; n < sizeof at / sizeof at[0]; n++) {
        const struct calibration_correction found = calibration_at(&curve->input, at[n], hz);
        const double angle = found.lead_rad / degree + 360.0 * hz * found.delay_s;
        const double truth = bench.specimen->lead_deg(at[n], hz) +
                             360.0 * hz * (spacing_s + bench.specimen->delay_s);
        worst = fmax(worst, fabs(angle - truth));
    }
    return worst;
}

/// How far the angle is off, in degrees.
struct outcome {
    struct calibration_curve curve;
    double here;
    double at_45hz;
    double at_65hz;
    double worst; ///< From 45 to 65 Hz.
};

static struct outcome calibrated(const struct specimen *specimen, double frequency_hz)
{
    static const double share[CURRENTS] = { 1.0, 12.0 / 38.0, 4.0 / 38.0 };
    struct outcome outcome = { .worst = 0.0 };
    power_up(specimen, frequency_hz);
    for (unsigned n = 0; n < CURRENTS; n++) {
        calibrate(specimen->largest_a * share[n]);
    }
    outcome.curve = calibration_session_curve(&bench.session);
    assert_int_equal(outcome.curve.verdict, CALIBRATION_FOUND);
    assert_int_equal(calibration_check_input(&outcome.curve.input), STATUS_OK);
    outcome.here = error_at(&outcome.curve, frequency_hz);
    outcome.at_45hz = error_at(&outcome.curve, 45.0);
    outcome.at_65hz = error_at(&outcome.curve, 65.0);
    for (unsigned half = 90; half <= 130; half++) {
        outcome.worst = fmax(outcome.worst, error_at(&outcome.curve, 0.5 * half));
    }
    print_message("%s, calibrated at %.2f Hz: law %s, delay %+.2f us of %+.0f; worst %.4f degrees, "
                  "here %.4f (says %.4f), at 45 Hz %.4f (says %.4f), at 65 Hz %.4f (says %.4f)\n",
                  specimen->name, frequency_hz, calibration_law_name(outcome.curve.law),
                  (outcome.curve.input.delay_s - spacing_s) * 1e6, specimen->delay_s * 1e6,
                  outcome.worst, outcome.here, outcome.curve.lead_error_deg, outcome.at_45hz,
                  outcome.curve.lead_error_45hz_deg, outcome.at_65hz,
                  outcome.curve.lead_error_65hz_deg);
    return outcome;
}

static bool is_quick(void)
{
    return getenv("OHM_QUICK") != NULL;
}

static void holds_two_hundredths_from_45_to_65_hz_by_one_frequency(void **state)
{
    (void)state;
    static const struct specimen specimens[] = {
        { "magnetising, mains of a water heater", magnetising, usual, -4e-6, 0.0,
          CALIBRATION_SENSOR_UNKNOWN, 38.0, 60 },
        { "as tabulated, mains of a kettle", tabulated, strong, 3e-6, 0.0,
          CALIBRATION_SENSOR_UNKNOWN, 38.0, 60 },
        { "magnetising, mains of a kettle", magnetising, strong, 3e-6, 0.0,
          CALIBRATION_SENSOR_UNKNOWN, 38.0, 60 },
        { "as tabulated, mains of a water heater", tabulated, usual, -4e-6, 0.0,
          CALIBRATION_SENSOR_UNKNOWN, 38.0, 60 },
    };
    double worst = 0.0;
    double sum = 0.0;
    const unsigned runs = is_quick() ? 1 : 32;
    for (unsigned n = 0; n < runs; n++) {
        const struct specimen *specimen = &specimens[n % 4];
        bench.seed = n / 4;
        const struct outcome outcome = calibrated(specimen, n / 4 % 2 == 0 ? 50.02 : 59.97);
        worst = fmax(worst, outcome.worst);
        sum += outcome.worst;
        assert_int_equal(outcome.curve.law, CALIBRATION_LAW_HARMONICS);
        assert_true(fabs(outcome.curve.input.delay_s - spacing_s - specimen->delay_s) < 0.5e-6);
        assert_true(outcome.worst <= 0.02);
        assert_true(outcome.at_45hz <= outcome.curve.lead_error_45hz_deg);
        assert_true(outcome.at_65hz <= outcome.curve.lead_error_65hz_deg);
        assert_true(outcome.curve.lead_error_45hz_deg < 0.2);
        assert_true(outcome.curve.lead_error_65hz_deg < 0.2);
    }
    print_message("figure: phase of an unknown type with a delay that nobody told of, from 45 to "
                  "65 Hz and 1.5 to 60 A after %u calibrations at one frequency: worst %.4f "
                  "degrees, mean of the worst %.4f\n",
                  runs, worst, sum / runs);
}

static void comes_near_a_sensor_whose_law_is_another(void **state)
{
    (void)state;
    static const struct specimen specimens[] = {
        { "a straight line from 45 to 65 Hz", straight, strong, 3e-6, 0.0,
          CALIBRATION_SENSOR_UNKNOWN, 38.0, 60 },
        { "a power of the frequency", power, strong, 3e-6, 0.0, CALIBRATION_SENSOR_UNKNOWN, 38.0,
          60 },
    };
    for (unsigned n = 0; n < (is_quick() ? 0 : 4); n++) {
        const struct outcome outcome = calibrated(&specimens[n % 2], n < 2 ? 50.02 : 59.97);
        assert_int_equal(outcome.curve.law, CALIBRATION_LAW_HARMONICS);
        assert_true(outcome.here <= 0.02);
        assert_true(outcome.worst <= 0.15);
        // What nobody told it shows in the stated error in part only.
        assert_true(outcome.at_45hz <= 2.5 * outcome.curve.lead_error_45hz_deg);
        assert_true(outcome.at_65hz <= 2.5 * outcome.curve.lead_error_65hz_deg);
    }
}

static void says_that_a_clean_sine_tells_nothing(void **state)
{
    (void)state;
    static const struct specimen unknown = { "clean sine", tabulated, none,
                                             3e-6,         0.0,       CALIBRATION_SENSOR_UNKNOWN,
                                             38.0,         20 };
    static const struct specimen told = {
        "clean sine, type told",        tabulated, none, 3e-6, 0.0,
        CALIBRATION_SENSOR_SCT_013_000, 38.0,      20
    };
    const struct outcome without = calibrated(&unknown, 50.02);
    assert_int_equal(without.curve.law, CALIBRATION_LAW_INVERSE);
    assert_true(without.curve.input.delay_s == spacing_s);
    assert_true(without.worst > 0.1);
    assert_true(without.at_65hz <= without.curve.lead_error_65hz_deg);
    assert_int_equal(calibrated(&told, 50.02).curve.law, CALIBRATION_LAW_TYPE);
}

static void says_that_faint_harmonics_of_a_small_current_tell_nothing(void **state)
{
    (void)state;
    static const struct specimen small = { "faint harmonics",          tabulated, faint, 3e-6, 0.0,
                                           CALIBRATION_SENSOR_UNKNOWN, 12.0,      20 };
    const struct outcome outcome = calibrated(&small, 50.02);
    assert_int_equal(outcome.curve.law, CALIBRATION_LAW_INVERSE);
    assert_true(outcome.curve.input.delay_s == spacing_s);
}

/// Three thousandths of the fundamental drown what the voltage's third harmonic would tell; two in
/// ten thousand shift it.
static void takes_no_harmonic_of_the_core_for_one_of_the_load(void **state)
{
    (void)state;
    static const struct specimen much = { "a core that distorts",     tabulated, strong, 3e-6, 0.3,
                                          CALIBRATION_SENSOR_UNKNOWN, 38.0,      20 };
    static const struct specimen little = {
        "a core that distorts a little", tabulated, strong, 3e-6, 0.02,
        CALIBRATION_SENSOR_UNKNOWN,      38.0,      20
    };
    assert_int_equal(calibrated(&much, 50.02).curve.law, CALIBRATION_LAW_INVERSE);
    const struct outcome outcome = calibrated(&little, 50.02);
    assert_true(outcome.at_45hz <= outcome.curve.lead_error_45hz_deg);
    assert_true(outcome.at_65hz <= outcome.curve.lead_error_65hz_deg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_two_hundredths_from_45_to_65_hz_by_one_frequency),
        cmocka_unit_test(comes_near_a_sensor_whose_law_is_another),
        cmocka_unit_test(says_that_a_clean_sine_tells_nothing),
        cmocka_unit_test(says_that_faint_harmonics_of_a_small_current_tell_nothing),
        cmocka_unit_test(takes_no_harmonic_of_the_core_for_one_of_the_load),
    };
    return cmocka_run_group_tests_name("phase_calibration", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// Loads, mains and converters that have fooled meters.
///
/// OHM_OPEN_SECONDS sets how long the open input is watched (86400: a day).

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "meter_rig.h"
#include "power_terms.h"

static const double PI = 3.141592653589793;
static const double VOLTS = 0.2; ///< Per code: 1600 codes are 226 V.
static const double AMPERES = 0.01;
static const double V_PEAK = 1600.0;
static const double I_PEAK = 1200.0;

struct log {
    struct reading reading[100];
    unsigned count;
    uint16_t quality; ///< Of all.
    struct reading last;
};

static void take_down(void *ctx, const struct reading *reading)
{
    struct log *log = ctx;
    log->last = *reading;
    log->quality |= reading->quality;
    if (log->count < sizeof log->reading / sizeof log->reading[0]) {
        log->reading[log->count++] = *reading;
    }
}

static double sine(double turns)
{
    return sin(2.0 * PI * (turns - floor(turns)));
}

static double mains(void *ctx, double t_s, double turns)
{
    (void)ctx;
    (void)t_s;
    return V_PEAK * sine(turns);
}

static double resistor(void *ctx, double t_s, double turns)
{
    (void)ctx;
    (void)t_s;
    return I_PEAK * sine(turns);
}

static struct meter_rig rig;
static struct log notes;

/// A minute hand for the tests below: one load on the mains for some seconds.
static const struct log *meter(double seconds, double (*load)(void *, double, double))
{
    rig.seconds = seconds;
    rig.volts_per_code = VOLTS;
    rig.amperes_per_code = AMPERES;
    rig.input[0].at = rig.input[0].at == NULL ? mains : rig.input[0].at;
    rig.input[1].at = load;
    notes = (struct log){ .count = 0 };
    meter_rig_run(&rig, take_down, &notes);
    return &notes;
}

static int set_up(void **state)
{
    (void)state;
    meter_rig_init(&rig, 1, 11);
    return 0;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.9g instead of %.9g, by more than %.3g", value, expected, tolerance);
    }
}

static double half_wave(void *ctx, double t_s, double turns)
{
    (void)ctx;
    (void)t_s;
    return I_PEAK * fmax(0.0, sine(turns));
}

static void measures_a_half_wave_load(void **state)
{
    (void)state;
    rig.frequency_hz = 50.3;
    const struct log *log = meter(3.2, half_wave);
    const struct power_measures m = power_measures_of_channel(&log->reading[1].channel[0]);
    const struct power_terms t = power_terms_of(&m);
    const double full = V_PEAK * VOLTS * I_PEAK * AMPERES;
    const double current = I_PEAK * AMPERES * sqrt(0.25 - 1.0 / (PI * PI));
    print_message("half wave: P %+.4f %% of S, I %+.4f %%, THD_I %.2f %%\n",
                  100.0 * (m.active_w - full / 4.0) / t.apparent_va,
                  100.0 * (m.current_a / current - 1.0), 100.0 * t.current_distortion);
    assert_near(m.active_w, full / 4.0, 0.0002 * t.apparent_va);
    assert_near(m.current_a, current, 0.0003 * current);
    assert_near(m.current1_a, I_PEAK * AMPERES / 2.0 / sqrt(2.0), 0.0005 * current);
    assert_near(m.active1_w, full / 4.0, 0.0002 * t.apparent_va);
    assert_near(m.reactive1_var, 0.0, 0.0005 * t.apparent_va);
}

static double triac(void *ctx, double t_s, double turns)
{
    (void)ctx;
    (void)t_s;
    const double half = 2.0 * turns - floor(2.0 * turns);
    return half < 0.5 ? 0.0 : I_PEAK * sine(turns);
}

static void measures_a_triac_that_fires_at_ninety_degrees(void **state)
{
    (void)state;
    rig.frequency_hz = 49.73;
    const struct log *log = meter(3.2, triac);
    const struct power_measures m = power_measures_of_channel(&log->reading[1].channel[0]);
    const struct power_terms t = power_terms_of(&m);
    const double full = V_PEAK * VOLTS * I_PEAK * AMPERES;
    print_message("triac: P %+.4f %%, Q1 %+.4f %% of S, THD_I %.2f %% (65.1)\n",
                  100.0 * (m.active_w - full / 4.0) / t.apparent_va,
                  100.0 * (m.reactive1_var - full / 2.0 / PI) / t.apparent_va,
                  100.0 * t.current_distortion);
    // The edge falls between two samples; at 10 kHz, that is up to 0.5 % of a cycle, at random.
    assert_near(m.active_w, full / 4.0, 0.001 * t.apparent_va);
    assert_near(m.reactive1_var, full / 2.0 / PI, 0.001 * t.apparent_va);
    assert_near(t.current_distortion, sqrt(0.25 / (0.125 + 0.5 / (PI * PI)) - 1.0), 0.003);
}

static double step(void *ctx, double t_s, double turns)
{
    (void)ctx;
    return (t_s < 2.3171 ? 0.1 : 1.0) * I_PEAK * sine(turns);
}

static void counts_the_energy_of_a_step_inside_a_window(void **state)
{
    (void)state;
    const struct log *log = meter(5.0, step);
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    // The instantaneous power after the step, from the middle of a cycle on.
    const double rest = 5.0 - 1e-4 - 2.3171;
    const double swing = sin(4.0 * PI * 50.0 * 2.3171) / (4.0 * PI * 50.0);
    const double joules = watts * (0.1 * (2.3171 - swing) + rest + swing);
    const double got = (double)log->last.channel[0].import_mj / 1000.0;
    print_message("step inside a window: energy %+.4f %%\n", 100.0 * (got / joules - 1.0));
    assert_near(got, joules, 0.0005 * joules);
}

static void follows_a_generator_that_speeds_up(void **state)
{
    (void)state;
    rig.frequency_hz = 47.0;
    rig.ramp_hz_per_s = 1.0;
    const struct log *log = meter(6.2, resistor);
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    double worst = 0.0;
    double worst_f = 0.0;
    for (unsigned n = 1; n + 1 < log->count; n++) {
        const struct reading *reading = &log->reading[n];
        const double middle = (double)reading->uptime_ms * 1e-3 - 0.5 * reading->window_us * 1e-6;
        assert_int_equal(reading->quality, 0);
        worst = fmax(worst, fabs(reading->channel[0].active_power_10mw * 0.01 / watts - 1.0));
        worst_f = fmax(worst_f, fabs(reading->frequency_mhz - 1000.0 * (47.0 + middle)));
    }
    print_message("47 Hz and 1 Hz/s up: P %.4f %% at worst, f %.1f mHz\n", 100.0 * worst, worst_f);
    assert_true(log->count >= 6);
    assert_true(worst <= 0.0002);
    assert_true(worst_f <= 20.0); // Crossings are told some milliseconds late.
}

static double inverter(void *ctx, double t_s, double turns)
{
    (void)ctx;
    return I_PEAK * sin(2.0 * PI * 0.5 * t_s) * sine(turns);
}

static void counts_both_ways_while_export_crosses_zero(void **state)
{
    (void)state;
    const struct log *log = meter(20.0, inverter);
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    const double each = watts * 2.0 / PI * 10.0; // Mean of half a sine, half of the time.
    const struct reading_channel *channel = &log->last.channel[0];
    const double import = (double)channel->import_mj / 1000.0;
    const double export = (double)channel->export_mj / 1000.0;
    print_message("export crossing zero 60 times a minute: import %+.3f %%, export %+.3f %%\n",
                  100.0 * (import / each - 1.0), 100.0 * (export / each - 1.0));
    // Each window counts its net, so a window across zero counts less than its two halves.
    assert_near(import, each, 0.02 * each);
    assert_near(export, each, 0.02 * each);
    assert_near(import - export, 0.0, 0.003 * each);
    assert_true(log->last.total.import_mj[0] == channel->import_mj);
}

static void measures_thirty_three_kilowatts_and_more(void **state)
{
    (void)state;
    meter_rig_init(&rig, 1, 5);
    rig.volts_per_code = VOLTS;
    static const double scales[] = { 0.1721, 1e3, 9e8 };
    for (unsigned k = 0; k < 3; k++) {
        rig.seconds = 2.2;
        rig.amperes_per_code = scales[k];
        rig.input[0].at = mains;
        rig.input[1].at = resistor;
        notes = (struct log){ .count = 0 };
        meter_rig_run(&rig, take_down, &notes);
        const double watts = V_PEAK * VOLTS * I_PEAK * scales[k] / 2.0;
        const struct reading_channel *channel = &notes.reading[1].channel[0];
        if (k == 0) {
            assert_near(channel->active_power_10mw * 0.01, watts, 0.0002 * watts);
            assert_true(channel->active_power_10mw > 3300000);
        } else {
            assert_int_equal(channel->active_power_10mw, INT32_MAX);
            assert_true(channel->apparent_power_10mva >= INT32_MAX);
        }
        // More than 300 kWh in a window is no energy but a wrong scale, and is not counted.
        assert_true(k == 2 ? notes.last.channel[0].import_mj == 0
                           : notes.last.channel[0].import_mj > 0);
    }
}

static void needs_no_right_sample_rate_for_power(void **state)
{
    (void)state;
    rig.told_rate_hz = 10050.0;
    const struct log *log = meter(3.2, resistor);
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    const struct reading *reading = &log->reading[1];
    assert_near(reading->channel[0].active_power_10mw * 0.01, watts, 0.0002 * watts);
    assert_near(reading->frequency_mhz, 50250, 2);
    assert_near(reading->channel[0].power_factor_1e4, 10000, 1);
}

/// A converter that is half a per cent faster than its data sheet says, and whose port measures it,
/// or not.
static void has_the_energy_right_when_the_rate_is_measured_and_a_doubt_otherwise(void **state)
{
    (void)state;
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    for (unsigned measured = 0; measured < 2; measured++) {
        meter_rig_init(&rig, 1, 11);
        rig.rate_hz = 10050.0;
        rig.told_rate_hz = measured != 0 ? 0.0 : 10000.0;
        rig.frequency_hz = 50.2;
        const struct log *log = meter(90.0, resistor);
        const double joules = (double)log->last.channel[0].import_mj / 1000.0;
        const double off = joules / (watts * 90.0) - 1.0;
        unsigned flagged = 0;
        for (unsigned n = 0; n < log->count; n++) {
            flagged += (log->reading[n].quality & READING_QUALITY_DRIFT) != 0;
        }
        print_message("rate 0.5 %% off nominal, %s: energy %+.4f %%, drift in %u of %u s\n",
                      measured != 0 ? "measured" : "unknown", 100.0 * off, flagged, log->count);
        assert_near(off, measured != 0 ? 0.0 : 0.005, 0.0001);
        assert_true(((log->last.quality & READING_QUALITY_DRIFT) == 0) == (measured != 0));
        assert_true(measured == 0 || flagged == 0);
    }
}

static double swelling_mains(void *ctx, double t_s, double turns)
{
    (void)ctx;
    return (t_s >= 2.1 && t_s < 3.4 ? 1.2 : 1.0) * V_PEAK * sine(turns);
}

static double swelling_resistor(void *ctx, double t_s, double turns)
{
    (void)ctx;
    return (t_s >= 2.1 && t_s < 3.4 ? 1.2 : 1.0) * I_PEAK * sine(turns);
}

static void counts_the_energy_of_a_swell(void **state)
{
    (void)state;
    rig.input[0].at = swelling_mains;
    const struct log *log = meter(6.0, swelling_resistor);
    const double watts = V_PEAK * VOLTS * I_PEAK * AMPERES / 2.0;
    const double joules = watts * (6.0 + 0.44 * 1.3);
    const double got = (double)log->last.channel[0].import_mj / 1000.0;
    double worst_f = 0.0;
    for (unsigned n = 0; n < log->count; n++) {
        const struct reading *reading = &log->reading[n];
        worst_f = (reading->quality & READING_QUALITY_PHASE_JUMP) == 0 && reading->frequency_mhz > 0
                      ? fmax(worst_f, fabs(reading->frequency_mhz - 50000.0))
                      : worst_f;
    }
    print_message("swell to 120 %% for 1.3 s: energy %+.4f %%, f %.1f mHz without a flag\n",
                  100.0 * (got / joules - 1.0), worst_f);
    assert_near(got, joules, 0.0005 * joules);
    assert_true(worst_f <= 1.0);
}

/// The open input of a sensor for 100 A, with one code of noise.
static void counts_nothing_on_an_open_input(void **state)
{
    (void)state;
    const char *asked = getenv("OHM_OPEN_SECONDS");
    const double seconds = asked != NULL ? strtod(asked, NULL) : 30.0;
    rig.seconds = seconds > 5.0 ? seconds : 5.0;
    rig.volts_per_code = VOLTS;
    rig.amperes_per_code = 100.0 * sqrt(2.0) / 2000.0;
    rig.input[0].at = NULL;
    rig.input[0].tone[0] = (struct rig_tone){ V_PEAK, 1.0, 0.0 };
    rig.input[1].at = NULL;
    notes = (struct log){ .count = 0 };
    meter_rig_run(&rig, take_down, &notes);
    const struct reading *last = &notes.last;
    const struct reading_channel *channel = &last->channel[0];
    double shown = 0.0;
    for (unsigned n = 2; n < notes.count; n++) {
        shown = fmax(shown, fabs(notes.reading[n].channel[0].active_power_10mw * 0.01));
    }
    print_message("open input for %.0f s: %" PRId64 " mJ, shown %.2f W and %.3f A at most\n",
                  rig.seconds, channel->import_mj + channel->export_mj, shown,
                  notes.reading[notes.count - 2].channel[0].current_100ua * 1e-4);
    assert_int_equal(channel->import_mj, 0);
    assert_int_equal(channel->export_mj, 0);
    assert_int_equal(last->total.import_mj[0] + last->total.export_mj[0], 0);
    for (unsigned n = 0; n < READING_QUADRANT_COUNT; n++) {
        assert_int_equal(channel->reactive_mvars[n], 0);
    }
    assert_int_equal(last->connected, 0);
    assert_true((channel->quality & READING_QUALITY_CREEP) != 0);
    assert_int_equal(notes.quality & READING_QUALITY_DRIFT, 0);
    assert_true(shown < 2.0); // The raw value stays visible.
    assert_true(shown > 0.0);
}

/// The first frame has none before it, and the voltage is wanted half a frame earlier than the
/// current.
static void counts_nothing_of_a_start_with_skewed_inputs(void **state)
{
    (void)state;
    rig.seconds = 1.0;
    rig.volts_per_code = VOLTS;
    rig.amperes_per_code = AMPERES;
    rig.settings.creep_va[0] = 0.0;
    rig.input[0].noise = rig.input[1].noise = 0.0;
    rig.input[0].tone[0] = (struct rig_tone){ V_PEAK, 1.0, 0.7 };
    rig.input[1].delay_s = rig.calibration.input[1].delay_s = 50e-6;
    notes = (struct log){ .count = 0 };
    meter_rig_run(&rig, take_down, &notes);
    assert_true(notes.last.channel[0].import_mj + notes.last.channel[0].export_mj <= 1);
}

/// Five watts on the same sensor are counted.
static double five_watts(void *ctx, double t_s, double turns)
{
    (void)ctx;
    (void)t_s;
    return 10.0 / (V_PEAK * VOLTS) / (100.0 * sqrt(2.0) / 2000.0) * sine(turns);
}

static void counts_five_watts_on_a_large_sensor(void **state)
{
    (void)state;
    rig.seconds = 60.0;
    rig.volts_per_code = VOLTS;
    rig.amperes_per_code = 100.0 * sqrt(2.0) / 2000.0;
    rig.input[0].at = mains;
    rig.input[1].at = five_watts;
    notes = (struct log){ .count = 0 };
    meter_rig_run(&rig, take_down, &notes);
    const double joules = (double)notes.last.channel[0].import_mj / 1000.0;
    print_message("5 W for a minute on a sensor for 100 A: %.1f J of 300\n", joules);
    assert_near(joules, 300.0, 12.0);
    assert_int_equal(notes.last.channel[0].quality, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(measures_a_half_wave_load, set_up),
        cmocka_unit_test_setup(measures_a_triac_that_fires_at_ninety_degrees, set_up),
        cmocka_unit_test_setup(counts_the_energy_of_a_step_inside_a_window, set_up),
        cmocka_unit_test_setup(follows_a_generator_that_speeds_up, set_up),
        cmocka_unit_test_setup(counts_both_ways_while_export_crosses_zero, set_up),
        cmocka_unit_test_setup(measures_thirty_three_kilowatts_and_more, set_up),
        cmocka_unit_test_setup(needs_no_right_sample_rate_for_power, set_up),
        cmocka_unit_test_setup(has_the_energy_right_when_the_rate_is_measured_and_a_doubt_otherwise,
                               set_up),
        cmocka_unit_test_setup(counts_the_energy_of_a_swell, set_up),
        cmocka_unit_test_setup(counts_nothing_on_an_open_input, set_up),
        cmocka_unit_test_setup(counts_nothing_of_a_start_with_skewed_inputs, set_up),
        cmocka_unit_test_setup(counts_five_watts_on_a_large_sensor, set_up),
    };
    return cmocka_run_group_tests_name("traps", tests, NULL, NULL);
}

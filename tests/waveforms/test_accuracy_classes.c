// SPDX-License-Identifier: MIT

/// The engine with a poor converter against the limits of IEC 62053, and how small a current may
/// be.
///
/// With OHM_QUICK in the environment, one of the five frequencies is tried.
///
/// Errors are per cent of the true P. Limits: IEC 62053-22:2003 class 0.5S, IEC 62053-21:2003 class
/// 1 for operation through transformers. Rated current is 1 / 1.2 of the full scale of 93 % of the
/// converter's range.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linearity_estimate.h"
#include "meter_rig.h"
#include "rig_commands.h"
#include "rig_load.h"

static const double VOLTAGE_PEAK = 1600.0;
static const double CURRENT_PEAK = 1300.0;
static const double ANGLES[] = { 0.0, 1.0471975511965976, -0.6435011087932844 };
static const char *const FACTORS[] = { "1", "0.5 ind", "0.8 cap" };
static const double TURN = 6.283185307179586;

/// The integral non-linearity of a converter: a bow and seven waves, up to 12 codes.
static double bent(double code)
{
    const double x = code / 4095.0;
    return code + 6.0 * sin(0.5 * TURN * x) + 6.0 * sin(7.0 * TURN * x + 0.4);
}

enum { CELL_CODES = 8, SWINGS = 4 };

/// Where `bent` gives a code: what only the designer of a converter knows.
static double unbent(double code)
{
    double x = code;
    for (unsigned n = 0; n < 50; n++) {
        x += code - bent(x);
    }
    return x;
}

static void take_ideal_table(struct linearity_table *table)
{
    float correction[LINEARITY_POINT_LIMIT];
    for (int32_t n = 0; n < LINEARITY_POINT_LIMIT; n++) {
        correction[n] = (float)(unbent(CELL_CODES * n) - CELL_CODES * n);
    }
    assert_int_equal(linearity_table_init(table, 0, CELL_CODES, correction, LINEARITY_POINT_LIMIT),
                     STATUS_OK);
}

/// Counts the codes of all inputs, each by itself.
struct census {
    struct code_density density[SWINGS];
};

static void count_codes(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct census *census = ctx;
    for (unsigned n = 0; n < SWINGS; n++) {
        code_density_add(&census->density[n], &block->code[n][from], to - from);
    }
}

static void ignore_boundary(void *ctx, const struct tap_boundary *boundary)
{
    (void)ctx;
    (void)boundary;
}

static void ignore_gap(void *ctx, uint64_t lost_frames)
{
    (void)ctx;
    (void)lost_frames;
}

static void ignore_reading(void *ctx, const struct reading *reading)
{
    (void)ctx;
    (void)reading;
}

/// Mains with 2 % of third and 3 % of fifth harmonic that goes up and down by 1 %, or the current
/// of a heater on it. `ctx` is the share of the voltage's swing.
static double wander(void *ctx, double t_s, double turns)
{
    const double *share = ctx;
    const double a = TURN * turns;
    const double wave = sin(a + 0.3) + 0.02 * sin(3.0 * a + 1.9) + 0.03 * sin(5.0 * a + 1.0);
    return *share * VOLTAGE_PEAK * (1.0 + 0.01 * sin(TURN * 0.07 * t_s)) * wave;
}

/// Half a minute or a minute in a house: the voltage, and a heater's current through transformers
/// at 82, 41 and 20 % of the range. Nothing else is known. One converter scans all inputs, so what
/// the first `swings` of them tell is the table of every input.
static void estimate_table(struct linearity_table *table, unsigned swings)
{
    static struct meter_rig rig;
    static struct census census;
    static struct linearity_estimate estimate;
    static double share[SWINGS] = { 1.0, 1.05, 0.525, 0.25 };
    const struct frame_tap tap = {
        .frames = count_codes, .boundary = ignore_boundary, .gap = ignore_gap, .ctx = &census
    };
    const struct code_density *densities[SWINGS];
    meter_rig_init(&rig, SWINGS - 1, 7);
    rig.bend = bent;
    rig.seconds = getenv("OHM_QUICK") != NULL ? 30.0 : 60.0;
    rig.frequency_hz = 50.013;
    rig.tap = &tap;
    for (unsigned n = 0; n < SWINGS; n++) {
        rig.input[n] = (struct rig_input){ .delay_s = n / (10.0 * rig.rate_hz),
                                           .noise = 4.0,
                                           .offset = rig.input[n].offset,
                                           .at = wander,
                                           .ctx = &share[n] };
        assert_int_equal(code_density_init(&census.density[n], rig.code_min, rig.code_max),
                         STATUS_OK);
        densities[n] = &census.density[n];
    }
    meter_rig_run(&rig, ignore_reading, NULL);
    assert_int_equal(linearity_estimate(densities, swings, &estimate), STATUS_OK);
    assert_int_equal(estimate.separated, swings > 1);
    assert_int_equal(linearity_table_init(table, estimate.code_min, estimate.cell_codes,
                                          estimate.correction, LINEARITY_EDGES),
                     STATUS_OK);
    print_message("estimated from %u swings: codes %u to %u seen, largest correction %.1f, swings "
                  "disagree by %.2f codes\n",
                  swings, estimate.first * estimate.cell_codes, estimate.last * estimate.cell_codes,
                  estimate.largest_codes, estimate.disagreement_codes);
}

/// The same, asked for by commands and applied by one: what a person does, and all that it passes.
static void ask_for_table(struct rig_commands *commands)
{
    static struct meter_rig rig;
    static double share[SWINGS] = { 1.0, 1.05, 0.525, 0.25 };
    const bool quick = getenv("OHM_QUICK") != NULL;
    meter_rig_init(&rig, SWINGS - 1, 7);
    rig_commands_init(commands, &rig);
    rig_commands_bind(commands, &rig);
    rig.bend = bent;
    rig.frequency_hz = 50.013;
    for (unsigned n = 0; n < SWINGS; n++) {
        rig.input[n] = (struct rig_input){ .delay_s = n / (10.0 * rig.rate_hz),
                                           .noise = 4.0,
                                           .offset = rig.input[n].offset,
                                           .at = wander,
                                           .ctx = &share[n] };
    }
    rig.seconds = quick ? 34.0 : 64.0;
    assert_int_equal(rig_commands_give(commands, quick ? "\"action\":\"linearity_gather\","
                                                         "\"voltage\":true,\"channels\":7,"
                                                         "\"seconds\":30"
                                                       : "\"action\":\"linearity_gather\","
                                                         "\"voltage\":true,\"channels\":7,"
                                                         "\"seconds\":60")
                         .status,
                     STATUS_OK);
    meter_rig_run(&rig, rig_commands_reading, commands);
    const struct metering_answer told = rig_commands_give(commands, "\"action\":\"linearity_get\"");
    print_message("%s\n", told.detail);
    assert_int_equal(rig_commands_give(commands, "\"action\":\"linearity_apply\"").status,
                     STATUS_OK);
}

/// Limits in per cent at a share of the rated current; 0 where there is none.
static double limit_05s(double share, unsigned factor)
{
    if (factor == 0) {
        return share < 0.05 ? 0.0 : 0.5;
    }
    return share < 0.05 ? 0.0 : share < 0.1 ? 1.0 : 0.6;
}

static double limit_1(double share, unsigned factor)
{
    if (factor == 0) {
        return share < 0.02 ? 0.0 : share < 0.05 ? 1.5 : 1.0;
    }
    return share < 0.05 ? 0.0 : share < 0.1 ? 1.5 : 1.0;
}

enum { SHARES = 7 };

static const double SHARE[SHARES] = { 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.2 };

/// Ten seconds of all shares at once, each on a channel; the worst error by share and factor.
static void measure_classes(struct meter_rig *rig, double worst[SHARES][3])
{
    static const double frequencies[] = { 45.0, 49.87, 50.13, 60.02, 65.0 };
    for (unsigned n = 0; n < SHARES * 3; n++) {
        worst[n / 3][n % 3] = 0.0;
    }
    const unsigned runs = getenv("OHM_QUICK") != NULL ? 3 : 15;
    for (unsigned run = 0; run < runs; run++) {
        const unsigned factor = run % 3;
        rig->frequency_hz = frequencies[(run / 3 + 1) % 5];
        rig->seconds = 11.3;
        rig->seed = 100 + run;
        rig_set_voltage(rig, VOLTAGE_PEAK);
        for (unsigned n = 0; n < SHARES; n++) {
            rig_set_current(rig, n, CURRENT_PEAK / 1.2 * SHARE[n], ANGLES[factor]);
        }
        struct rig_average average = { .from_s = 0.05, .for_s = 9.8 };
        meter_rig_run(rig, rig_average_take, &average);
        for (unsigned n = 0; n < SHARES; n++) {
            const struct rig_truth truth = rig_truth_of(rig, n);
            const double off =
                100.0 * fabs(average.active[n] / average.seconds / truth.active_w - 1.0);
            worst[n][factor] = off > worst[n][factor] ? off : worst[n][factor];
        }
    }
}

static void set_up(struct meter_rig *rig)
{
    meter_rig_init(rig, SHARES, 1);
    rig->bend = bent;
    for (unsigned n = 0; n <= SHARES; n++) {
        rig->input[n].noise = 4.0;
    }
}

/// Prints the worst errors and counts limits of class 0.5S and class 1 that are broken.
static unsigned judge(const char *table, double worst[SHARES][3])
{
    unsigned broken = 0;
    for (unsigned n = 0; n < SHARES; n++) {
        print_message("4 LSB noise, 12 LSB INL, %s, %5.1f %% In:", table, 100.0 * SHARE[n]);
        for (unsigned factor = 0; factor < 3; factor++) {
            const double half = limit_05s(SHARE[n], factor);
            const double one = limit_1(SHARE[n], factor);
            print_message(" PF %s %.3f %% (0.5S %.1f, class 1 %.1f)", FACTORS[factor],
                          worst[n][factor], half, one);
            broken += half > 0.0 && worst[n][factor] > half ? 1u : 0u;
            broken += one > 0.0 && worst[n][factor] > one ? 1u : 0u;
        }
        print_message("\n");
    }
    print_message("%s: %u limits are broken\n", table, broken);
    return broken;
}

static void keeps_the_limits_with_the_table_that_a_person_asks_for(void **state)
{
    (void)state;
    static struct meter_rig rig;
    static struct rig_commands commands;
    double worst[SHARES][3];
    ask_for_table(&commands);
    assert_int_equal(code_census_table(&commands.census)->cells, 0); // Not before the next block.
    set_up(&rig);
    rig_commands_bind(&commands, &rig);
    measure_classes(&rig, worst);
    assert_int_equal(judge("table by commands", worst), 0);
}

static void keeps_the_limits_with_an_ideal_table(void **state)
{
    (void)state;
    static struct meter_rig rig;
    static struct linearity_table table;
    double worst[SHARES][3];
    take_ideal_table(&table);
    set_up(&rig);
    rig.linearity = &table;
    measure_classes(&rig, worst);
    assert_int_equal(judge("ideal table", worst), 0);
}

/// Harmonics of the mains look like a bent converter when there is nothing else to compare with.
static void breaks_them_with_the_voltage_alone(void **state)
{
    (void)state;
    static struct meter_rig rig;
    static struct linearity_table table;
    double worst[SHARES][3];
    estimate_table(&table, 1);
    set_up(&rig);
    rig.linearity = &table;
    measure_classes(&rig, worst);
    assert_true(judge("voltage alone", worst) > 0);
}

static void breaks_them_without_a_table(void **state)
{
    (void)state;
    static struct meter_rig rig;
    double worst[SHARES][3];
    set_up(&rig);
    measure_classes(&rig, worst);
    assert_true(judge("no table", worst) > 0);
}

/// A minute at one eighth after another of full current.
static double smallest(struct meter_rig *rig, double full, const double *ratios, double *worst)
{
    double reached = 0.0;
    const unsigned factors = getenv("OHM_QUICK") != NULL ? 1 : 2;
    for (unsigned factor = 0; factor < factors; factor++) {
        rig->seconds = 61.4;
        rig->frequency_hz = 50.03;
        rig->seed = 40 + factor;
        for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
            rig_set_current(rig, n, full / ratios[n], ANGLES[factor]);
        }
        struct rig_average average = { .from_s = 0.05, .for_s = 59.8 };
        meter_rig_run(rig, rig_average_take, &average);
        for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
            const struct rig_truth truth = rig_truth_of(rig, n);
            const double off = 100.0 * fabs(average.active[n] / average.seconds - truth.active_w) /
                               truth.apparent_va;
            worst[n] = factor == 0 || off > worst[n] ? off : worst[n];
        }
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT && worst[n] <= 1.0; n++) {
        reached = ratios[n];
    }
    return reached;
}

static void resolves_a_five_hundredth_with_twelve_bits(void **state)
{
    (void)state;
    static const double ratios[] = { 100, 200, 300, 400, 500, 700, 1000, 1500 };
    static struct meter_rig rig;
    double worst[READING_CHANNEL_COUNT];
    meter_rig_init(&rig, READING_CHANNEL_COUNT, 1);
    rig_set_voltage(&rig, VOLTAGE_PEAK);
    const double reached = smallest(&rig, CURRENT_PEAK, ratios, worst);
    print_message("12 bits, 1 LSB, 60 s: %.3f %% of S at 500:1, below 1 %% down to %.0f:1\n",
                  worst[4], reached);
    assert_true(reached >= 500.0);
}

static void resolves_a_five_thousandth_with_twenty_four_bits(void **state)
{
    (void)state;
    static const double ratios[] = { 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000 };
    static struct meter_rig rig;
    double worst[READING_CHANNEL_COUNT];
    meter_rig_init(&rig, READING_CHANNEL_COUNT, 1);
    rig.code_min = -8388608;
    rig.code_max = 8388607;
    rig.volts_per_code = 1e-3;
    rig.amperes_per_code = 1e-3;
    // A converter of the ADS131M08's class: 5 uV of noise in 1.2 V, its data sheet's figure at
    // 4 kS/s and unity gain.
    for (unsigned n = 0; n < RIG_INPUTS; n++) {
        rig.input[n].offset = -3000.0;
        rig.input[n].noise = 40.0;
    }
    rig_set_voltage(&rig, 6.5e6);
    const double reached = smallest(&rig, 5.3e6, ratios, worst);
    print_message("24 bits, 40 LSB, 60 s: %.4f %% of S at 5000:1, below 1 %% down to %.0f:1\n",
                  worst[3], reached);
    assert_true(reached >= 5000.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_limits_with_the_table_that_a_person_asks_for),
        cmocka_unit_test(keeps_the_limits_with_an_ideal_table),
        cmocka_unit_test(breaks_them_with_the_voltage_alone),
        cmocka_unit_test(breaks_them_without_a_table),
        cmocka_unit_test(resolves_a_five_hundredth_with_twelve_bits),
        cmocka_unit_test(resolves_a_five_thousandth_with_twenty_four_bits),
    };
    return cmocka_run_group_tests_name("accuracy_classes", tests, NULL, NULL);
}

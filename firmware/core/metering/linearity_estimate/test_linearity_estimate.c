// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "linearity_estimate.h"

static const double pi = 3.14159265358979323846;

enum { CODES = 4096, BLOCK = 1000, BLOCKS = 600 };

/// A converter of 12 bits whose steps are not where they should be.
struct converter {
    double step[CODES + 1]; ///< Below step[n], the code is less than n.
    double noise_codes;
    uint64_t random;
};

static struct converter converter;
static struct code_density densities[3];
static struct linearity_estimate estimate;

static double random_unit(void)
{
    converter.random ^= converter.random << 13;
    converter.random ^= converter.random >> 7;
    converter.random ^= converter.random << 17;
    return (double)(converter.random >> 11) / 9007199254740992.0;
}

/// Smooth 12 codes at the most, as on an ESP32, and half a code from step to step.
static void bend(double smooth_codes)
{
    converter = (struct converter){ .noise_codes = 4.0, .random = 88172645463325252u };
    for (unsigned code = 0; code <= CODES; code++) {
        const double x = code / (double)CODES;
        const double smooth = 0.7 * sin(2.0 * pi * 1.3 * x) + 0.3 * sin(2.0 * pi * 3.1 * x + 1.0);
        converter.step[code] =
            code + smooth_codes * smooth + (smooth_codes > 0.0 ? random_unit() - 0.5 : 0.0);
    }
}

static int32_t convert(double level)
{
    int32_t code = (int32_t)fmax(0.0, fmin(CODES - 1, floor(level)));
    while (code > 0 && level < converter.step[code]) {
        code--;
    }
    while (code < CODES - 1 && level >= converter.step[code + 1]) {
        code++;
    }
    return code;
}

/// A minute of mains at 10 kHz; harmonics 3, 5 and 7 as in a house, at any phase.
static void fill(struct code_density *density, double swing, double distortion)
{
    int32_t codes[BLOCK];
    double angle = 1.0;
    assert_int_equal(code_density_init(density, 0, CODES - 1), STATUS_OK);
    for (unsigned block = 0; block < BLOCKS; block++) {
        for (unsigned n = 0; n < BLOCK; n++) {
            angle = fmod(angle + 2.0 * pi * 50.0137 / 10000.0, 2.0 * pi);
            const double wave = cos(angle) + distortion * (0.4 * cos(3.0 * angle + 2.6) +
                                                           0.8 * cos(5.0 * angle + 0.4) +
                                                           0.4 * cos(7.0 * angle - 1.9));
            const double noise = converter.noise_codes * sqrt(-2.0 * log(1.0 - random_unit())) *
                                 cos(2.0 * pi * random_unit());
            codes[n] = convert(2048.0 + swing * wave + noise);
        }
        code_density_add(density, codes, BLOCK);
    }
}

struct nonlinearity {
    double worst;
    double rms;
};

/// What is left of the converter's own error over codes `from` to `to`, a best line taken off.
static struct nonlinearity left_over(bool corrected)
{
    double n = 0.0;
    double x1 = 0.0;
    double x2 = 0.0;
    double y1 = 0.0;
    double xy = 0.0;
    struct nonlinearity found = { 0.0, 0.0 };
    for (unsigned pass = 0; pass < 2; pass++) {
        const double slope = pass == 0 ? 0.0 : (n * xy - x1 * y1) / (n * x2 - x1 * x1);
        const double offset = pass == 0 ? 0.0 : (y1 - slope * x1) / n;
        for (uint32_t edge = estimate.first; edge <= estimate.last; edge++) {
            const unsigned code = edge * estimate.cell_codes;
            const double error =
                converter.step[code] - code - (corrected ? (double)estimate.correction[edge] : 0.0);
            if (pass == 0) {
                n += 1.0;
                x1 += edge;
                x2 += (double)edge * edge;
                y1 += error;
                xy += edge * error;
            } else {
                const double rest = error - offset - slope * edge;
                found.worst = fmax(found.worst, fabs(rest));
                found.rms += rest * rest / n;
            }
        }
    }
    found.rms = sqrt(found.rms);
    return found;
}

static struct nonlinearity try_swings(const char *name, unsigned count, double distortion)
{
    static const double swings[] = { 1750.0, 1150.0, 600.0 };
    const struct code_density *const all[] = { &densities[0], &densities[1], &densities[2] };
    for (unsigned k = 0; k < count; k++) {
        fill(&densities[k], swings[k], distortion);
    }
    assert_int_equal(linearity_estimate(all, count, &estimate), STATUS_OK);
    const struct nonlinearity before = left_over(false);
    const struct nonlinearity after = left_over(true);
    print_message(
        "%s, 4 LSB noise: INL %.2f LSB at worst (rms %.2f) becomes %.2f (rms %.2f); swings "
        "disagree by %.2f\n",
        name, before.worst, before.rms, after.worst, after.rms, estimate.disagreement_codes);
    return after;
}

static void straightens_a_converter_by_a_clean_sine(void **state)
{
    (void)state;
    bend(12.0);
    const struct nonlinearity left = try_swings("clean sine, one swing", 1, 0.0);
    assert_true(left.worst < 1.5 && left.rms < 0.5);
    assert_false(estimate.separated);
}

static void tells_harmonics_of_the_mains_from_the_converter_by_three_swings(void **state)
{
    (void)state;
    bend(12.0);
    const struct nonlinearity one = try_swings("mains of 2.9 % distortion, one swing", 1, 0.03);
    const struct nonlinearity three =
        try_swings("mains of 2.9 % distortion, three swings", 3, 0.03);
    assert_true(three.worst < 2.0 && three.rms < 0.6);
    assert_true(one.worst > 5.0 * three.rms);
    assert_true(estimate.separated);
    assert_true(estimate.disagreement_codes < 1.0);
}

static void bends_a_straight_converter_by_less_than_a_code_rms(void **state)
{
    (void)state;
    bend(0.0);
    const struct nonlinearity left = try_swings("straight converter, three swings", 3, 0.03);
    assert_true(left.worst < 2.0 && left.rms < 1.0);
}

static void refuses_what_tells_nothing(void **state)
{
    (void)state;
    const struct code_density *const both[] = { &densities[0], &densities[1] };
    bend(12.0);
    assert_int_equal(linearity_estimate(both, 0, &estimate), STATUS_INVALID);
    assert_int_equal(code_density_init(&densities[0], 5, 5), STATUS_INVALID);
    assert_int_equal(code_density_init(&densities[0], INT32_MIN, INT32_MAX), STATUS_INVALID);
    assert_int_equal(code_density_init(&densities[0], 0, CODES - 1), STATUS_OK);
    assert_int_equal(linearity_estimate(both, 1, &estimate), STATUS_MISSING);
    const int32_t rail[2] = { 0, CODES };
    for (unsigned n = 0; n < LINEARITY_LEAST_CODES; n++) {
        code_density_add(&densities[0], rail, 2);
    }
    assert_int_equal(linearity_estimate(both, 1, &estimate), STATUS_MISSING);
    fill(&densities[0], 1500.0, 0.0);
    fill(&densities[1], 1450.0, 0.0);
    assert_int_equal(linearity_estimate(both, 2, &estimate), STATUS_MISSING);
    densities[1].cell_codes = 16;
    assert_int_equal(linearity_estimate(both, 2, &estimate), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straightens_a_converter_by_a_clean_sine),
        cmocka_unit_test(tells_harmonics_of_the_mains_from_the_converter_by_three_swings),
        cmocka_unit_test(bends_a_straight_converter_by_less_than_a_code_rms),
        cmocka_unit_test(refuses_what_tells_nothing),
    };
    return cmocka_run_group_tests_name("linearity_estimate", tests, NULL, NULL);
}

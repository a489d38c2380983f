// SPDX-License-Identifier: MIT
#include "calibration.h"

#include <stdbool.h>
#include <stddef.h>

#include "portable_math.h"

static const double GAIN_LIMIT = 1000.0;
static const double KNOT_GAIN_LIMIT = 10.0;
static const double LEAD_LIMIT_RAD = 0.5;
static const double DELAY_LIMIT_S = 0.002;
static const double LOWEST_HZ = 30.0;
static const double HIGHEST_HZ = 90.0;
static const double MAGNITUDE_LIMIT = 1e9;

static const struct calibration_input unknown = { .gain = 1.0 };

void calibration_default(struct calibration *calibration)
{
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        calibration->input[n] = unknown;
    }
}

const struct calibration_input *calibration_input_of(const struct calibration *calibration,
                                                     unsigned input)
{
    return calibration != NULL ? &calibration->input[input] : &unknown;
}

/// False for what is not a number, too.
static bool is_within(double x, double low, double high)
{
    return x >= low && x <= high;
}

static bool is_knot_sound(const struct calibration_knot *knot)
{
    return is_within((double)knot->magnitude, 1.0 / MAGNITUDE_LIMIT, MAGNITUDE_LIMIT) &&
           is_within((double)knot->gain, 1.0 / KNOT_GAIN_LIMIT, KNOT_GAIN_LIMIT) &&
           is_within((double)knot->lead_50hz_rad, -LEAD_LIMIT_RAD, LEAD_LIMIT_RAD) &&
           is_within((double)knot->lead_60hz_rad, -LEAD_LIMIT_RAD, LEAD_LIMIT_RAD);
}

enum status calibration_check_input(const struct calibration_input *input)
{
    const double gain = input->gain < 0.0 ? -input->gain : input->gain;
    if (!is_within(gain, 1.0 / GAIN_LIMIT, GAIN_LIMIT) ||
        !is_within(input->delay_s, -DELAY_LIMIT_S, DELAY_LIMIT_S) ||
        input->knots > CALIBRATION_KNOT_LIMIT) {
        return STATUS_INVALID;
    }
    for (uint32_t n = 0; n < input->knots; n++) {
        if (!is_knot_sound(&input->knot[n]) ||
            (n > 0 && !(input->knot[n].magnitude > input->knot[n - 1u].magnitude))) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

enum status calibration_check(const struct calibration *calibration)
{
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        if (calibration_check_input(&calibration->input[n]) != STATUS_OK) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

/// Where on the curve a magnitude lies: between `*low` and the knot after it, 0 to 1.
static double place(const struct calibration_input *input, double magnitude, uint32_t *low)
{
    const uint32_t last = input->knots - 1u;
    *low = 0;
    if (!(magnitude > (double)input->knot[0].magnitude)) {
        return 0.0;
    }
    if (magnitude >= (double)input->knot[last].magnitude) {
        *low = last;
        return 0.0;
    }
    while (magnitude >= (double)input->knot[*low + 1u].magnitude) {
        (*low)++;
    }
    const double below = portable_log2((double)input->knot[*low].magnitude);
    const double above = portable_log2((double)input->knot[*low + 1u].magnitude);
    // Two magnitudes a rounding apart have one logarithm.
    return above > below ? (portable_log2(magnitude) - below) / (above - below) : 0.0;
}

static double between(float a, float b, double share)
{
    return (double)a + ((double)b - (double)a) * share;
}

struct calibration_correction calibration_at(const struct calibration_input *input,
                                             double magnitude, double frequency_hz)
{
    struct calibration_correction correction = { .gain = input->gain, .delay_s = input->delay_s };
    if (input->knots == 0) {
        return correction;
    }
    const double hz = !(frequency_hz > 0.0)       ? 50.0
                      : frequency_hz < LOWEST_HZ  ? LOWEST_HZ
                      : frequency_hz > HIGHEST_HZ ? HIGHEST_HZ
                                                  : frequency_hz;
    uint32_t low;
    const double share = place(input, magnitude, &low);
    const struct calibration_knot *a = &input->knot[low];
    const struct calibration_knot *b = low + 1u < input->knots ? a + 1 : a;
    const double at_50hz = between(a->lead_50hz_rad, b->lead_50hz_rad, share);
    const double at_60hz = between(a->lead_60hz_rad, b->lead_60hz_rad, share);
    correction.gain *= between(a->gain, b->gain, share);
    // a + b / f through both points: the magnetising current of a transformer falls as 1/f.
    correction.lead_rad = at_50hz + (at_60hz - at_50hz) * 6.0 * (hz - 50.0) / hz;
    return correction;
}

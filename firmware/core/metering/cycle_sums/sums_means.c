// SPDX-License-Identifier: MIT

/// What whole-number sums say once they are over: means with fractional ends, and the fundamental.

#include "cycle_sums.h"
#include "oscillator.h"

/// A signal on both sides of both edges.
struct ends {
    double begin_before;
    double begin_after;
    double end_before;
    double end_after;
};

static const double HALF_ROOT = 0.70710678118654752440;
static const double WHOLE = 0.02; ///< Relative distance from a whole number of cycles.
static const double SOUND = 0.1;  ///< Least share of the determinant of whole turns.

double cycle_sums_length(const struct cycle_sums *sums)
{
    return (double)sums->frames + sums->end.fraction - sums->begin.fraction;
}

/// The mean of a signal from edge to edge: the sum of all samples inside, corrected at both ends
/// for the trapezoids that the edges cut.
static double mean(const struct cycle_sums *sums, int64_t sum, const struct ends *ends)
{
    const double length = cycle_sums_length(sums);
    if (!(length > 0.0)) {
        return 0.0;
    }
    const double head = 1.0 - sums->begin.fraction;
    const double tail = sums->end.fraction;
    const double at_begin = (head - 0.5) * ends->begin_after +
                            0.5 * head * head * (ends->begin_before - ends->begin_after);
    const double at_end =
        (tail - 0.5) * ends->end_before + 0.5 * tail * tail * (ends->end_after - ends->end_before);
    return ((double)sum + at_begin + at_end) / length;
}

static struct ends ends_of(const struct cycle_sums *sums, unsigned input)
{
    return (struct ends){ .begin_before = sums->begin.before[input],
                          .begin_after = sums->begin.after[input],
                          .end_before = sums->end.before[input],
                          .end_after = sums->end.after[input] };
}

/// The same one frame earlier.
static struct ends earlier_ends_of(const struct cycle_sums *sums, unsigned input)
{
    return (struct ends){ .begin_before = sums->begin.earlier[input],
                          .begin_after = sums->begin.before[input],
                          .end_before = sums->end.earlier[input],
                          .end_after = sums->end.before[input] };
}

static double mean_product(const struct cycle_sums *sums, int64_t sum, struct ends a, struct ends b)
{
    const struct ends ends = { .begin_before = a.begin_before * b.begin_before,
                               .begin_after = a.begin_after * b.begin_after,
                               .end_before = a.end_before * b.end_before,
                               .end_after = a.end_after * b.end_after };
    return mean(sums, sum, &ends);
}

double cycle_sums_mean(const struct cycle_sums *sums, unsigned input)
{
    const struct ends ends = ends_of(sums, input);
    return mean(sums, sums->sum[input], &ends);
}

double cycle_sums_mean_earlier(const struct cycle_sums *sums, unsigned input)
{
    const struct ends ends = earlier_ends_of(sums, input);
    const int64_t sum = sums->sum[input] + sums->begin.before[input] - sums->end.before[input];
    return mean(sums, sum, &ends);
}

double cycle_sums_mean_square(const struct cycle_sums *sums, unsigned input)
{
    return mean_product(sums, sums->square[input], ends_of(sums, input), ends_of(sums, input));
}

double cycle_sums_mean_product(const struct cycle_sums *sums, const struct wiring *wiring,
                               unsigned channel)
{
    return mean_product(sums, sums->cross[channel],
                        ends_of(sums, wiring->channel[channel].voltage_input),
                        ends_of(sums, wiring->channel[channel].current_input));
}

double cycle_sums_mean_behind(const struct cycle_sums *sums, const struct wiring *wiring,
                              unsigned channel)
{
    return mean_product(sums, sums->behind[channel],
                        earlier_ends_of(sums, wiring->channel[channel].voltage_input),
                        ends_of(sums, wiring->channel[channel].current_input));
}

double cycle_sums_mean_ahead(const struct cycle_sums *sums, const struct wiring *wiring,
                             unsigned channel)
{
    return mean_product(sums, sums->ahead[channel],
                        ends_of(sums, wiring->channel[channel].voltage_input),
                        earlier_ends_of(sums, wiring->channel[channel].current_input));
}

/// Means over the frames that were correlated; with fractional ends when those are all there are.
static double wave_mean(const struct cycle_sums *sums, int64_t sum, struct ends a, struct ends b)
{
    if (sums->wave.frames == sums->frames) {
        return mean_product(sums, sum, a, b);
    }
    return (double)sum / (double)sums->wave.frames;
}

/// By how much the mains was faster than the oscillator; 0 when the stretch is no whole cycles.
static double mismatch(const struct cycle_sums *sums)
{
    const struct sums_wave *wave = &sums->wave;
    double advance = (double)wave->advance;
    if (wave->frames == sums->frames) {
        advance += sums->end.fraction * wave->step - sums->begin.fraction * wave->first_step;
    }
    const double turns = advance / 4294967296.0;
    const double cycles = (double)(uint64_t)(turns + 0.5);
    const double off = cycles / turns - 1.0;
    return off < WHOLE && off > -WHOLE ? off : 0.0;
}

bool cycle_sums_fundamental(const struct cycle_sums *sums, unsigned input,
                            struct sums_phasor *phasor)
{
    const struct sums_wave *wave = &sums->wave;
    *phasor = (struct sums_phasor){ .re = 0.0 };
    if (wave->frames == 0 || !(cycle_sums_length(sums) > 0.0)) {
        return false;
    }
    const uint32_t before = wave->first_phase - wave->first_step;
    const uint32_t last = wave->next_phase - wave->step;
    const struct ends one = { 1.0, 1.0, 1.0, 1.0 };
    const struct ends c = { oscillator_cosine(before), oscillator_cosine(wave->first_phase),
                            oscillator_cosine(last), oscillator_cosine(wave->next_phase) };
    const struct ends s = { oscillator_sine(before), oscillator_sine(wave->first_phase),
                            oscillator_sine(last), oscillator_sine(wave->next_phase) };
    const struct ends x = ends_of(sums, input);
    const double mean_x = cycle_sums_mean(sums, input);
    const double mean_c = wave_mean(sums, wave->cosine, c, one);
    const double mean_s = wave_mean(sums, wave->sine, s, one);
    const double square_c = wave_mean(sums, wave->cosine_square, c, c);
    const double square_s = wave_mean(sums, wave->sine_square, s, s);
    const double cc = square_c - mean_c * mean_c;
    const double ss = square_s - mean_s * mean_s;
    const double cs = wave_mean(sums, wave->cosine_sine, c, s) - mean_c * mean_s;
    const double xc = wave_mean(sums, wave->with_cosine[input], x, c) - mean_x * mean_c;
    const double xs = wave_mean(sums, wave->with_sine[input], x, s) - mean_x * mean_s;
    const double peak = OSCILLATOR_PEAK;
    const double determinant = cc * ss - cs * cs;
    if (!(determinant > SOUND * peak * peak * peak * peak / 4.0)) {
        return false;
    }
    // The wave's peak as it was: with 128 or 64 frames a cycle all are on points of its table,
    // where it is 5e-5 too large. The root of what is so close to 1.
    const double size = 0.5 + 0.5 * (square_c + square_s) / (peak * peak);
    const double unit = size * peak * HALF_ROOT;
    // Over whole cycles of X e^(ja), an oscillator slower by a share m finds X + m/2 X*.
    const double image = 0.5 * mismatch(sums);
    phasor->re = (xc * ss - xs * cs) / determinant * unit * (1.0 - image);
    phasor->im = -(xs * cc - xc * cs) / determinant * unit * (1.0 + image);
    return true;
}

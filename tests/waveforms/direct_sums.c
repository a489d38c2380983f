// SPDX-License-Identifier: MIT
#include "direct_sums.h"

#include <math.h>

enum signal { V, I, V_COS, V_SIN, I_COS, I_SIN, V_SQUARE, I_SQUARE, V_I, SIGNALS };

static const double TURN = 6.283185307179586;

static void signals_at(const struct recorded_codes *codes, size_t frame, double angle,
                       double g[SIGNALS])
{
    const double v = codes->voltage[frame] * codes->waveform->volts_per_code;
    const double i = codes->current[frame] * codes->waveform->amperes_per_code;
    g[V] = v;
    g[I] = i;
    g[V_COS] = v * cos(angle);
    g[V_SIN] = v * sin(angle);
    g[I_COS] = i * cos(angle);
    g[I_SIN] = i * sin(angle);
    g[V_SQUARE] = v * v;
    g[I_SQUARE] = i * i;
    g[V_I] = v * i;
}

/// Means of all signals from `from` to `to`, each straight from sample to sample.
static void means_over(const struct recorded_codes *codes, double from, double to, double cycles,
                       double mean[SIGNALS])
{
    const double step = TURN * cycles / (to - from);
    double left[SIGNALS];
    double right[SIGNALS];
    size_t n = (size_t)from;
    for (unsigned k = 0; k < SIGNALS; k++) {
        mean[k] = 0.0;
    }
    signals_at(codes, n, step * ((double)n - from), right);
    for (; (double)n < to; n++) {
        const double a = fmax(from - (double)n, 0.0);
        const double b = fmin(to - (double)n, 1.0);
        const double middle = 0.5 * (a + b);
        for (unsigned k = 0; k < SIGNALS; k++) {
            left[k] = right[k];
        }
        signals_at(codes, n + 1, step * ((double)n + 1.0 - from), right);
        for (unsigned k = 0; k < SIGNALS; k++) {
            mean[k] += (b - a) * (left[k] + middle * (right[k] - left[k])) / (to - from);
        }
    }
}

void direct_sums_add(struct direct_sums *sums, const struct recorded_codes *codes, double from,
                     double to, double cycles)
{
    double m[SIGNALS];
    const double frames = to - from;
    means_over(codes, from, to, cycles, m);
    // Root mean squares of the fundamental: twice the mean, over the root of two.
    const double v_square = 2.0 * (m[V_COS] * m[V_COS] + m[V_SIN] * m[V_SIN]);
    const double i_square = 2.0 * (m[I_COS] * m[I_COS] + m[I_SIN] * m[I_SIN]);
    sums->frames += frames;
    sums->sum.voltage_v += frames * (m[V_SQUARE] - m[V] * m[V]);
    sums->sum.current_a += frames * (m[I_SQUARE] - m[I] * m[I]);
    sums->sum.active_w += frames * (m[V_I] - m[V] * m[I]);
    sums->sum.voltage1_v += frames * v_square;
    sums->sum.current1_a += frames * i_square;
    sums->sum.active1_w += frames * 2.0 * (m[V_COS] * m[I_COS] + m[V_SIN] * m[I_SIN]);
    // x is re cos a + im sin a; current that lags has more of the sine.
    sums->sum.reactive1_var += frames * 2.0 * (m[V_COS] * m[I_SIN] - m[V_SIN] * m[I_COS]);
}

struct power_measures direct_sums_means(const struct direct_sums *sums)
{
    const struct power_measures *sum = &sums->sum;
    const double frames = sums->frames;
    return (struct power_measures){
        .voltage_v = sqrt(sum->voltage_v / frames),
        .current_a = sqrt(sum->current_a / frames),
        .active_w = sum->active_w / frames,
        .voltage1_v = sqrt(sum->voltage1_v / frames),
        .current1_a = sqrt(sum->current1_a / frames),
        .active1_w = sum->active1_w / frames,
        .reactive1_var = sum->reactive1_var / frames,
    };
}

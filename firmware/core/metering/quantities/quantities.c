// SPDX-License-Identifier: MIT
#include "quantities.h"

#include "portable_math.h"

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

void quantities_complete(struct quantities *q)
{
    q->apparent_va = q->voltage_v * q->current_a;
    // The rounding of the sums may leave |P| a hair above S for a resistor.
    q->active_w = clamp(q->active_w, -q->apparent_va, q->apparent_va);
    q->power_factor = q->apparent_va > 0.0 ? q->active_w / q->apparent_va : 0.0;
}

void quantities_without_reference(struct quantities *q)
{
    q->active_w = 0.0;
    q->reactive_var = 0.0;
    q->power_factor = 0.0;
}

struct quantities quantities_of(const struct cycle_sums *sums, const struct wiring *wiring,
                                unsigned channel, double frame_angle, const double *offsets)
{
    const unsigned v = wiring->channel[channel].voltage_input;
    const unsigned i = wiring->channel[channel].current_input;
    const double volts = wiring->unit_per_code[v];
    const double amperes = wiring->unit_per_code[i];
    const double mean_v = cycle_sums_mean(sums, v);
    const double mean_i = cycle_sums_mean(sums, i);
    const double zero_v = offsets != NULL ? offsets[v] : mean_v;
    const double zero_i = offsets != NULL ? offsets[i] : mean_i;

    // The mean of (x - a)(y - b) from the means of x y, x and y.
    const double square_v = cycle_sums_mean_square(sums, v) - zero_v * (2.0 * mean_v - zero_v);
    const double square_i = cycle_sums_mean_square(sums, i) - zero_i * (2.0 * mean_i - zero_i);
    const double product_of_zeros = zero_v * mean_i + zero_i * mean_v - zero_v * zero_i;
    const double active = cycle_sums_mean_product(sums, wiring, channel) - product_of_zeros;

    struct quantities q = {
        .voltage_v = portable_sqrt(square_v * volts * volts),
        .current_a = portable_sqrt(square_i * amperes * amperes),
        .active_w = active * volts * amperes,
    };
    struct sums_phasor v1;
    struct sums_phasor i1;
    if (cycle_sums_fundamental(sums, v, &v1) && cycle_sums_fundamental(sums, i, &i1)) {
        q.reactive_var = (v1.im * i1.re - v1.re * i1.im) * volts * amperes;
    } else {
        // v(t - d) i(t) averages to P cos(wd) + Q sin(wd) for sinusoids, v(t + d) i(t) to the
        // difference.
        const double turned = cycle_sums_mean_behind(sums, wiring, channel) -
                              cycle_sums_mean_ahead(sums, wiring, channel);
        q.reactive_var = turned / (2.0 * portable_sin(frame_angle)) * volts * amperes;
    }
    quantities_complete(&q);
    return q;
}

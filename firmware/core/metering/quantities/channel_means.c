// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "quantities.h"

struct channel_means channel_means_of(const struct cycle_sums *sums, const struct wiring *wiring,
                                      unsigned channel, const double *offsets, bool whole)
{
    const unsigned v = wiring->channel[channel].voltage_input;
    const unsigned i = wiring->channel[channel].current_input;
    const double mean_v = cycle_sums_mean(sums, v);
    const double mean_i = cycle_sums_mean(sums, i);
    const double zero_v = offsets != NULL ? offsets[v] : mean_v;
    const double zero_i = offsets != NULL ? offsets[i] : mean_i;
    // The mean of (x - a)(y - b) from the means of x y, x and y.
    const double both = zero_v * zero_i;
    const double behind = zero_v * mean_i + zero_i * cycle_sums_mean_earlier(sums, v) - both;
    const double ahead = zero_v * cycle_sums_mean_earlier(sums, i) + zero_i * mean_v - both;
    struct channel_means means = {
        .voltage_square = cycle_sums_mean_square(sums, v) - zero_v * (2.0 * mean_v - zero_v),
        .current_square = cycle_sums_mean_square(sums, i) - zero_i * (2.0 * mean_i - zero_i),
        .ahead = cycle_sums_mean_ahead(sums, wiring, channel) - ahead,
        .together = cycle_sums_mean_product(sums, wiring, channel) -
                    (zero_v * mean_i + zero_i * mean_v - both),
        .behind = cycle_sums_mean_behind(sums, wiring, channel) - behind,
    };
    if (whole) {
        means.fundamental = cycle_sums_fundamental(sums, v, &means.voltage1);
        means.fundamental = cycle_sums_fundamental(sums, i, &means.current1) && means.fundamental;
    }
    return means;
}

// SPDX-License-Identifier: MIT
#include "zero_watch.h"

static const double LEARN_S = 2.0;     ///< Time constant of the zero at the start.
static const double MOST_LIMITS = 2.0; ///< A window counts for no more of a departure.

void zero_watch_init(struct zero_watch *watch, double range)
{
    *watch = (struct zero_watch){ .limit = range / ZERO_WATCH_SHARE };
}

/// The weight of the newest `seconds` in a mean with this time constant.
static double weight(double seconds, double constant_s)
{
    return seconds < constant_s ? seconds / constant_s : 1.0;
}

void zero_watch_take(struct zero_watch *watch, unsigned input, double mean, double seconds)
{
    struct zero_watch_input *zero = &watch->input[input];
    if (zero->age_s < ZERO_WATCH_SETTLE_S) {
        zero->slow += zero->age_s > 0.0 ? (mean - zero->slow) * weight(seconds, LEARN_S) : mean;
        zero->age_s += seconds;
        return;
    }
    zero->slow += (mean - zero->slow) * weight(seconds, ZERO_WATCH_SLOW_S);
    const double most = MOST_LIMITS * watch->limit;
    const double away = mean - zero->slow;
    const double counted = away > most ? most : away < -most ? -most : away;
    zero->departure += (counted - zero->departure) * weight(seconds, ZERO_WATCH_FAST_S);
}

uint16_t zero_watch_drifting(const struct zero_watch *watch)
{
    unsigned mask = 0;
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        const double departure = watch->input[n].departure;
        mask |= departure > watch->limit || departure < -watch->limit ? 1u << n : 0u;
    }
    return (uint16_t)mask;
}

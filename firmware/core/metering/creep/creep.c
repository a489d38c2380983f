// SPDX-License-Identifier: MIT
#include "creep.h"

#include "portable_math.h"

static const double LONG_ENOUGH_S = 1.0;
static const double AVERAGE_S = 1.0;
static const double AT_ONCE = 4.0; // Times the threshold: no single window may hide so much.

void creep_init(struct creep *creep)
{
    *creep = (struct creep){ .below_s = LONG_ENOUGH_S };
}

static double magnitude(double x, double y)
{
    return portable_sqrt(x * x + y * y);
}

bool creep_take(struct creep *creep, double active_w, double reactive_var, double seconds,
                double threshold_va)
{
    const double weight = seconds < AVERAGE_S ? seconds / AVERAGE_S : 1.0;
    creep->active_w += weight * (active_w - creep->active_w);
    creep->reactive_var += weight * (reactive_var - creep->reactive_var);
    const bool is_below = magnitude(creep->active_w, creep->reactive_var) < threshold_va &&
                          magnitude(active_w, reactive_var) < AT_ONCE * threshold_va;
    if (!is_below) {
        creep->below_s = 0.0;
        return false;
    }
    const bool creeps = creep->below_s >= LONG_ENOUGH_S;
    creep->below_s += seconds;
    return creeps;
}

bool creep_goes_on(const struct creep *creep, double threshold_va)
{
    return threshold_va > 0.0 && creep->below_s >= LONG_ENOUGH_S;
}

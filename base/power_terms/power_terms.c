// SPDX-License-Identifier: MIT
#include "power_terms.h"

#include "portable_math.h"

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/// The root of a^2 - b^2 for 0 <= |b| <= a, without losing digits when both are alike.
static double root_of_difference(double a, double b)
{
    return portable_sqrt((a - b) * (a + b));
}

/// `part` / `whole`, kept within -1 and 1; 0 when there is no whole.
static double share(double part, double whole)
{
    if (!(whole > 0.0)) {
        return 0.0;
    }
    const double ratio = part / whole;
    return ratio > 1.0 ? 1.0 : ratio < -1.0 ? -1.0 : ratio;
}

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

struct power_terms power_terms_of(const struct power_measures *m)
{
    const double v1 = smaller(m->voltage1_v, m->voltage_v);
    const double i1 = smaller(m->current1_a, m->current_a);
    const double vh = root_of_difference(m->voltage_v, v1);
    const double ih = root_of_difference(m->current_a, i1);
    struct power_terms t = {
        .apparent_va = m->voltage_v * m->current_a,
        .fundamental_apparent_va = v1 * i1,
        .current_distortion_var = v1 * ih,
        .voltage_distortion_var = vh * i1,
        .harmonic_apparent_va = vh * ih,
        .harmonic_active_w = m->active_w - m->active1_w,
        .voltage_distortion = ratio(vh, v1),
        .current_distortion = ratio(ih, i1),
    };
    t.nonactive_var = root_of_difference(t.apparent_va, m->active_w);
    t.nonfundamental_va = root_of_difference(t.apparent_va, t.fundamental_apparent_va);
    t.harmonic_distortion_var = root_of_difference(t.harmonic_apparent_va, t.harmonic_active_w);
    t.power_factor = share(m->active_w, t.apparent_va);
    t.displacement_factor = share(m->active1_w, t.fundamental_apparent_va);
    return t;
}

struct power_measures power_measures_of_channel(const struct reading_channel *channel)
{
    return (struct power_measures){
        .voltage_v = channel->voltage_10mv / 100.0,
        .current_a = channel->current_100ua / 10000.0,
        .active_w = channel->active_power_10mw / 100.0,
        .voltage1_v = channel->fundamental_voltage_10mv / 100.0,
        .current1_a = channel->fundamental_current_100ua / 10000.0,
        .active1_w = channel->fundamental_power_10mw / 100.0,
        .reactive1_var = channel->reactive_power_10mvar / 100.0,
    };
}

int64_t power_terms_register_total(const int64_t by_rate[READING_RATE_COUNT])
{
    int64_t total = 0;
    for (unsigned n = 0; n < READING_RATE_COUNT; n++) {
        const int64_t part = by_rate[n];
        if (part > 0 && total > INT64_MAX - part) {
            return INT64_MAX;
        }
        if (part < 0 && total < INT64_MIN - part) {
            return INT64_MIN;
        }
        total += part;
    }
    return total;
}

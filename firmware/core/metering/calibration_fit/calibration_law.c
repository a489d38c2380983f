// SPDX-License-Identifier: MIT
#include "calibration_law.h"

#include "portable_math.h"

static const double pi = 3.14159265358979323846;
static const double lowest_hz = 45.0;
static const double highest_hz = 65.0;

/// A frame at 10 kHz: further apart no two filters are.
static const double delay_limit_s = 100e-6;

/// Shares of the fall that a law may get wrong.
static const double inverse_doubt = 0.5;
static const double type_doubt = 0.2;
static const double two_frequencies_doubt = 1.0 / 6.0;

/// By how much the errors of two leads, at 50 and at 60 Hz, grow towards 45 Hz.
static const double two_frequencies_growth = 1.8;

static double magnitude_of(double x)
{
    return x < 0.0 ? -x : x;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double degrees(double radians)
{
    return radians * 180.0 / pi;
}

bool calibration_is_at_60hz(const struct calibration_point *point)
{
    return point->frequency_hz > 55.0;
}

bool calibration_are_partners(const struct calibration_point *a, const struct calibration_point *b)
{
    return calibration_is_at_60hz(a) != calibration_is_at_60hz(b) && a->has_lead && b->has_lead &&
           a->magnitude_a < 1.2 * b->magnitude_a && b->magnitude_a < 1.2 * a->magnitude_a;
}

/// By how much the lead changes from where it was measured, by a table of its type or by 1/f.
static double assumed_change(const struct calibration_point *point, double frequency_hz)
{
    const double fall = calibration_sensor_fall_rad(point->sensor);
    if (fall > 0.0) {
        // Along a + b / f, as calibration_at() goes: b is 300 times the fall from 50 to 60 Hz.
        return 300.0 * fall * (1.0 / frequency_hz - 1.0 / point->frequency_hz);
    }
    return point->lead_rad * (point->frequency_hz / frequency_hz - 1.0);
}

double calibration_extension_lead(const struct calibration_extension *extension,
                                  const struct calibration_point *points, unsigned index,
                                  double frequency_hz)
{
    const struct calibration_point *point = &points[index];
    if (extension->law != CALIBRATION_LAW_HARMONICS) {
        return point->lead_rad + assumed_change(point, frequency_hz);
    }
    return point->lead_rad - 2.0 * pi * point->frequency_hz * extension->delay_s +
           extension->inverse_rad[index] * (point->frequency_hz / frequency_hz - 1.0);
}

/// The error at `frequency_hz` without harmonics.
static double assumed_error_deg(const struct calibration_point *points, unsigned count,
                                unsigned index, double frequency_hz)
{
    const struct calibration_point *point = &points[index];
    for (unsigned other = 0; other < count; other++) {
        if (calibration_are_partners(point, &points[other])) {
            return two_frequencies_growth *
                       larger(point->lead_error_deg, points[other].lead_error_deg) +
                   two_frequencies_doubt *
                       magnitude_of(degrees(point->lead_rad - points[other].lead_rad));
        }
    }
    const bool tabulated = calibration_sensor_fall_rad(point->sensor) > 0.0;
    return point->lead_error_deg + (tabulated ? type_doubt : inverse_doubt) *
                                       magnitude_of(degrees(assumed_change(point, frequency_hz)));
}

static enum calibration_law assumed_law(const struct calibration_point *points, unsigned count,
                                        unsigned index)
{
    for (unsigned other = 0; other < count; other++) {
        if (calibration_are_partners(&points[index], &points[other])) {
            return CALIBRATION_LAW_TWO_FREQUENCIES;
        }
    }
    return calibration_sensor_fall_rad(points[index].sensor) > 0.0 ? CALIBRATION_LAW_TYPE
                                                                   : CALIBRATION_LAW_INVERSE;
}

static struct calibration_extension assume(const struct calibration_point *points, unsigned count)
{
    struct calibration_extension extension = { .law = CALIBRATION_LAW_NONE };
    for (unsigned i = 0; i < count; i++) {
        if (!points[i].has_lead) {
            continue;
        }
        const enum calibration_law law = assumed_law(points, count, i);
        if (extension.law == CALIBRATION_LAW_NONE || law < extension.law) {
            extension.law = law;
        }
        extension.error_45hz_deg =
            larger(extension.error_45hz_deg, assumed_error_deg(points, count, i, lowest_hz));
        extension.error_65hz_deg =
            larger(extension.error_65hz_deg, assumed_error_deg(points, count, i, highest_hz));
    }
    return extension;
}

/// A delay, and the square of its error.
struct delay {
    double seconds;
    double variance;
};

/// Of all points together: one converter and one pair of filters delay every current alike.
static bool find_delay(const struct calibration_point *points, unsigned count, struct delay *delay)
{
    double weights = 0.0;
    double sum = 0.0;
    for (unsigned i = 0; i < count; i++) {
        const struct calibration_trend *trend = &points[i].trend;
        if (points[i].has_lead && trend->known) {
            const double turn = 2.0 * pi * trend->frequency_hz;
            // Even sums without any noise end at a limit.
            const double weight = turn * turn / (trend->delay_variance + 1e-18);
            weights += weight;
            sum += weight * trend->delay_rad / turn;
        }
    }
    if (!(weights > 0.0)) {
        return false;
    }
    *delay = (struct delay){ sum / weights, 1.0 / weights };
    return magnitude_of(delay->seconds) <= delay_limit_s;
}

/// The part of a point's lead that goes with 1/f, once the delay is known.
struct inverse {
    double rad;
    double variance;
    double covariance; ///< With the angle of the delay.
};

static struct inverse own_inverse(const struct calibration_trend *trend, const struct delay *delay)
{
    const double turn = 2.0 * pi * trend->frequency_hz;
    const double slope = trend->covariance / (trend->delay_variance + 1e-18);
    const double delay_variance = turn * turn * delay->variance;
    const double apart = trend->inverse_variance - slope * trend->covariance;
    return (struct inverse){
        .rad = trend->inverse_rad + slope * (turn * delay->seconds - trend->delay_rad),
        .variance = larger(apart, 0.0) + slope * slope * delay_variance,
        .covariance = slope * delay_variance,
    };
}

/// The lead of a point without the delay.
static double pure_lead(const struct calibration_point *point, const struct delay *delay)
{
    return point->lead_rad - 2.0 * pi * point->frequency_hz * delay->seconds;
}

/// How that part changes from current to current: in proportion to the change of the whole lead.
struct relation {
    const struct calibration_point *best; ///< The point at which it is known best,
    struct inverse inverse;               ///< and what it is there.
    double slope;
    double variance; ///< Of the slope.
};

/// By what two currents differ.
struct difference {
    double lead_rad;
    double inverse_rad;
};

static struct difference difference_of(const struct relation *relation,
                                       const struct calibration_point *point,
                                       const struct inverse *inverse, const struct delay *delay)
{
    const double ratio = relation->best->frequency_hz / point->frequency_hz;
    return (struct difference){
        .lead_rad = pure_lead(point, delay) - pure_lead(relation->best, delay),
        .inverse_rad = inverse->rad - relation->inverse.rad * ratio,
    };
}

/// Before other currents are looked at, the part may be the same for all (slope 0) or go with the
/// whole lead; half of the way between counts as error.
static void relate(struct relation *relation, const struct calibration_point *points,
                   unsigned count, const struct delay *delay)
{
    const double lead = pure_lead(relation->best, delay);
    const bool has_lead = magnitude_of(lead) > 1e-3;
    const double half = has_lead ? relation->inverse.rad / lead / 2.0 : 1.0;
    double weights = 1.0 / (half * half + 1e-6);
    double sum = has_lead ? half * weights : 0.0;
    for (unsigned i = 0; i < count; i++) {
        if (&points[i] == relation->best || !points[i].has_lead || !points[i].trend.known) {
            continue;
        }
        const struct inverse own = own_inverse(&points[i].trend, delay);
        const struct difference d = difference_of(relation, &points[i], &own, delay);
        const double variance = own.variance + relation->inverse.variance + 1e-18;
        weights += d.lead_rad * d.lead_rad / variance;
        sum += d.lead_rad * d.inverse_rad / variance;
    }
    relation->slope = sum / weights;
    relation->variance = 1.0 / weights;
}

static struct inverse related_inverse(const struct relation *relation,
                                      const struct calibration_point *point,
                                      const struct delay *delay)
{
    const double ratio = relation->best->frequency_hz / point->frequency_hz;
    const double change = pure_lead(point, delay) - pure_lead(relation->best, delay);
    return (struct inverse){
        .rad = relation->inverse.rad * ratio + relation->slope * change,
        .variance = relation->inverse.variance + change * change * relation->variance,
        .covariance = relation->inverse.covariance,
    };
}

/// What a doubt makes at `frequency_hz`, in radians.
static double weigh(const struct calibration_doubt *doubt, double hz, double frequency_hz)
{
    return magnitude_of(doubt->inverse_rad * (hz / frequency_hz - 1.0) +
                        doubt->delay_rad * (frequency_hz / hz - 1.0));
}

/// The error at `frequency_hz` by the harmonics. `trend` is the point's own or that of the best.
static double found_error_deg(const struct calibration_point *point,
                              const struct calibration_trend *trend, const struct inverse *inverse,
                              const struct delay *delay, double frequency_hz)
{
    const double hz = point->frequency_hz;
    const double by_inverse = hz / frequency_hz - 1.0;
    const double by_delay = frequency_hz / hz - 1.0;
    const double turn = 2.0 * pi * hz;
    const double variance = inverse->variance * by_inverse * by_inverse +
                            2.0 * inverse->covariance * by_inverse * by_delay +
                            turn * turn * delay->variance * by_delay * by_delay;
    const double error = larger(2.0 * portable_sqrt(variance),
                                weigh(&trend->without_third, trend->frequency_hz, frequency_hz));
    const double law = trend->slow_share * weigh(&trend->slow, trend->frequency_hz, frequency_hz);
    return point->lead_error_deg + degrees(error + law);
}

/// The point whose trend is known best.
static bool find_best(const struct calibration_point *points, unsigned count,
                      const struct delay *delay, unsigned *best)
{
    double least = 0.0;
    bool found = false;
    for (unsigned i = 0; i < count; i++) {
        if (points[i].has_lead && points[i].trend.known) {
            const double variance = own_inverse(&points[i].trend, delay).variance;
            if (!found || variance < least) {
                least = variance;
                *best = i;
                found = true;
            }
        }
    }
    return found;
}

/// By the harmonics. @return false  they do not tell.
static bool find(const struct calibration_point *points, unsigned count,
                 struct calibration_extension *extension)
{
    struct delay delay;
    unsigned best = 0;
    if (!find_delay(points, count, &delay) || !find_best(points, count, &delay, &best)) {
        return false;
    }
    struct relation relation = { .best = &points[best],
                                 .inverse = own_inverse(&points[best].trend, &delay) };
    relate(&relation, points, count, &delay);
    *extension = (struct calibration_extension){ .law = CALIBRATION_LAW_HARMONICS,
                                                 .delay_s = delay.seconds };
    for (unsigned i = 0; i < count; i++) {
        const struct calibration_point *point = &points[i];
        const struct calibration_trend *trend = &points[point->trend.known ? i : best].trend;
        if (!point->has_lead) {
            continue;
        }
        const struct inverse inverse = related_inverse(&relation, point, &delay);
        extension->inverse_rad[i] = inverse.rad;
        extension->error_45hz_deg = larger(
            extension->error_45hz_deg, found_error_deg(point, trend, &inverse, &delay, lowest_hz));
        extension->error_65hz_deg = larger(
            extension->error_65hz_deg, found_error_deg(point, trend, &inverse, &delay, highest_hz));
    }
    return true;
}

struct calibration_extension calibration_extend(const struct calibration_point *points,
                                                unsigned count)
{
    const struct calibration_extension assumed = assume(points, count);
    struct calibration_extension found;
    const bool is_better =
        find(points, count, &found) && larger(found.error_45hz_deg, found.error_65hz_deg) <
                                           larger(assumed.error_45hz_deg, assumed.error_65hz_deg);
    return is_better ? found : assumed;
}

const char *calibration_law_name(enum calibration_law law)
{
    static const char *const names[] = {
        [CALIBRATION_LAW_NONE] = "none",
        [CALIBRATION_LAW_INVERSE] = "inverse",
        [CALIBRATION_LAW_TYPE] = "type",
        [CALIBRATION_LAW_TWO_FREQUENCIES] = "two_frequencies",
        [CALIBRATION_LAW_HARMONICS] = "harmonics",
    };
    return names[law];
}

// SPDX-License-Identifier: MIT
#include "calibration_response.h"

#include "portable_math.h"

enum {
    WINDOWS_LEAST = 10,
    ORDERS_LEAST = 3, ///< Beside the fundamental.
    UNKNOWNS = 2,     ///< Of the line through the angles, and of that through the magnitudes.
};

static const double pi = 3.14159265358979323846;
static const double code_limit = 1e10;

enum { QUANTILES = 9 };

/// Half of what Student's distribution leaves 5 % beyond, by degrees of freedom from 2 on.
static const double half_quantile[QUANTILES] = { 2.15, 1.59, 1.39, 1.29, 1.22,
                                                 1.18, 1.15, 1.13, 1.11 };

static double half_quantile_of(unsigned freedom)
{
    const unsigned n = freedom > 2 ? freedom - 2 : 0;
    return half_quantile[n < QUANTILES ? n : QUANTILES - 1];
}

static bool is_usable(const struct calibration_phasor *phasor)
{
    return phasor->re > -code_limit && phasor->re < code_limit && phasor->im > -code_limit &&
           phasor->im < code_limit;
}

static double square_of(const struct calibration_phasor *phasor)
{
    return phasor->re * phasor->re + phasor->im * phasor->im;
}

void calibration_response_add(struct calibration_response *response,
                              const struct calibration_phasor voltage[CALIBRATION_ORDERS],
                              const struct calibration_phasor current[CALIBRATION_ORDERS],
                              double frequency_hz)
{
    for (unsigned n = 0; n < CALIBRATION_ORDERS; n++) {
        if (!is_usable(&voltage[n]) || !is_usable(&current[n])) {
            return;
        }
    }
    if (!(frequency_hz > 1.0 && frequency_hz < 1000.0)) {
        return;
    }
    for (unsigned n = 0; n < CALIBRATION_ORDERS; n++) {
        const struct calibration_phasor v = voltage[n];
        const struct calibration_phasor i = current[n];
        response->order[n].along += i.re * v.re + i.im * v.im;
        response->order[n].before += i.im * v.re - i.re * v.im;
        response->order[n].voltage_square += square_of(&v);
        response->order[n].current_square += square_of(&i);
    }
    response->windows++;
    response->frequency_hz += frequency_hz;
}

static double wrap(double angle)
{
    const double turns = (double)portable_round(angle / (2.0 * pi));
    return angle - 2.0 * pi * turns;
}

/// One order against the fundamental.
struct look {
    double order;
    double weight; ///< Square of its current over that of the fundamental.
    double angle;  ///< By which its current is further ahead.
    double excess; ///< By which its admittance is larger, in shares.
};

static bool look_at(const struct calibration_response *response, unsigned n, double delay_rad,
                    struct look *look)
{
    if (!(response->order[n].voltage_square > 0.0) || !(response->order[n].current_square > 0.0)) {
        return false;
    }
    const double along = response->order[n].along / response->order[n].voltage_square;
    const double before = response->order[n].before / response->order[n].voltage_square;
    look->order = 2.0 * n + 1.0;
    look->weight = response->order[n].current_square / response->order[0].current_square;
    look->angle = portable_atan2(before, along) - look->order * delay_rad;
    look->excess = portable_sqrt(along * along + before * before);
    return true;
}

/// Sums towards the least squares of `y = p x1 + q x2`.
struct line {
    double x1_x1;
    double x1_x2;
    double x2_x2;
    double x1_y;
    double x2_y;
    double y_y;
};

static void add(struct line *line, double weight, double x1, double x2, double y)
{
    line->x1_x1 += weight * x1 * x1;
    line->x1_x2 += weight * x1 * x2;
    line->x2_x2 += weight * x2 * x2;
    line->x1_y += weight * x1 * y;
    line->x2_y += weight * x2 * y;
    line->y_y += weight * y * y;
}

static double determinant_of(const struct line *line)
{
    return line->x1_x1 * line->x2_x2 - line->x1_x2 * line->x1_x2;
}

/// Solves for `p` and `q`. @return what the line leaves of the weighted squares.
static double solve(const struct line *line, double *p, double *q)
{
    const double determinant = determinant_of(line);
    *p = (line->x2_x2 * line->x1_y - line->x1_x2 * line->x2_y) / determinant;
    *q = (line->x1_x1 * line->x2_y - line->x1_x2 * line->x1_y) / determinant;
    const double left = line->y_y - *p * line->x1_y - *q * line->x2_y;
    return left > 0.0 ? left : 0.0;
}

static bool is_solvable(const struct line *line)
{
    return determinant_of(line) > 1e-9 * line->x1_x1 * line->x2_x2;
}

/// All orders but the first, against it.
struct looks {
    unsigned count;
    struct look look[CALIBRATION_ORDERS - 1];
};

static bool look_at_all(const struct calibration_response *response, double delay_rad,
                        struct looks *looks)
{
    struct look first;
    looks->count = 0;
    if (!look_at(response, 0, delay_rad, &first) || !(first.excess > 0.0)) {
        return false;
    }
    for (unsigned n = 1; n < CALIBRATION_ORDERS; n++) {
        struct look *look = &looks->look[looks->count];
        if (look_at(response, n, delay_rad, look)) {
            look->angle = wrap(look->angle - first.angle);
            look->excess = look->excess / first.excess - 1.0;
            looks->count++;
        }
    }
    return looks->count >= ORDERS_LEAST;
}

/// The slope of the angle over the frequency, at the fundamental: what falls and what grows.
struct slope {
    double falling;
    double growing;
    double left; ///< Of the weighted squares.
};

static double slow_fall(double order)
{
    const double root = portable_sqrt(order);
    return 1.0 / (root * portable_sqrt(root));
}

/// Angles by `p h^-1 + q h` or, when `slow`, by `p h^-3/4 + q h`, from order `least` on. False when
/// they do not tell.
static bool fit_angles(const struct looks *looks, bool slow, double least, struct line *line,
                       struct slope *slope)
{
    *line = (struct line){ .y_y = 0.0 };
    for (unsigned n = 0; n < looks->count; n++) {
        const struct look *look = &looks->look[n];
        if (look->order >= least) {
            const double falling = slow ? slow_fall(look->order) : 1.0 / look->order;
            add(line, look->weight, falling - 1.0, look->order - 1.0, look->angle);
        }
    }
    if (!is_solvable(line)) {
        return false;
    }
    slope->left = solve(line, &slope->falling, &slope->growing);
    slope->falling *= slow ? 0.75 : 1.0;
    return true;
}

/// What magnitudes leave. A transformer's ratio changes with frequency, too; a constant and 1/h
/// take that in.
static bool fit_magnitudes(const struct looks *looks, double *left)
{
    struct line line = { .y_y = 0.0 };
    double constant;
    double falling;
    for (unsigned n = 0; n < looks->count; n++) {
        const struct look *look = &looks->look[n];
        add(&line, look->weight, 1.0, 1.0 / look->order, look->excess);
    }
    if (!is_solvable(&line)) {
        return false;
    }
    *left = solve(&line, &constant, &falling);
    return true;
}

/// The way from the trend's slope to another.
static struct calibration_doubt doubt_of(const struct calibration_trend *trend,
                                         const struct slope *other)
{
    return (struct calibration_doubt){ other->falling - trend->inverse_rad,
                                       other->growing - trend->delay_rad };
}

/// `x` to the power of a small whole number.
static double raised(double x, unsigned power)
{
    double result = 1.0;
    for (unsigned n = 0; n < power; n++) {
        result *= x;
    }
    return result;
}

struct calibration_trend calibration_response_trend(const struct calibration_response *response,
                                                    double delay_s)
{
    struct calibration_trend trend = { .known = false };
    struct looks looks;
    struct line line;
    struct line other_line;
    struct slope slope = { .left = 0.0 };
    struct slope other;
    double magnitudes_left;
    if (response->windows < WINDOWS_LEAST) {
        return trend;
    }
    trend.frequency_hz = response->frequency_hz / response->windows;
    if (!look_at_all(response, 2.0 * pi * trend.frequency_hz * delay_s, &looks) ||
        !fit_angles(&looks, false, 0.0, &line, &slope) ||
        !fit_magnitudes(&looks, &magnitudes_left)) {
        return trend;
    }
    const unsigned freedom = 2 * (looks.count - UNKNOWNS);
    const double left = slope.left + magnitudes_left;
    const double quantile = half_quantile_of(freedom);
    const double variance = left / freedom * quantile * quantile / determinant_of(&line);
    trend.inverse_rad = slope.falling;
    trend.delay_rad = slope.growing;
    trend.inverse_variance = variance * line.x2_x2;
    trend.delay_variance = variance * line.x1_x1;
    trend.covariance = -variance * line.x1_x2;
    trend.known = true;
    trend.slow_share = 0.0;
    if (fit_angles(&looks, true, 0.0, &other_line, &other)) {
        // Likelihoods under an unknown variance; what 95 of 100 cases differ by is no difference.
        const double other_left = other.left + magnitudes_left;
        const double alike = left * (1.0 + 4.0 / freedom);
        const double ratio = other_left > alike ? alike / other_left : 1.0;
        trend.slow_share = raised(ratio, freedom / 2);
        trend.slow = doubt_of(&trend, &other);
    }
    if (fit_angles(&looks, false, 5.0, &other_line, &other)) {
        trend.without_third = doubt_of(&trend, &other);
    }
    return trend;
}

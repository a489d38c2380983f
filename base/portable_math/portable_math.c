// SPDX-License-Identifier: MIT
#include "portable_math.h"

#include <string.h>

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1023, EXPONENT_MASK = 0x7ff };

static const double PI_HALF = 1.5707963267948966;

/// 1 / (2 k + 1): many processors divide slowly.
static const double ODD_RECIPROCAL[] = { 1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,  1.0 / 9.0,
                                         1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0, 1.0 / 19.0,
                                         1.0 / 21.0, 1.0 / 23.0, 1.0 / 25.0 };

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// Splits a positive finite x into m * 2^e with 1 <= m < 2.
static double split(double x, int *exponent)
{
    int scale = 0;
    if (x < 2.2250738585072014e-308) { // Subnormal: the exponent field says nothing.
        x *= 18014398509481984.0;      // 2^54
        scale = -54;
    }
    const uint64_t bits = bits_of(x);
    *exponent = (int)((bits >> MANTISSA_BITS) & EXPONENT_MASK) - EXPONENT_BIAS + scale;
    return double_of((bits & ((1ull << MANTISSA_BITS) - 1)) |
                     ((uint64_t)EXPONENT_BIAS << MANTISSA_BITS));
}

static double power_of_two(int exponent)
{
    return double_of((uint64_t)(exponent + EXPONENT_BIAS) << MANTISSA_BITS);
}

double portable_sqrt(double x)
{
    if (!(x > 0.0) || x > 1.7976931348623157e308) {
        return x > 0.0 ? x : 0.0;
    }
    int exponent;
    double m = split(x, &exponent);
    if ((exponent & 1) != 0) {
        m *= 2.0;
        exponent -= 1;
    }
    // A line through the square root on [1, 4), off by less than 4 %; each step of Newton's doubles
    // the correct digits, so four reach the last one.
    double root = 0.3435 * m + 0.6930;
    for (int step = 0; step < 4; step++) {
        root = 0.5 * (root + m / root);
    }
    return root * power_of_two(exponent / 2);
}

/// Taylor series of the sine on [-pi/4, pi/4].
static double sine_series(double x)
{
    const double z = x * x;
    double sum = -1.0 / 1307674368000.0;
    sum = sum * z + 1.0 / 6227020800.0;
    sum = sum * z - 1.0 / 39916800.0;
    sum = sum * z + 1.0 / 362880.0;
    sum = sum * z - 1.0 / 5040.0;
    sum = sum * z + 1.0 / 120.0;
    sum = sum * z - 1.0 / 6.0;
    return x + x * z * sum;
}

/// 1 - x for 0 <= x < 2^-30, rounded to nearest, ties away from one.
///
/// libgcc's subtraction for Arm processors without double precision rounds 1 - x down where x is
/// between 2^-33 and 2^-32: it drops the guard bit of a difference that has to move up by one
/// place. Whole numbers have no such trouble.
static double one_less(double x)
{
    const double UNIT = 9007199254740992.0; // 2^53
    return (double)((INT64_C(1) << 53) - portable_round(x * UNIT)) / UNIT;
}

/// Taylor series of the cosine on [-pi/4, pi/4].
static double cosine_series(double x)
{
    const double z = x * x;
    if (z < 9.313225746154785e-10) { // 2^-30: the next term is beyond the last place.
        return one_less(0.5 * z);
    }
    double sum = 1.0 / 20922789888000.0;
    sum = sum * z - 1.0 / 87178291200.0;
    sum = sum * z + 1.0 / 479001600.0;
    sum = sum * z - 1.0 / 3628800.0;
    sum = sum * z + 1.0 / 40320.0;
    sum = sum * z - 1.0 / 720.0;
    sum = sum * z + 1.0 / 24.0;
    return 1.0 - 0.5 * z + z * z * sum;
}

/// sin(x + quarter_turns * pi/2).
static double sine_of(double x, int64_t quarter_turns)
{
    if (!(x >= -100000.0 && x <= 100000.0)) {
        return 0.0;
    }
    // pi/2 in two parts, the first short enough that its multiples are exact.
    static const double PART_HIGH = 1.57079632673412561417e+00;
    static const double PART_LOW = 6.07710050650619224932e-11;
    const int64_t turns = portable_round(x / PI_HALF);
    const double rest = (x - (double)turns * PART_HIGH) - (double)turns * PART_LOW;
    switch ((turns + quarter_turns) & 3) {
    case 0:
        return sine_series(rest);
    case 1:
        return cosine_series(rest);
    case 2:
        return -sine_series(rest);
    default:
        return -cosine_series(rest);
    }
}

double portable_sin(double x)
{
    return sine_of(x, 0);
}

double portable_cos(double x)
{
    return sine_of(x, 1);
}

/// The arc tangent of 0 <= x <= 1.
static double arc_tangent(double x)
{
    // Halving the angle twice brings x under 0.2, where a dozen terms of the series do.
    double half = x / (1.0 + portable_sqrt(1.0 + x * x));
    half = half / (1.0 + portable_sqrt(1.0 + half * half));
    const double z = half * half;
    double sum = 0.0;
    for (int k = 12; k >= 0; k--) {
        sum = ODD_RECIPROCAL[k] - z * sum;
    }
    return 4.0 * half * sum;
}

double portable_atan2(double y, double x)
{
    const double ax = x < 0.0 ? -x : x;
    const double ay = y < 0.0 ? -y : y;
    if (!(ax + ay > 0.0)) {
        return 0.0;
    }
    double angle = ay <= ax ? arc_tangent(ay / ax) : PI_HALF - arc_tangent(ax / ay);
    if (x < 0.0) {
        angle = 2.0 * PI_HALF - angle;
    }
    return y < 0.0 ? -angle : angle;
}

double portable_log2(double x)
{
    if (!(x > 0.0) || x > 1.7976931348623157e308) {
        return x > 0.0 ? x : -1100.0;
    }
    int exponent;
    double m = split(x, &exponent);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), |argument| < 0.172.
    const double t = (m - 1.0) / (m + 1.0);
    const double z = t * t;
    double sum = 0.0;
    for (int k = 10; k >= 0; k--) {
        sum = sum * z + ODD_RECIPROCAL[k];
    }
    return (double)exponent + 2.0 * t * sum * 1.4426950408889634;
}

int64_t portable_round(double x)
{
    if (x != x) {
        return 0;
    }
    if (x >= 9223372036854775807.0) {
        return INT64_MAX;
    }
    if (x <= -9223372036854775808.0) {
        return INT64_MIN;
    }
    const int64_t whole = (int64_t)x;
    const double rest = x - (double)whole;
    if (rest >= 0.5) {
        return whole + 1;
    }
    return rest <= -0.5 ? whole - 1 : whole;
}

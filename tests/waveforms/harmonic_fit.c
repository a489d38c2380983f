// SPDX-License-Identifier: MIT
#include "harmonic_fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/// The offset, then cosine and sine of each order.
enum { UNKNOWNS = 1 + 2 * HARMONIC_FIT_ORDERS, SUMS = 2 * HARMONIC_FIT_ORDERS + 1 };

static const double TURN = 6.283185307179586;

struct equations {
    double cosine[SUMS]; ///< Sum of cos(m a) over all samples.
    double sine[SUMS];
    double matrix[UNKNOWNS][UNKNOWNS]; ///< Lower half; then its Cholesky factor.
    double right[UNKNOWNS];            ///< Then the solution.
};

static void add_sample(struct equations *e, double angle, double x)
{
    const double c1 = cos(angle);
    const double s1 = sin(angle);
    double c = 1.0;
    double s = 0.0;
    for (unsigned m = 0; m < SUMS; m++) {
        e->cosine[m] += c;
        e->sine[m] += s;
        if (m == 0) {
            e->right[0] += x;
        } else if (m <= HARMONIC_FIT_ORDERS) {
            e->right[2 * m - 1] += x * c;
            e->right[2 * m] += x * s;
        }
        const double next = c * c1 - s * s1;
        s = s * c1 + c * s1;
        c = next;
    }
}

/// Products of two waves are waves of the sum and the difference of their orders.
static double product(const struct equations *e, unsigned row, unsigned column)
{
    const unsigned p = (row + 1) / 2;
    const unsigned q = (column + 1) / 2; // Not above p.
    const unsigned sum = p + q;
    const unsigned difference = p - q;
    const bool p_sine = row != 0 && row % 2 == 0;
    const bool q_sine = column != 0 && column % 2 == 0;
    if (p_sine && q_sine) {
        return 0.5 * (e->cosine[difference] - e->cosine[sum]);
    }
    if (p_sine) {
        return 0.5 * (e->sine[sum] + e->sine[difference]);
    }
    if (q_sine) {
        return 0.5 * (e->sine[sum] - e->sine[difference]);
    }
    return 0.5 * (e->cosine[sum] + e->cosine[difference]);
}

static void factorise(struct equations *e)
{
    for (unsigned row = 0; row < UNKNOWNS; row++) {
        for (unsigned column = 0; column <= row; column++) {
            double rest = product(e, row, column);
            for (unsigned k = 0; k < column; k++) {
                rest -= e->matrix[row][k] * e->matrix[column][k];
            }
            if (row == column) {
                assert_true(rest > 1e-6 * e->cosine[0]);
            }
            e->matrix[row][column] = row == column ? sqrt(rest) : rest / e->matrix[column][column];
        }
    }
}

static void solve(struct equations *e)
{
    for (unsigned row = 0; row < UNKNOWNS; row++) {
        for (unsigned k = 0; k < row; k++) {
            e->right[row] -= e->matrix[row][k] * e->right[k];
        }
        e->right[row] /= e->matrix[row][row];
    }
    for (unsigned row = UNKNOWNS; row-- > 0;) {
        for (unsigned k = row + 1; k < UNKNOWNS; k++) {
            e->right[row] -= e->matrix[k][row] * e->right[k];
        }
        e->right[row] /= e->matrix[row][row];
    }
}

void harmonic_fit(const int32_t *sample, uint32_t first, uint32_t last, double origin,
                  double period, struct harmonic_pointer pointer[HARMONIC_FIT_ORDERS])
{
    static struct equations e;
    e = (struct equations){ .right = { 0.0 } };
    for (uint32_t n = first; n <= last; n++) {
        add_sample(&e, TURN * (n - origin) / period, sample[n]);
    }
    factorise(&e);
    solve(&e);
    for (unsigned n = 0; n < HARMONIC_FIT_ORDERS; n++) {
        pointer[n].re = sqrt(0.5) * e.right[2 * n + 1];
        pointer[n].im = -sqrt(0.5) * e.right[2 * n + 2];
    }
}

// SPDX-License-Identifier: MIT
#include "linearity_estimate.h"

#include "portable_math.h"

static const double pi = 3.14159265358979323846;

enum {
    SHAPES = LINEARITY_HARMONIC_LIMIT - 1,               ///< Harmonics 2 and up.
    UNKNOWNS = 2 * (LINEARITY_SWING_LIMIT - 1) + SHAPES, ///< The first swing sets scale and offset.
    ROUNDS = 4,
    LEAST_EDGES = 24,
};

static const double peak_limit = 0.93; // Nearer to the peaks, noise blurs the law.

/// The levels of one swing by the law of a sine.
struct swing {
    const struct code_density *density;
    double offset;
    double amplitude;
    uint32_t first; ///< Edges away from the peaks.
    uint32_t last;
};

/// Linear equations for offsets, amplitudes and harmonics.
struct equations {
    unsigned unknowns;
    double matrix[UNKNOWNS][UNKNOWNS];
    double right[UNKNOWNS];
};

/// Where an edge lies within the swing, -1 to 1, if the swing were a sine. `*below` counts codes.
static double place(const struct code_density *density, uint64_t below)
{
    return -portable_cos(pi * (double)below / (double)density->total);
}

static double code_at(const struct code_density *density, uint32_t edge)
{
    return (double)density->code_min + (double)edge * (double)density->cell_codes;
}

/// Chebyshev polynomials: cos(h x) over cos(x), from 2 on. In-phase harmonics are just these.
static void shape_at(double w, double shape[SHAPES])
{
    double before = 1.0;
    double now = w;
    for (unsigned h = 0; h < SHAPES; h++) {
        const double next = 2.0 * w * now - before;
        before = now;
        now = next;
        shape[h] = next;
    }
}

/// Walks along the edges of a swing.
struct walk {
    const struct code_density *density;
    uint32_t edge;
    uint64_t below;
};

static double walk_to(struct walk *walk, uint32_t edge)
{
    while (walk->edge < edge) {
        walk->below += walk->density->count[walk->edge];
        walk->edge++;
    }
    return place(walk->density, walk->below);
}

/// A line through code over place: offset and amplitude, were the converter straight.
static bool fit_line(struct swing *swing)
{
    struct walk walk = { .density = swing->density };
    double n = 0.0;
    double w1 = 0.0;
    double w2 = 0.0;
    double c1 = 0.0;
    double wc = 0.0;
    for (uint32_t edge = 0; edge < LINEARITY_EDGES; edge++) {
        const double w = walk_to(&walk, edge);
        if (w > -peak_limit && w < peak_limit) {
            const double c = code_at(swing->density, edge);
            swing->first = n > 0.0 ? swing->first : edge;
            swing->last = edge;
            n += 1.0;
            w1 += w;
            w2 += w * w;
            c1 += c;
            wc += w * c;
        }
    }
    const double spread = n * w2 - w1 * w1;
    if (n < LEAST_EDGES || !(spread > 0.0)) {
        return false;
    }
    swing->amplitude = (n * wc - w1 * c1) / spread;
    swing->offset = (c1 - swing->amplitude * w1) / n;
    return swing->amplitude > 0.0;
}

static bool is_usable(const struct code_density *density)
{
    return density->total >= LINEARITY_LEAST_CODES && density->outside == 0 &&
           density->count[0] < density->total / 1000 &&
           density->count[CODE_DENSITY_CELLS - 1] < density->total / 1000;
}

/// What one swing says of one edge, and how that depends on the unknowns.
struct opinion {
    bool exists;
    double level;
    double slope[UNKNOWNS];
};

static struct opinion ask(const struct swing *swing, struct walk *walk, unsigned index,
                          const double *harmonic, uint32_t edge, unsigned count)
{
    struct opinion opinion = { .exists = edge >= swing->first && edge <= swing->last };
    if (!opinion.exists) {
        return opinion;
    }
    double shape[SHAPES];
    const double w = walk_to(walk, edge);
    shape_at(w, shape);
    double bend = w;
    for (unsigned h = 0; h < SHAPES; h++) {
        bend += harmonic[h] * shape[h];
        opinion.slope[2 * (count - 1) + h] = swing->amplitude * shape[h];
    }
    opinion.level = swing->offset + swing->amplitude * bend;
    if (index > 0) {
        opinion.slope[2 * (index - 1)] = 1.0;
        opinion.slope[2 * (index - 1) + 1] = bend;
    }
    return opinion;
}

/// Takes the mean from all opinions: what is left is where swings disagree.
static void center(struct opinion *opinions, unsigned count, unsigned unknowns)
{
    double n = 0.0;
    struct opinion mean = { .level = 0.0 };
    for (unsigned k = 0; k < count; k++) {
        if (opinions[k].exists) {
            n += 1.0;
            mean.level += opinions[k].level;
            for (unsigned u = 0; u < unknowns; u++) {
                mean.slope[u] += opinions[k].slope[u];
            }
        }
    }
    for (unsigned k = 0; k < count && n > 0.0; k++) {
        opinions[k].level -= mean.level / n;
        for (unsigned u = 0; u < unknowns; u++) {
            opinions[k].slope[u] -= mean.slope[u] / n;
        }
    }
}

static void add_equation(struct equations *equations, const struct opinion *opinion)
{
    for (unsigned i = 0; i < equations->unknowns; i++) {
        for (unsigned j = 0; j <= i; j++) {
            equations->matrix[i][j] += opinion->slope[i] * opinion->slope[j];
        }
        equations->right[i] -= opinion->slope[i] * opinion->level;
    }
}

/// Cholesky's method with a touch of damping, which keeps unknowns that nothing tells at 0.
static void solve(struct equations *e)
{
    for (unsigned i = 0; i < e->unknowns; i++) {
        e->matrix[i][i] += 1e-9 * e->matrix[i][i] + 1e-9;
        for (unsigned j = 0; j <= i; j++) {
            double sum = e->matrix[i][j];
            for (unsigned k = 0; k < j; k++) {
                sum -= e->matrix[i][k] * e->matrix[j][k];
            }
            e->matrix[i][j] = i > j ? sum / e->matrix[j][j] : sum > 0.0 ? portable_sqrt(sum) : 1e9;
        }
    }
    for (unsigned i = 0; i < e->unknowns; i++) {
        for (unsigned k = 0; k < i; k++) {
            e->right[i] -= e->matrix[i][k] * e->right[k];
        }
        e->right[i] /= e->matrix[i][i];
    }
    for (unsigned i = e->unknowns; i-- > 0;) {
        for (unsigned k = i + 1; k < e->unknowns; k++) {
            e->right[i] -= e->matrix[k][i] * e->right[k];
        }
        e->right[i] /= e->matrix[i][i];
    }
}

/// One round: all swings shall agree where they overlap. @return rms of the disagreement before.
static double agree(struct swing *swings, unsigned count, double *harmonic)
{
    struct equations equations = { .unknowns = 2 * (count - 1) + SHAPES };
    struct walk walks[LINEARITY_SWING_LIMIT];
    double square = 0.0;
    double n = 0.0;
    for (unsigned k = 0; k < count; k++) {
        walks[k] = (struct walk){ .density = swings[k].density };
    }
    for (uint32_t edge = 0; edge < LINEARITY_EDGES; edge++) {
        struct opinion opinions[LINEARITY_SWING_LIMIT];
        for (unsigned k = 0; k < count; k++) {
            opinions[k] = ask(&swings[k], &walks[k], k, harmonic, edge, count);
        }
        center(opinions, count, equations.unknowns);
        for (unsigned k = 0; k < count; k++) {
            if (opinions[k].exists) {
                add_equation(&equations, &opinions[k]);
                square += opinions[k].level * opinions[k].level;
                n += 1.0;
            }
        }
    }
    solve(&equations);
    for (unsigned k = 1; k < count; k++) {
        swings[k].offset += equations.right[2 * (k - 1)];
        swings[k].amplitude *= 1.0 + equations.right[2 * (k - 1) + 1] / swings[k].amplitude;
    }
    for (unsigned h = 0; h < SHAPES; h++) {
        harmonic[h] += equations.right[2 * (count - 1) + h];
    }
    return n > 0.0 ? portable_sqrt(square / n) : 0.0;
}

/// The mean opinion on every edge, less its code.
static void collect(const struct swing *swings, unsigned count, const double *harmonic,
                    struct linearity_estimate *estimate)
{
    struct walk walks[LINEARITY_SWING_LIMIT];
    for (unsigned k = 0; k < count; k++) {
        walks[k] = (struct walk){ .density = swings[k].density };
    }
    estimate->first = LINEARITY_EDGES;
    for (uint32_t edge = 0; edge < LINEARITY_EDGES; edge++) {
        double sum = 0.0;
        double n = 0.0;
        for (unsigned k = 0; k < count; k++) {
            const struct opinion opinion = ask(&swings[k], &walks[k], k, harmonic, edge, count);
            sum += opinion.exists ? opinion.level : 0.0;
            n += opinion.exists ? 1.0 : 0.0;
        }
        if (n > 0.0) {
            estimate->first = estimate->first < edge ? estimate->first : edge;
            estimate->last = edge;
            estimate->correction[edge] = (float)(sum / n - code_at(swings[0].density, edge));
        }
    }
}

/// Takes the best straight line off, and lets the ends hold on.
static void straighten(struct linearity_estimate *estimate)
{
    double n = 0.0;
    double x1 = 0.0;
    double x2 = 0.0;
    double y1 = 0.0;
    double xy = 0.0;
    for (uint32_t edge = estimate->first; edge <= estimate->last; edge++) {
        const double x = edge;
        const double y = (double)estimate->correction[edge];
        n += 1.0;
        x1 += x;
        x2 += x * x;
        y1 += y;
        xy += x * y;
    }
    const double slope = (n * xy - x1 * y1) / (n * x2 - x1 * x1);
    const double offset = (y1 - slope * x1) / n;
    estimate->largest_codes = 0.0;
    for (uint32_t edge = estimate->first; edge <= estimate->last; edge++) {
        const double y = (double)estimate->correction[edge] - offset - slope * edge;
        estimate->correction[edge] = (float)y;
        const double size = y < 0.0 ? -y : y;
        estimate->largest_codes = size > estimate->largest_codes ? size : estimate->largest_codes;
    }
    for (uint32_t edge = 0; edge < LINEARITY_EDGES; edge++) {
        const uint32_t held = edge < estimate->first  ? estimate->first
                              : edge > estimate->last ? estimate->last
                                                      : edge;
        estimate->correction[edge] = estimate->correction[held];
    }
}

static bool are_alike(const struct code_density *a, const struct code_density *b)
{
    return a->code_min == b->code_min && a->cell_codes == b->cell_codes && a->cell_codes > 0;
}

enum status linearity_estimate(const struct code_density *const *swing, unsigned count,
                               struct linearity_estimate *estimate)
{
    struct swing swings[LINEARITY_SWING_LIMIT];
    double harmonic[SHAPES] = { 0.0 };
    if (count == 0 || count > LINEARITY_SWING_LIMIT) {
        return STATUS_INVALID;
    }
    double least = 0.0;
    double most = 0.0;
    for (unsigned k = 0; k < count; k++) {
        swings[k] = (struct swing){ .density = swing[k] };
        if (!are_alike(swing[k], swing[0])) {
            return STATUS_INVALID;
        }
        if (!is_usable(swing[k]) || !fit_line(&swings[k])) {
            return STATUS_MISSING;
        }
        const double amplitude = swings[k].amplitude;
        least = k == 0 || amplitude < least ? amplitude : least;
        most = amplitude > most ? amplitude : most;
    }
    if (count > 1 && least > 0.8 * most) {
        return STATUS_MISSING;
    }
    *estimate = (struct linearity_estimate){ .code_min = swing[0]->code_min,
                                             .cell_codes = swing[0]->cell_codes,
                                             .separated = count > 1 };
    for (unsigned round = 0; round < ROUNDS && count > 1; round++) {
        estimate->disagreement_codes = agree(swings, count, harmonic);
    }
    collect(swings, count, harmonic, estimate);
    straighten(estimate);
    return STATUS_OK;
}

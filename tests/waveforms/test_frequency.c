// SPDX-License-Identifier: MIT

/// How well the frequency of one 10/12-cycle window is known, over random trials: 12 bits, one code
/// of noise, 45 to 65 Hz, through distortion, double zero crossings and dips.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mains_phase.h"

enum { RATE = 10000, TRIALS = 60 };

static const double TURN = 6.283185307179586;

enum disturbance { CLEAN, DISTORTED, CROSSING_TWICE, DIPPED, JUMPED };

struct grid {
    enum disturbance disturbance;
    double frequency_hz;
    double rate_error; ///< Of the rate that the tracker is told.
    double angle[4];   ///< Of the harmonics.
    double turns;
    uint64_t dice;
};

static double evenly(struct grid *grid)
{
    grid->dice = grid->dice * 6364136223846793005u + 1442695040888963407u;
    return (double)(grid->dice >> 11) / 9007199254740992.0;
}

static double normally(struct grid *grid)
{
    double sum = -6.0; // Twelve evenly spread numbers: variance 1.
    for (unsigned n = 0; n < 12; n++) {
        sum += evenly(grid);
    }
    return sum;
}

/// One code; `frame` says whether a dip is on.
static int32_t next_code(struct grid *grid, uint32_t frame)
{
    const double a = TURN * grid->turns;
    double level = 1500.0;
    double shape = sin(a);
    if (grid->disturbance == DISTORTED) { // 20 %: four harmonics of a tenth.
        shape += 0.1 * (sin(3.0 * a + grid->angle[0]) + sin(5.0 * a + grid->angle[1]) +
                        sin(7.0 * a + grid->angle[2]) + sin(11.0 * a + grid->angle[3]));
    } else if (grid->disturbance == CROSSING_TWICE) { // Rings around zero: slope below zero there.
        shape += 0.09 * sin(15.0 * a + 3.14159265) + 0.05 * sin(23.0 * a + 3.14159265);
    } else if (grid->disturbance == DIPPED) {
        const uint32_t from = RATE + 137;
        level *= frame >= from && frame < from + RATE / 5 ? 0.7 : 1.0;
    }
    if (grid->disturbance == JUMPED && frame == RATE + 137) {
        grid->turns += 0.08;
    }
    grid->turns += grid->frequency_hz / RATE;
    return 2048 + (int32_t)lround(level * shape + normally(grid));
}

struct figures {
    double worst_mhz; ///< Of windows without a flag.
    unsigned flagged;
    unsigned windows;
    double after_flag_mhz; ///< Worst of the first clean window after a flagged cycle.
};

static void take_window(struct figures *figures, double off_mhz, bool *after_flag)
{
    figures->worst_mhz = fmax(figures->worst_mhz, off_mhz);
    figures->after_flag_mhz =
        *after_flag ? fmax(figures->after_flag_mhz, off_mhz) : figures->after_flag_mhz;
    figures->windows++;
    *after_flag = false;
}

static void listen(struct grid *grid, struct figures *figures)
{
    struct mains_phase phase;
    const double told_hz = RATE * (1.0 + grid->rate_error);
    assert_int_equal(mains_phase_init(&phase, (uint64_t)llround(1000.0 * told_hz), 100.0),
                     STATUS_OK);
    const unsigned wanted = grid->frequency_hz < 55.0 ? 10 : 12;
    double begin = 0.0;
    unsigned cycles = 0;
    bool begun = false;
    bool after_flag = false;
    double waiting_mhz = -1.0; // A window counts when the cycle after it has not jumped.
    for (uint32_t frame = 0; frame < RATE * 5 / 2; frame++) {
        const int32_t code = next_code(grid, frame);
        struct mains_phase_boundary boundary;
        if (!mains_phase_feed(&phase, &code, 1, &boundary)) {
            continue;
        }
        const double at = frame - 1.0 + boundary.fraction;
        if (waiting_mhz >= 0.0 && !boundary.jumped) {
            take_window(figures, waiting_mhz, &after_flag);
        }
        waiting_mhz = -1.0;
        if (boundary.jumped || !begun) {
            figures->flagged += boundary.jumped;
            after_flag |= boundary.jumped;
            begun = true;
            begin = at;
            cycles = 0;
        } else if (++cycles == wanted) {
            waiting_mhz = 1000.0 * fabs(wanted * RATE / (at - begin) - grid->frequency_hz);
            begin = at;
            cycles = 0;
        }
    }
}

static struct figures try(enum disturbance disturbance, const char *name)
{
    struct figures figures = { .windows = 0 };
    for (unsigned n = 0; n < TRIALS; n++) {
        struct grid grid = { .disturbance = disturbance, .dice = n + 1000u * disturbance };
        grid.frequency_hz = 45.0 + 20.0 * evenly(&grid);
        grid.rate_error = n % 3 == 0 ? 0.005 : 0.0;
        grid.turns = evenly(&grid);
        for (unsigned k = 0; k < 4; k++) {
            grid.angle[k] = TURN * evenly(&grid);
        }
        listen(&grid, &figures);
    }
    print_message(
        "%-16s %4u windows of 200 ms: %.2f mHz at worst, %.2f in the first after a flag; %u "
        "cycles flagged\n",
        name, figures.windows, figures.worst_mhz, figures.after_flag_mhz, figures.flagged);
    return figures;
}

static void knows_a_clean_mains_within_a_millihertz(void **state)
{
    (void)state;
    const struct figures figures = try(CLEAN, "clean");
    assert_true(figures.worst_mhz < 1.0);
    assert_int_equal(figures.flagged, 0);
}

static void is_not_misled_by_harmonics(void **state)
{
    (void)state;
    const struct figures figures = try(DISTORTED, "20 % THD");
    assert_true(figures.worst_mhz < 1.0);
    assert_int_equal(figures.flagged, 0);
}

static void counts_a_crossing_once_that_happens_several_times(void **state)
{
    (void)state;
    const struct figures figures = try(CROSSING_TWICE, "double crossings");
    assert_true(figures.worst_mhz < 1.0);
    assert_int_equal(figures.flagged, 0);
}

static void flags_the_edges_of_a_dip_or_is_right(void **state)
{
    (void)state;
    const struct figures figures = try(DIPPED, "dip to 70 %");
    assert_true(figures.windows > 5 * TRIALS);
    assert_true(figures.worst_mhz < 1.0);
    assert_true(figures.after_flag_mhz < 1.0);
}

static void flags_a_phase_jump_and_is_right_in_the_next_clean_window(void **state)
{
    (void)state;
    const struct figures figures = try(JUMPED, "phase jump");
    assert_true(figures.flagged >= TRIALS);
    assert_true(figures.after_flag_mhz < 1.0);
    assert_true(figures.worst_mhz < 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_clean_mains_within_a_millihertz),
        cmocka_unit_test(is_not_misled_by_harmonics),
        cmocka_unit_test(counts_a_crossing_once_that_happens_several_times),
        cmocka_unit_test(flags_the_edges_of_a_dip_or_is_right),
        cmocka_unit_test(flags_a_phase_jump_and_is_right_in_the_next_clean_window),
    };
    return cmocka_run_group_tests_name("frequency", tests, NULL, NULL);
}

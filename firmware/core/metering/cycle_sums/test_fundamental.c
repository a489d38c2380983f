// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cycle_sums.h"

enum { BLOCK = 100, BLOCKS = 25 };

static const double TURN = 6.283185307179586;

/// Two inputs with a known fundamental each, an offset and harmonics.
struct signal {
    double period; ///< Frames a cycle.
    double peak;   ///< Of input 0; input 1 has half of it.
    double angle;  ///< Input 1 is so late.
    double third;  ///< In input 1.
    double offset;
    bool skips; ///< Input 1 shows something in every second cycle only.
};

struct fixture {
    double waver; ///< Every second boundary is found so many frames late.
    struct wiring wiring;
    struct frame_history history;
    struct adc_block block[BLOCKS];
};

static void fill(struct fixture *f, const struct signal *signal)
{
    memset(f, 0, sizeof *f);
    f->wiring = wiring_of_one_voltage(1, 1.0, 1.0);
    for (unsigned n = 0; n < BLOCK * BLOCKS; n++) {
        struct adc_block *block = &f->block[n / BLOCK];
        const double a = TURN * n / signal->period;
        const bool quiet = signal->skips && ((unsigned)((n + 0.5) / signal->period) & 1u) != 0;
        const double i = quiet ? 0.0 : sin(a - signal->angle) + signal->third * sin(3.0 * a + 1.0);
        block->frame_count = BLOCK;
        block->code[0][n % BLOCK] = (int32_t)lround(signal->peak * sin(a) + signal->offset);
        block->code[1][n % BLOCK] = (int32_t)lround(0.5 * signal->peak * i + signal->offset);
    }
}

/// Sums of cycles from `boundary` on, in frames after frame 0, each from a boundary of its own and
/// with an oscillator of `pace` frames that goes on as the sampling task lets it.
static struct cycle_sums sum_cycles(struct fixture *f, double boundary, double period, double pace,
                                    unsigned cycles)
{
    struct cycle_sums total;
    struct cycle_sums cycle;
    unsigned done = 0;
    int32_t carry = 0;
    bool begun = false;
    frame_history_init(&f->history);
    for (unsigned b = 0; b < BLOCKS && done < cycles; b++) {
        const struct adc_block *block = &f->block[b];
        frame_history_take(&f->history, 2, block);
        uint32_t from = 0;
        while (done < cycles && (uint32_t)boundary + 1u < (b + 1u) * BLOCK) {
            const uint32_t frame = (uint32_t)boundary + 1u - b * BLOCK;
            const struct sums_edge edge =
                frame_history_edge(&f->history, block, frame, boundary - floor(boundary));
            if (begun) {
                cycle_sums_add(&cycle, &f->wiring, 2, block, &f->history, from, frame);
                cycle.end = edge;
                carry = cycle_sums_carry(&cycle);
                if (done++ == 0) {
                    total = cycle;
                } else {
                    cycle_sums_join(&total, &cycle);
                }
            }
            cycle_sums_begin(&cycle, &edge);
            cycle_sums_tune(&cycle, pace, carry);
            boundary += period + (done % 2u == 0 ? f->waver : -f->waver);
            begun = true;
            from = frame;
        }
        if (begun) {
            cycle_sums_add(&cycle, &f->wiring, 2, block, &f->history, from, BLOCK);
        }
    }
    assert_int_equal(done, cycles);
    return total;
}

struct errors {
    double v1;
    double i1;
    double p1; ///< Relative to S1.
    double q1;
};

static struct errors errors_of(const struct cycle_sums *sums, const struct signal *signal)
{
    struct sums_phasor v;
    struct sums_phasor i;
    assert_true(cycle_sums_fundamental(sums, 0, &v));
    assert_true(cycle_sums_fundamental(sums, 1, &i));
    const double rms_v = signal->peak * sqrt(0.5);
    const double rms_i = 0.5 * rms_v;
    const double p = v.re * i.re + v.im * i.im;
    const double q = v.im * i.re - v.re * i.im;
    return (struct errors){ .v1 = fabs(hypot(v.re, v.im) / rms_v - 1.0),
                            .i1 = fabs(hypot(i.re, i.im) / rms_i - 1.0),
                            .p1 = fabs(p / (rms_v * rms_i) - cos(signal->angle)),
                            .q1 = fabs(q / (rms_v * rms_i) - sin(signal->angle)) };
}

static struct errors worst_of(double third, double mismatch, unsigned cycles)
{
    static struct fixture f;
    struct errors worst = { .v1 = 0.0 };
    for (unsigned n = 0; n < 24; n++) {
        const struct signal signal = { .period = 154.0 + 3.0137 * n,
                                       .peak = 1e6,
                                       .angle = 0.27 * n,
                                       .third = third,
                                       .offset = 123456.0 };
        fill(&f, &signal);
        const struct cycle_sums sums =
            sum_cycles(&f, 30.4, signal.period, signal.period * (1.0 + mismatch), cycles);
        const struct errors e = errors_of(&sums, &signal);
        worst.v1 = fmax(worst.v1, e.v1);
        worst.i1 = fmax(worst.i1, e.i1);
        worst.p1 = fmax(worst.p1, e.p1);
        worst.q1 = fmax(worst.q1, e.q1);
    }
    print_message("third %3.0f %%, mismatch %.2f %%, %2u cycles: V1 %.1e, I1 %.1e, P1 %.1e, Q1 "
                  "%.1e of S1\n",
                  100.0 * third, 100.0 * mismatch, cycles, worst.v1, worst.i1, worst.p1, worst.q1);
    return worst;
}

static void assert_below(struct errors worst, double limit)
{
    assert_true(worst.v1 < limit);
    assert_true(worst.i1 < limit);
    assert_true(worst.p1 < limit);
    assert_true(worst.q1 < limit);
}

static void finds_the_fundamental_of_whole_cycles(void **state)
{
    (void)state;
    assert_below(worst_of(0.0, 0.0, 1), 5e-5);
    assert_below(worst_of(0.0, 0.0, 10), 2e-5);
    assert_below(worst_of(0.35, 0.0, 10), 2e-5);
}

/// All samples fall on points of the oscillator's table, or all between them.
static void does_not_mind_a_rate_that_is_locked_to_the_mains(void **state)
{
    (void)state;
    static struct fixture f;
    static const double boundaries[] = { 30.0, 30.25, 30.4, 30.5 };
    for (unsigned n = 0; n < 12; n++) {
        const struct signal signal = { .period = n < 4   ? 128.0
                                                 : n < 8 ? 64.0
                                                         : 160.0,
                                       .peak = 1e6,
                                       .angle = 0.5,
                                       .third = 0.2 };
        fill(&f, &signal);
        const struct cycle_sums sums =
            sum_cycles(&f, boundaries[n % 4], signal.period, signal.period, 10);
        assert_below(errors_of(&sums, &signal), 3e-5);
    }
}

static void does_not_need_to_know_the_length_of_a_cycle_exactly(void **state)
{
    (void)state;
    assert_below(worst_of(0.0, 0.0002, 10), 2e-5);
    assert_below(worst_of(0.35, 0.0002, 10), 1e-4);
    assert_below(worst_of(0.0, 0.005, 10), 3e-4);
    assert_below(worst_of(0.35, 0.005, 10), 2e-3);
}

/// A load that skips every second cycle moves the crossings next to it, so that boundaries come
/// late and early in turn. Its current has no part in that and must not be turned by it.
static void does_not_turn_a_current_that_skips_cycles_when_boundaries_waver(void **state)
{
    (void)state;
    static struct fixture f;
    const struct signal signal = { .period = 200.0, .peak = 1e6, .angle = 0.2, .skips = true };
    fill(&f, &signal);
    f.waver = 0.02; // Of 200 frames: 0.036 degrees.
    const struct cycle_sums sums = sum_cycles(&f, 200.4, signal.period, signal.period, 10);
    struct sums_phasor v;
    struct sums_phasor i;
    assert_true(cycle_sums_fundamental(&sums, 0, &v));
    assert_true(cycle_sums_fundamental(&sums, 1, &i));
    const double angle = atan2(v.im * i.re - v.re * i.im, v.re * i.re + v.im * i.im);
    const double off = 360.0 / TURN * (angle - signal.angle);
    print_message("boundaries waver by 0.036 degrees: the angle is off by %+.4f\n", off);
    assert_true(fabs(off) < 0.004);
}

static void gives_the_same_sums_for_small_codes_in_both_widths(void **state)
{
    (void)state;
    static struct fixture f;
    static struct fixture g;
    const struct signal signal = {
        .period = 199.7, .peak = 1500.0, .angle = 0.4, .third = 0.3, .offset = 2048.0
    };
    fill(&f, &signal);
    g = f;
    // An input that nobody wired forces the wide way.
    for (unsigned n = 0; n < BLOCKS; n++) {
        g.block[n].code[2][0] = 5000;
    }
    struct cycle_sums narrow;
    struct cycle_sums wide;
    const struct sums_edge edge = { .fraction = 0.3 };
    cycle_sums_begin(&narrow, &edge);
    cycle_sums_begin(&wide, &edge);
    cycle_sums_tune(&narrow, 200.0, 0);
    cycle_sums_tune(&wide, 200.0, 0);
    for (unsigned n = 0; n < BLOCKS; n++) {
        frame_history_take(&f.history, 2, &f.block[n]);
        frame_history_take(&g.history, 3, &g.block[n]);
        assert_true(f.history.narrow);
        assert_false(g.history.narrow);
        const uint32_t cut = 7 * n % BLOCK;
        cycle_sums_add(&narrow, &f.wiring, 2, &f.block[n], &f.history, 0, cut);
        cycle_sums_add(&narrow, &f.wiring, 2, &f.block[n], &f.history, cut, BLOCK);
        cycle_sums_add(&wide, &g.wiring, 2, &g.block[n], &g.history, 0, cut);
        cycle_sums_add(&wide, &g.wiring, 2, &g.block[n], &g.history, cut, BLOCK);
    }
    assert_memory_equal(&narrow, &wide, sizeof narrow);
}

static void takes_back_a_wave_that_did_not_fit(void **state)
{
    (void)state;
    static struct fixture f;
    const struct signal signal = { .period = 166.67, .peak = 1e6, .angle = 1.0 };
    struct sums_phasor phasor;
    fill(&f, &signal);
    struct cycle_sums first = sum_cycles(&f, 30.4, signal.period, 200.0, 1);
    cycle_sums_check_tune(&first, signal.period);
    assert_false(cycle_sums_fundamental(&first, 0, &phasor));
    const struct cycle_sums rest = sum_cycles(&f, 30.4, signal.period, signal.period, 9);
    cycle_sums_join(&first, &rest);
    assert_below(errors_of(&first, &signal), 3e-3); // Whole frames only, of nine cycles.
}

static void has_no_fundamental_for_a_piece_of_a_cycle(void **state)
{
    (void)state;
    static struct fixture f;
    const struct signal signal = { .period = 200.0, .peak = 1e6, .angle = 1.0 };
    struct cycle_sums sums;
    struct sums_phasor phasor;
    const struct sums_edge edge = { .fraction = 1.0 };
    fill(&f, &signal);
    cycle_sums_begin(&sums, &edge);
    cycle_sums_tune(&sums, 200.0, 0);
    assert_false(cycle_sums_fundamental(&sums, 0, &phasor));
    frame_history_take(&f.history, 2, &f.block[0]);
    cycle_sums_add(&sums, &f.wiring, 2, &f.block[0], &f.history, 0, 60);
    sums.end = frame_history_edge(&f.history, &f.block[0], 60, 0.0);
    assert_false(cycle_sums_fundamental(&sums, 0, &phasor));
    assert_true(phasor.re == 0.0 && phasor.im == 0.0);
}

static void survives_the_largest_codes_for_as_long_as_it_says(void **state)
{
    (void)state;
    static struct fixture f;
    f.wiring = wiring_of_one_voltage(1, 1.0, 1.0);
    struct cycle_sums sums;
    struct cycle_sums total;
    const struct sums_edge edge = { .fraction = 0.0 };
    f.block[0].frame_count = ADC_FRAME_LIMIT;
    for (unsigned n = 0; n < ADC_FRAME_LIMIT; n++) {
        f.block[0].code[0][n] = f.block[0].code[1][n] = -CYCLE_SUMS_CODE_LIMIT;
    }
    cycle_sums_begin(&total, &edge);
    cycle_sums_begin(&sums, &edge);
    cycle_sums_tune(&sums, 200.0, 0);
    frame_history_take(&f.history, 2, &f.block[0]);
    cycle_sums_add(&sums, &f.wiring, 2, &f.block[0], &f.history, 0, ADC_FRAME_LIMIT);
    while (cycle_sums_room(&total, &sums, CYCLE_SUMS_CODE_LIMIT)) {
        cycle_sums_join(&total, &sums);
    }
    assert_int_equal(total.frames, CYCLE_SUMS_FRAMES);
    assert_true(total.square[0] == INT64_C(1) << 62);
    cycle_sums_lose(&total, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_fundamental_of_whole_cycles),
        cmocka_unit_test(does_not_mind_a_rate_that_is_locked_to_the_mains),
        cmocka_unit_test(does_not_need_to_know_the_length_of_a_cycle_exactly),
        cmocka_unit_test(does_not_turn_a_current_that_skips_cycles_when_boundaries_waver),
        cmocka_unit_test(gives_the_same_sums_for_small_codes_in_both_widths),
        cmocka_unit_test(takes_back_a_wave_that_did_not_fit),
        cmocka_unit_test(has_no_fundamental_for_a_piece_of_a_cycle),
        cmocka_unit_test(survives_the_largest_codes_for_as_long_as_it_says),
    };
    return cmocka_run_group_tests_name("fundamental", tests, NULL, NULL);
}

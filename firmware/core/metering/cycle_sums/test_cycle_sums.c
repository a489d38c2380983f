// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cycle_sums.h"

enum { FRAMES = 1000, RATE = 10000, CYCLE = 200 };

static const double TURN = 6.283185307179586;

/// A signal, and the sums of the stretch between two edges fed in blocks of odd sizes.
struct fixture {
    struct wiring wiring;
    struct frame_history history;
    struct adc_block block;
    int32_t voltage[FRAMES];
    int32_t current[FRAMES];
};

static struct fixture make_signal(void)
{
    struct fixture f = { .wiring = wiring_of_one_voltage(1, 1.0, 1.0) };
    frame_history_init(&f.history);
    for (unsigned n = 0; n < FRAMES; n++) {
        const double angle = TURN * 50.0 * n / RATE;
        f.voltage[n] = (int32_t)lround(200000.0 * sin(angle)) + 70000;
        f.current[n] = (int32_t)lround(150000.0 * sin(angle - 1.0)) - 3000;
    }
    return f;
}

/// Sums from between frames to between frames; an edge at frame n and fraction x is at n - 1 + x.
static struct cycle_sums sum_between(struct fixture *f, uint32_t size, uint32_t begin,
                                     double begin_fraction, uint32_t end, double end_fraction)
{
    struct cycle_sums sums;
    for (uint32_t start = 0; start < FRAMES; start += f->block.frame_count) {
        f->block.frame_count = start + size <= FRAMES ? size : FRAMES - start;
        memcpy(f->block.code[0], f->voltage + start, f->block.frame_count * sizeof(int32_t));
        memcpy(f->block.code[1], f->current + start, f->block.frame_count * sizeof(int32_t));
        frame_history_take(&f->history, 2, &f->block);
        const uint32_t after = start + f->block.frame_count;
        uint32_t from = start;
        uint32_t to = after;
        if (begin >= start && begin < after) {
            const struct sums_edge edge =
                frame_history_edge(&f->history, &f->block, begin - start, begin_fraction);
            cycle_sums_begin(&sums, &edge);
            cycle_sums_tune(&sums, CYCLE, 0);
            from = begin;
        }
        to = end < to ? end : to;
        if (from >= begin && to > from) {
            cycle_sums_add(&sums, &f->wiring, 2, &f->block, &f->history, from - start, to - start);
        }
        if (end >= start && end < after) {
            sums.end = frame_history_edge(&f->history, &f->block, end - start, end_fraction);
        }
    }
    return sums;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

static void gives_the_same_means_wherever_a_whole_number_of_cycles_begins(void **state)
{
    (void)state;
    struct fixture f = make_signal();
    for (unsigned n = 0; n < 77; n++) {
        const double at = 200.0 + 0.13 * n;
        const uint32_t frame = (uint32_t)at;
        const struct cycle_sums sums =
            sum_between(&f, 37, frame + 1, at - frame, frame + 601, at - frame);
        assert_near(cycle_sums_length(&sums), 600.0, 1e-9);
        assert_near(cycle_sums_mean(&sums, 0), 70000.0, 1.0);
        const double v = cycle_sums_mean(&sums, 0);
        const double i = cycle_sums_mean(&sums, 1);
        assert_near(sqrt(cycle_sums_mean_square(&sums, 0) - v * v), 200000.0 / sqrt(2.0), 2.0);
        const double half = 200000.0 * 150000.0 / 2.0;
        assert_near((cycle_sums_mean_product(&sums, &f.wiring, 0) - v * i) / half, cos(1.0), 2e-5);
        const double step = TURN * 50.0 / RATE;
        assert_near((cycle_sums_mean_behind(&sums, &f.wiring, 0) - v * i) / half, cos(1.0 - step),
                    2e-5);
        assert_near((cycle_sums_mean_ahead(&sums, &f.wiring, 0) - v * i) / half, cos(1.0 + step),
                    2e-5);
    }
}

static void does_not_depend_on_how_frames_are_cut_into_blocks(void **state)
{
    (void)state;
    struct fixture f = make_signal();
    const struct cycle_sums one = sum_between(&f, ADC_FRAME_LIMIT, 256, 0.3, 700, 0.8);
    static const uint32_t sizes[] = { 1, 7, 64, 100, 127 };
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        struct fixture g = make_signal();
        const struct cycle_sums other = sum_between(&g, sizes[n], 256, 0.3, 700, 0.8);
        assert_memory_equal(one.sum, other.sum, sizeof one.sum);
        assert_memory_equal(one.square, other.square, sizeof one.square);
        assert_memory_equal(one.cross, other.cross, sizeof one.cross);
        assert_memory_equal(one.behind, other.behind, sizeof one.behind);
        assert_memory_equal(one.ahead, other.ahead, sizeof one.ahead);
        assert_memory_equal(&one.wave, &other.wave, sizeof one.wave);
        assert_memory_equal(one.end.before, other.end.before, 2 * sizeof(int32_t));
        assert_memory_equal(one.end.earlier, other.end.earlier, 2 * sizeof(int32_t));
        assert_memory_equal(one.begin.earlier, other.begin.earlier, 2 * sizeof(int32_t));
        assert_int_equal(one.frames, other.frames);
    }
}

static void joins_two_stretches_into_what_one_would_have_been(void **state)
{
    (void)state;
    struct fixture f = make_signal();
    const struct cycle_sums whole = sum_between(&f, 64, 300, 0.25, 900, 0.5);
    struct fixture g = make_signal();
    struct cycle_sums joined = sum_between(&g, 64, 300, 0.25, 512, 0.75);
    struct fixture h = make_signal();
    const struct cycle_sums rest = sum_between(&h, 64, 512, 0.75, 900, 0.5);
    cycle_sums_join(&joined, &rest);
    assert_int_equal(joined.frames, whole.frames);
    assert_memory_equal(joined.square, whole.square, sizeof whole.square);
    assert_true(cycle_sums_mean_product(&joined, &f.wiring, 0) ==
                cycle_sums_mean_product(&whole, &f.wiring, 0));
}

static void gives_zero_for_a_stretch_of_no_length(void **state)
{
    (void)state;
    struct cycle_sums sums;
    const struct sums_edge edge = { .fraction = 0.5, .before = { 5 }, .after = { 7 } };
    cycle_sums_begin(&sums, &edge);
    assert_near(cycle_sums_mean(&sums, 0), 0.0, 0.0);
    assert_near(cycle_sums_mean_square(&sums, 0), 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_means_wherever_a_whole_number_of_cycles_begins),
        cmocka_unit_test(does_not_depend_on_how_frames_are_cut_into_blocks),
        cmocka_unit_test(joins_two_stretches_into_what_one_would_have_been),
        cmocka_unit_test(gives_zero_for_a_stretch_of_no_length),
    };
    return cmocka_run_group_tests_name("cycle_sums", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampling_task.h"

enum { RATE = 10000, RING_SLOTS = 4, CYCLE_FRAMES = 200 };

static const double TURN = 6.283185307179586;

/// A converter that numbers its frames on input 1, with a mains of 50 Hz on input 0.
struct fake_converter {
    struct adc_source source;
    uint32_t frame;
    uint32_t block_size;
    uint64_t rate_mhz;
    uint32_t lose_next;
    bool lose_unknown_next;
    bool swap_next;
};

/// What a tap heard, checked as it comes.
struct listener {
    struct frame_tap tap;
    int32_t next; ///< The frame that has to come.
    uint64_t lost;
    uint32_t gaps;
    uint32_t boundaries;
    uint32_t windows;
    uint32_t cycles; ///< Sound ones since the last window ended.
    double last_at;
    uint64_t last_us;
    double rate_hz;
};

struct fixture {
    struct fake_converter converter;
    struct wiring wiring;
    struct ring ring;
    struct cycle_window slots[RING_SLOTS];
    struct sampling_task task;
    struct listener listener;
};

static enum status fake_read(void *ctx, struct adc_block *block)
{
    struct fake_converter *c = ctx;
    block->lost_frames = c->lose_next;
    block->lost_unknown = c->lose_unknown_next;
    block->channel_swap = c->swap_next;
    block->frame_count = c->block_size;
    c->frame += c->lose_next;
    for (uint32_t n = 0; n < c->block_size; n++, c->frame++) {
        block->code[0][n] = (int32_t)lround(1500.0 * sin(TURN * 50.0 * c->frame / RATE));
        block->code[1][n] = (int32_t)c->frame;
    }
    c->lose_next = 0;
    c->lose_unknown_next = false;
    c->swap_next = false;
    return STATUS_OK;
}

static uint64_t fake_rate(void *ctx)
{
    const struct fake_converter *c = ctx;
    return c->rate_mhz;
}

static void hear_frames(void *ctx, const struct adc_block *block, uint32_t from, uint32_t to)
{
    struct listener *l = ctx;
    assert_true(from < to && to <= block->frame_count);
    for (uint32_t n = from; n < to; n++) {
        assert_int_equal(block->code[1][n], l->next);
        l->next++;
    }
}

static void hear_boundary(void *ctx, const struct tap_boundary *boundary)
{
    struct listener *l = ctx;
    const double at = l->next - 1.0 + boundary->fraction;
    assert_true(boundary->fraction >= 0.0 && boundary->fraction < 1.0);
    assert_int_equal(boundary->cycles_per_window, 10);
    if (!boundary->jumped) {
        // The mains of the test has cycles of exactly 200 frames, so this is where they lie.
        assert_true(fabs(at - l->last_at - CYCLE_FRAMES) < 0.02);
        assert_true(fabs(boundary->cycle_frames - CYCLE_FRAMES) < 0.02);
        assert_true(fabs(boundary->period_frames - CYCLE_FRAMES) < 0.02);
        assert_in_range(boundary->uptime_us - l->last_us, 19800, 20200);
    }
    l->cycles = boundary->jumped ? 0 : l->cycles + 1;
    assert_int_equal(boundary->window_ends, l->cycles == 10);
    if (boundary->window_ends) {
        l->windows++;
        l->cycles = 0;
    }
    l->rate_hz = boundary->rate_hz;
    l->last_at = at;
    l->last_us = boundary->uptime_us;
    l->boundaries++;
}

static void hear_gap(void *ctx, uint64_t lost_frames)
{
    struct listener *l = ctx;
    l->gaps++;
    l->lost += lost_frames;
    l->next += (int32_t)lost_frames;
    l->cycles = 0;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.converter.block_size = 100;
    f.converter.rate_mhz = RATE * 1000u;
    f.converter.source = (struct adc_source){ .input_count = 2,
                                              .code_min = -2000000,
                                              .code_max = 2000000,
                                              .read = fake_read,
                                              .frame_rate_mhz = fake_rate,
                                              .ctx = &f.converter };
    f.listener.tap = (struct frame_tap){
        .frames = hear_frames, .boundary = hear_boundary, .gap = hear_gap, .ctx = &f.listener
    };
    f.wiring = wiring_of_one_voltage(1, 0.2, 0.01);
    *state = &f;
    const struct sampling_settings settings = sampling_settings_default();
    return ring_init(&f.ring, f.slots, sizeof f.slots[0], RING_SLOTS) == STATUS_OK &&
                   sampling_task_init(&f.task, &f.converter.source, &f.wiring, &f.ring,
                                      &settings) == STATUS_OK &&
                   sampling_task_add_tap(&f.task, &f.listener.tap) == STATUS_OK
               ? 0
               : -1;
}

static void run_until(struct fixture *f, uint32_t frame, bool drain)
{
    while (f->converter.frame < frame) {
        const uint64_t now = f->converter.frame + f->converter.lose_next + f->converter.block_size;
        assert_int_equal(sampling_task_step(&f->task, now * 1000000u / RATE), STATUS_OK);
        while (drain && ring_peek(&f->ring) != NULL) {
            ring_release(&f->ring);
        }
    }
}

static void tells_every_frame_once_and_boundaries_between_the_right_ones(void **state)
{
    static const uint32_t sizes[] = { 1, 3, 64, 127, 128 };
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        assert_int_equal(power_up(state), 0);
        struct fixture *f = *state;
        f->converter.block_size = sizes[n];
        run_until(f, 10000, true);
        assert_int_equal(f->listener.next, f->converter.frame);
        assert_in_range(f->listener.boundaries, 49, 51);
        assert_int_equal(f->listener.windows, (f->listener.boundaries - 1) / 10);
        assert_int_equal(f->listener.gaps, 0);
    }
}

static void tells_the_end_of_windows_though_nobody_takes_them(void **state)
{
    struct fixture *f = *state;
    run_until(f, 30000, false);
    assert_int_equal(f->listener.windows, 14);
    assert_int_equal(f->listener.next, f->converter.frame);
}

static void tells_the_rate_that_was_measured_last(void **state)
{
    struct fixture *f = *state;
    run_until(f, 3000, true);
    assert_true(fabs(f->listener.rate_hz - RATE) < 1e-9);
    f->converter.rate_mhz = RATE * 1003u;
    run_until(f, 4000, true);
    assert_true(fabs(f->listener.rate_hz - 1.003 * RATE) < 1e-9);
}

static void tells_what_was_lost_before_the_next_frame(void **state)
{
    struct fixture *f = *state;
    run_until(f, 3000, true);
    f->converter.lose_next = 7;
    run_until(f, 6000, true);
    assert_int_equal(f->listener.gaps, 1);
    assert_int_equal(f->listener.lost, 7);
    f->converter.swap_next = true;
    run_until(f, 9000, true);
    assert_int_equal(f->listener.gaps, 2);
    assert_int_equal(f->listener.lost, 107);
    f->converter.lose_unknown_next = true;
    run_until(f, 12000, true);
    assert_int_equal(f->listener.gaps, 3);
    assert_int_equal(f->listener.lost, 107);
    assert_int_equal(f->listener.next, f->converter.frame);
}

static void refuses_more_taps_than_it_has_room_for(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 1; n < FRAME_TAP_LIMIT; n++) {
        assert_int_equal(sampling_task_add_tap(&f->task, &f->listener.tap), STATUS_OK);
    }
    assert_int_equal(sampling_task_add_tap(&f->task, &f->listener.tap), STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_every_frame_once_and_boundaries_between_the_right_ones,
                               power_up),
        cmocka_unit_test_setup(tells_the_end_of_windows_though_nobody_takes_them, power_up),
        cmocka_unit_test_setup(tells_the_rate_that_was_measured_last, power_up),
        cmocka_unit_test_setup(tells_what_was_lost_before_the_next_frame, power_up),
        cmocka_unit_test_setup(refuses_more_taps_than_it_has_room_for, power_up),
    };
    return cmocka_run_group_tests_name("sampling_taps", tests, NULL, NULL);
}

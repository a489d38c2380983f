// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "waveform_capture.h"

enum { WORDS = 40000, CYCLE = 200 };

static const double Q32 = 4294967296.0;

static uint64_t storage[WORDS];
static struct waveform_capture capture;
static struct frame_tap tap;
static struct adc_block block;
static int64_t now;     ///< Frames since the start; the code of input k at frame n is 1000 k + n.
static unsigned cycles; ///< Since a window ended.
static double told_hz;  ///< As boundaries tell it.

static struct wiring wiring_of(unsigned channels)
{
    return wiring_of_one_voltage(channels, 0.2, 0.01);
}

static void begin_with(unsigned channels, enum waveform_mode mode, uint32_t rate_hz, uint32_t slots,
                       size_t size)
{
    const struct wiring wiring = wiring_of(channels);
    struct waveform_plan plan;
    assert_int_equal(waveform_plan_make(&plan, &wiring, mode, rate_hz * 1000u, slots, size),
                     STATUS_OK);
    assert_int_equal(waveform_capture_init(&capture, &plan, storage, sizeof storage), STATUS_OK);
    tap = waveform_capture_tap(&capture);
    now = 0;
    cycles = 0;
    told_hz = 0.0;
}

static void feed(uint32_t count)
{
    while (count > 0) {
        const uint32_t run = count < 60 ? count : 60;
        for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
            for (uint32_t n = 0; n < run; n++) {
                block.code[input][n + 3] = (int32_t)(1000 * input + now + n);
            }
        }
        tap.frames(tap.ctx, &block, 3, 3 + run);
        now += run;
        count -= run;
    }
}

static void bound(bool ends, double fraction)
{
    tap.boundary(tap.ctx, &(struct tap_boundary){ .fraction = fraction,
                                                  .cycle_frames = CYCLE,
                                                  .rate_hz = told_hz,
                                                  .cycles_per_window = 10,
                                                  .window_ends = ends,
                                                  .uptime_us = (uint64_t)now * 100 });
    cycles = ends ? 0 : cycles + 1;
}

static void jump(void)
{
    tap.boundary(tap.ctx, &(struct tap_boundary){ .jumped = true, .cycle_frames = 100.0 });
    cycles = 0;
}

static void feed_cycle(double fraction)
{
    feed(CYCLE);
    bound(cycles == 9, fraction);
}

/// The rest of ten cycles between two ends of windows.
static void feed_window(double fraction)
{
    do {
        feed_cycle(fraction);
    } while (cycles != 0);
}

/// The frame, fractional, that a place in the window stands for, by the codes themselves.
static double frame_at(const struct captured_window *window, unsigned row, int64_t place_q32)
{
    const double place = (double)place_q32 / Q32;
    const uint32_t whole = (uint32_t)place;
    const int32_t *samples = window->sample + (size_t)row * window->capacity;
    const double value = samples[whole] + (place - whole) * (samples[whole + 1] - samples[whole]);
    return value / window->decimation;
}

static void keeps_a_window_from_boundary_to_boundary(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 1, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed_window(0.75);
    feed(100);
    assert_null(waveform_capture_peek(&capture)); // Nobody knows what the next cycle brings.
    feed(100);
    bound(false, 0.75);
    const struct captured_window *window = waveform_capture_peek(&capture);
    assert_non_null(window);
    assert_int_equal(window->cycles, 10);
    assert_int_equal(window->inputs, 3);
    assert_int_equal(window->clipped, 0);
    assert_int_equal(window->ended_us, 207700);
    assert_true(fabs(window->rate_hz - 10000.0) < 1e-9);
    for (unsigned row = 0; row < 2; row++) {
        assert_true(fabs(frame_at(window, row, window->start_q32) - (76.25 + 1000 * row)) < 1e-6);
        assert_true(fabs(frame_at(window, row, window->end_q32) - (2076.75 + 1000 * row)) < 1e-6);
    }
    assert_true(window->start_q32 >= 3 * (int64_t)Q32);
    assert_true(window->end_q32 <= ((int64_t)window->count - 4) * (int64_t)Q32);
}

static void adds_frames_where_room_is_short_and_knows_their_middle(void **state)
{
    (void)state;
    static const uint32_t rates[] = { 14000, 20000, 32000 };
    for (unsigned n = 0; n < 3; n++) {
        begin_with(1, WAVEFORM_ROTATION, rates[n], 1,
                   waveform_plan_size(rates[n] * 1000, n + 2, 2, 1));
        assert_int_equal(capture.plan.decimation, n + 2);
        for (unsigned odd = 0; odd < 7; odd++) {
            feed(50 + odd);
            bound(true, 0.5);
            const double start = (double)now - 0.5;
            feed_window(0.125);
            const double end = (double)now - 1.0 + 0.125;
            feed_cycle(0.125);
            const struct captured_window *window = waveform_capture_peek(&capture);
            assert_non_null(window);
            assert_true(fabs(frame_at(window, 1, window->start_q32) - start - 1000) < 1e-6);
            assert_true(fabs(frame_at(window, 1, window->end_q32) - end - 1000) < 1e-6);
            assert_true(window->start_q32 >= 3 * (int64_t)Q32);
            assert_true(window->end_q32 <= ((int64_t)window->count - 4) * (int64_t)Q32);
            waveform_capture_release(&capture);
        }
    }
}

static void misses_no_window_with_two_slots(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    for (unsigned n = 1; n <= 6; n++) {
        feed_window(0.25);
        feed_cycle(0.25);
        struct captured_window *window = waveform_capture_peek(&capture);
        assert_non_null(window);
        assert_true(fabs(frame_at(window, 0, window->start_q32) - 76.25 - 2000.0 * (n - 1)) < 1e-6);
        waveform_capture_release(&capture);
    }
    assert_int_equal(capture.counters.captured, 6);
    assert_int_equal(capture.counters.passed_over, 0);
}

static void gives_every_second_window_with_one_slot(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 1, sizeof storage);
    feed(77);
    bound(true, 0.25);
    for (unsigned n = 0; n < 8; n++) {
        feed_window(0.25);
        feed_cycle(0.25);
        if (waveform_capture_peek(&capture) != NULL) {
            waveform_capture_release(&capture);
        }
    }
    assert_int_equal(capture.counters.captured, 4);
    assert_int_equal(capture.counters.passed_over, 4);
}

static void shows_one_channel_after_another_in_rotation(void **state)
{
    (void)state;
    begin_with(3, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    static const uint16_t order[] = { 3, 5, 9, 3 };
    for (unsigned n = 0; n < 4; n++) {
        feed_window(0.25);
        feed_cycle(0.25);
        const struct captured_window *window = waveform_capture_peek(&capture);
        assert_non_null(window);
        assert_int_equal(window->inputs, order[n]);
        const double at =
            frame_at(window, 1, window->start_q32) - frame_at(window, 0, window->start_q32);
        assert_true(fabs(at - 1000.0 * (n % 3 + 1)) < 1e-6);
        waveform_capture_release(&capture);
    }
}

static void stays_with_one_channel_while_it_is_told_to(void **state)
{
    (void)state;
    begin_with(3, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    // What is asked counts from the window after the one that has begun. No turn has inputs 1
    // and 2.
    static const struct {
        uint16_t stay;
        uint16_t inputs;
    } steps[] = { { 5, 3 }, { 5, 5 }, { 6, 5 }, { 0, 3 }, { 0, 5 }, { 0, 9 } };
    for (unsigned n = 0; n < sizeof steps / sizeof steps[0]; n++) {
        waveform_capture_stay(&capture, steps[n].stay);
        feed_window(0.25);
        feed_cycle(0.25);
        const struct captured_window *window = waveform_capture_peek(&capture);
        assert_non_null(window);
        assert_int_equal(window->inputs, steps[n].inputs);
        waveform_capture_release(&capture);
    }
}

static void shows_all_inputs_at_once(void **state)
{
    (void)state;
    begin_with(8, WAVEFORM_AT_ONCE, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed_window(0.25);
    feed_cycle(0.25);
    const struct captured_window *window = waveform_capture_peek(&capture);
    assert_non_null(window);
    assert_int_equal(window->inputs, 0x1ff);
    for (unsigned row = 0; row < 9; row++) {
        assert_true(fabs(frame_at(window, row, window->end_q32) - (double)(now - CYCLE - 1) - 0.25 -
                         1000.0 * row) < 1e-6);
    }
}

static void drops_a_window_with_a_gap_or_a_jump_and_says_so(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed(700);
    tap.gap(tap.ctx, 5);
    feed(3); // Too little before this boundary for the interpolation.
    bound(true, 0.5);
    feed_window(0.5);
    feed(100);
    jump();
    feed(100);
    assert_null(waveform_capture_peek(&capture));
    bound(true, 0.0);
    feed_window(0.0);
    feed_cycle(0.0);
    const struct captured_window *window = waveform_capture_peek(&capture);
    assert_non_null(window);
    assert_int_equal(window->missed, READING_QUALITY_GAP | READING_QUALITY_PHASE_JUMP);
    assert_int_equal(capture.counters.gaps, 1);
    assert_int_equal(capture.counters.jumps, 1);
    waveform_capture_release(&capture);
}

/// The crossing at the end of a window may have been moved by less than what is seen as a jump.
static void gives_no_window_out_whose_next_cycle_jumps(void **state)
{
    (void)state;
    static const uint32_t slots[] = { 1, 2 };
    for (unsigned n = 0; n < 2; n++) {
        begin_with(3, WAVEFORM_ROTATION, 10000, slots[n], sizeof storage);
        feed(77);
        bound(true, 0.25);
        feed_window(0.25);
        feed(CYCLE + 10);
        jump();
        feed(CYCLE);
        assert_null(waveform_capture_peek(&capture));
        assert_int_equal(capture.counters.captured, 0);
        assert_int_equal(capture.counters.jumps, slots[n]); // The next one had begun, too.
        bound(true, 0.25);
        feed_window(0.25);
        feed_cycle(0.25);
        const struct captured_window *window = waveform_capture_peek(&capture);
        assert_non_null(window);
        assert_int_equal(window->missed, READING_QUALITY_PHASE_JUMP);
        assert_int_equal(window->inputs, 3); // The same channel's turn.
        const double start = (double)now - 11 * CYCLE - 1.0 + 0.25;
        assert_true(fabs(frame_at(window, 0, window->start_q32) - start) < 1e-6);
        waveform_capture_release(&capture);
    }
}

static void gives_no_window_out_after_which_the_mains_go(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed_window(0.25);
    feed(20000);
    assert_null(waveform_capture_peek(&capture));
    assert_int_equal(capture.counters.unreferenced, 2);
    assert_null(capture.unproven);
}

static void gives_a_window_out_after_which_frames_are_lost(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed_window(0.25);
    feed(20);
    tap.gap(tap.ctx, 5);
    assert_non_null(waveform_capture_peek(&capture));
    assert_int_equal(capture.counters.captured, 1);
}

static void follows_the_measured_rate(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    for (unsigned n = 0; n < 2; n++) {
        told_hz = n == 0 ? 0.0 : 10030.0;
        feed_window(0.25);
        feed_cycle(0.25);
        const struct captured_window *window = waveform_capture_peek(&capture);
        assert_non_null(window);
        assert_true(fabs(window->rate_hz - (n == 0 ? 10000.0 : 10030.0)) < 1e-9);
        waveform_capture_release(&capture);
    }
}

static void says_nothing_without_a_reference(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(20000);
    assert_null(waveform_capture_peek(&capture));
    bound(true, 0.5);
    feed(20000);
    assert_null(waveform_capture_peek(&capture));
    assert_int_equal(capture.counters.unreferenced, 1);
    bound(true, 0.5);
    feed_window(0.5);
    feed_cycle(0.5);
    assert_non_null(waveform_capture_peek(&capture));
    assert_int_equal(waveform_capture_peek(&capture)->missed, READING_QUALITY_NO_REFERENCE);
}

static void begins_only_where_a_window_of_the_sampling_task_ends(void **state)
{
    (void)state;
    begin_with(1, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    feed(77);
    for (unsigned n = 0; n < 30; n++) {
        bound(false, 0.5);
        feed(CYCLE);
    }
    assert_int_equal(capture.state, WAVEFORM_IDLE);
}

static void tells_which_input_touched_a_rail(void **state)
{
    (void)state;
    begin_with(2, WAVEFORM_AT_ONCE, 10000, 2, sizeof storage);
    feed(77);
    bound(true, 0.25);
    feed(CYCLE - 1);
    block.clipped = 4 | 8; // Input 3 is not captured.
    feed(1);
    block.clipped = 0;
    bound(false, 0.25);
    feed_window(0.25);
    feed_window(0.25);
    feed_cycle(0.25);
    assert_int_equal(waveform_capture_peek(&capture)->clipped, 4);
    waveform_capture_release(&capture);
    assert_int_equal(waveform_capture_peek(&capture)->clipped, 0);
}

static void doubts_a_window_that_begins_in_frames_that_touched_a_rail(void **state)
{
    (void)state;
    begin_with(2, WAVEFORM_AT_ONCE, 10000, 2, sizeof storage);
    feed(60);
    block.clipped = 1;
    feed(1);
    block.clipped = 0;
    bound(true, 0.25);
    feed_window(0.25);
    feed_cycle(0.25);
    assert_int_equal(waveform_capture_peek(&capture)->clipped, 1);
}

static void refuses_storage_in_which_no_window_fits(void **state)
{
    (void)state;
    const struct wiring wiring = wiring_of(8);
    struct waveform_plan plan;
    const size_t needed = waveform_plan_size(10000000, 1, 2, 1);
    print_message("10 kHz: %zu bytes for a window of two inputs, %zu for one of nine\n", needed,
                  waveform_plan_size(10000000, 1, 9, 1));
    print_message("32 kHz: %zu bytes for two inputs as it is, %zu with four frames in a sample\n",
                  waveform_plan_size(32000000, 1, 2, 1), waveform_plan_size(32000000, 4, 2, 1));
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 10000000, 1, needed),
                     STATUS_OK);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 10000000, 1, needed - 1),
                     STATUS_FULL);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 10000000, 2, needed),
                     STATUS_FULL);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_AT_ONCE, 10000000, 1, needed),
                     STATUS_FULL);
    assert_int_equal(
        waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 10000000, 3, sizeof storage),
        STATUS_INVALID);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 1000, 1, needed),
                     STATUS_INVALID);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, UINT64_MAX, 1, SIZE_MAX),
                     STATUS_INVALID);
    assert_int_equal(waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 10000000, 1, needed),
                     STATUS_OK);
    assert_int_equal(waveform_capture_init(&capture, &plan, storage, needed - 1), STATUS_FULL);
    plan.turns = 0;
    assert_int_equal(waveform_capture_init(&capture, &plan, storage, needed), STATUS_INVALID);
}

/// With seven currents behind it, a multiplexer of an ESP32 gives 1250 frames a second.
static void takes_sources_as_slow_as_a_multiplexer(void **state)
{
    (void)state;
    const struct wiring wiring = wiring_of(8);
    struct waveform_plan plan;
    assert_int_equal(
        waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 1250000, 1, sizeof storage),
        STATUS_OK);
    assert_int_equal(plan.decimation, 1);
    assert_int_equal(
        waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 1000000, 1, sizeof storage),
        STATUS_OK);
    assert_int_equal(
        waveform_plan_make(&plan, &wiring, WAVEFORM_ROTATION, 999999, 1, sizeof storage),
        STATUS_INVALID);
}

/// Calls in an order that no sampling task makes: the sanitizers watch.
static void survives_any_order_of_calls(void **state)
{
    (void)state;
    uint64_t dice = 5;
    begin_with(2, WAVEFORM_ROTATION, 10000, 2, sizeof storage);
    for (unsigned n = 0; n < 30000; n++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        const uint32_t throw = (uint32_t)(dice >> 40);
        static const double fractions[] = {
            0.0, 1.0, -3.0, 1e300, 0.5, (double)NAN, (double)INFINITY
        };
        switch (throw % 16) {
        case 0:
            tap.gap(tap.ctx, throw);
            break;
        case 1:
        case 2:
        case 3:
        case 4:
            tap.boundary(tap.ctx,
                         &(struct tap_boundary){ .fraction = fractions[throw / 16 % 7],
                                                 .cycle_frames = throw % 7 == 0 ? 0.0 : 200.0,
                                                 .cycles_per_window = throw / 64 % 13,
                                                 .jumped = throw % 31 == 0,
                                                 .window_ends = throw % 3 == 0 });
            break;
        case 5:
            if (waveform_capture_peek(&capture) != NULL) {
                waveform_capture_release(&capture);
            }
            break;
        default:
            for (unsigned k = 0; k < ADC_FRAME_LIMIT; k++) {
                block.code[throw % 3][k] = throw % 5 == 0 ? INT32_MIN : INT32_MAX;
            }
            tap.frames(tap.ctx, &block, throw / 16 % 32, throw / 512 % (ADC_FRAME_LIMIT + 1));
            break;
        }
    }
    assert_true(capture.counters.captured > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_window_from_boundary_to_boundary),
        cmocka_unit_test(adds_frames_where_room_is_short_and_knows_their_middle),
        cmocka_unit_test(misses_no_window_with_two_slots),
        cmocka_unit_test(gives_every_second_window_with_one_slot),
        cmocka_unit_test(shows_one_channel_after_another_in_rotation),
        cmocka_unit_test(stays_with_one_channel_while_it_is_told_to),
        cmocka_unit_test(shows_all_inputs_at_once),
        cmocka_unit_test(drops_a_window_with_a_gap_or_a_jump_and_says_so),
        cmocka_unit_test(gives_no_window_out_whose_next_cycle_jumps),
        cmocka_unit_test(gives_no_window_out_after_which_the_mains_go),
        cmocka_unit_test(gives_a_window_out_after_which_frames_are_lost),
        cmocka_unit_test(follows_the_measured_rate),
        cmocka_unit_test(says_nothing_without_a_reference),
        cmocka_unit_test(begins_only_where_a_window_of_the_sampling_task_ends),
        cmocka_unit_test(tells_which_input_touched_a_rail),
        cmocka_unit_test(doubts_a_window_that_begins_in_frames_that_touched_a_rail),
        cmocka_unit_test(refuses_storage_in_which_no_window_fits),
        cmocka_unit_test(takes_sources_as_slow_as_a_multiplexer),
        cmocka_unit_test(survives_any_order_of_calls),
    };
    return cmocka_run_group_tests_name("waveform_capture", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "half_cycles.h"

enum { RATE = 10000, SLOTS = 64, PEAK = 1600, OFFSET = 2048 };

static const double TURN = 6.283185307179586;

struct fixture {
    struct wiring wiring;
    struct ring ring;
    struct half_cycle slots[SLOTS];
    struct half_cycles half_cycles;
    struct adc_block block;
    double period;   ///< Frames.
    double phase;    ///< Frames since the last rising crossing at frame 0.
    uint64_t frames; ///< Fed so far.
    double rate_hz;  ///< As it is, and as boundaries tell it when `told`.
    bool told;
    uint64_t late_us; ///< So long codes wait before they are read.
};

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.wiring = wiring_of_one_voltage(2, 0.2, 0.01);
    f.period = 200.0;
    f.rate_hz = RATE;
    *state = &f;
    return ring_init(&f.ring, f.slots, sizeof f.slots[0], SLOTS) == STATUS_OK &&
                   half_cycles_init(&f.half_cycles, &f.wiring, &f.ring, 1000u * RATE, 50.0) ==
                       STATUS_OK
               ? 0
               : -1;
}

static int32_t code_at(const struct fixture *f, uint64_t frame)
{
    return (int32_t)lround(OFFSET + PEAK * sin(TURN * ((double)frame + f->phase) / f->period));
}

static void feed(struct fixture *f, uint32_t count)
{
    const struct frame_tap *tap = half_cycles_tap(&f->half_cycles);
    for (uint32_t n = 0; n < count; n++) {
        f->block.code[0][n % ADC_FRAME_LIMIT] = code_at(f, f->frames++);
        if (n % ADC_FRAME_LIMIT == ADC_FRAME_LIMIT - 1 || n == count - 1) {
            tap->frames(tap->ctx, &f->block, 0, n % ADC_FRAME_LIMIT + 1);
        }
    }
}

static uint64_t uptime_of(const struct fixture *f, double frame)
{
    return 5000000u + (uint64_t)(frame * 1e6 / f->rate_hz);
}

/// A boundary right where the fundamental crosses zero, `fraction` after the newest frame.
static void cross(struct fixture *f, double fraction, bool jumped)
{
    const struct frame_tap *tap = half_cycles_tap(&f->half_cycles);
    const struct tap_boundary boundary = { .fraction = fraction,
                                           .cycle_frames = jumped ? 0.0 : f->period,
                                           .period_frames = f->period,
                                           .cycles_per_window = 10,
                                           .jumped = jumped,
                                           .rate_hz = f->told ? f->rate_hz : 0.0,
                                           .uptime_us =
                                               uptime_of(f, (double)f->frames) + f->late_us };
    tap->boundary(tap->ctx, &boundary);
}

/// Feeds whole cycles with their boundaries, from anywhere.
static void run_cycles(struct fixture *f, unsigned cycles)
{
    for (unsigned n = 0; n < cycles; n++) {
        const double now = (double)f->frames + f->phase;
        const double next = (floor(now / f->period + 1e-9) + 1.0) * f->period - f->phase;
        const double whole = floor(next);
        feed(f, (uint32_t)(whole + 1.0 - (double)f->frames));
        cross(f, next - whole, false);
    }
}

static double mean_of(const struct half_cycle *half)
{
    return (double)half->sum_q15 / half->length_q15;
}

static double mean_square_of(const struct half_cycle *half)
{
    return (double)half->square * HALF_CYCLES_ONE / half->length_q15;
}

static void drain(struct fixture *f)
{
    while (ring_peek(&f->ring) != NULL) {
        ring_release(&f->ring);
    }
}

static void gives_each_half_of_a_sine_from_crossing_to_crossing(void **state)
{
    struct fixture *f = *state;
    f->period = 199.37;
    f->phase = 31.4;
    run_cycles(f, 20);
    drain(f);
    run_cycles(f, 20);
    unsigned halves = 0;
    double worst_square = 0.0;
    double worst_mean = 0.0;
    for (const struct half_cycle *half = ring_peek(&f->ring); half != NULL;
         half = ring_peek(&f->ring)) {
        assert_int_equal(half->halves, 1);
        assert_int_equal(half->quality, 0);
        const double square =
            mean_square_of(half) - 2.0 * OFFSET * mean_of(half) + (double)OFFSET * OFFSET;
        const double away = fabs(mean_of(half) - OFFSET) / (2.0 * PEAK / (TURN / 2.0));
        worst_square = fmax(worst_square, fabs(square / (0.5 * PEAK * PEAK) - 1.0));
        worst_mean = fmax(worst_mean, fabs(away - 1.0));
        halves++;
        ring_release(&f->ring);
    }
    print_message("mean square of half a cycle within %.4f %%, its mean within %.4f %%\n",
                  100.0 * worst_square, 100.0 * worst_mean);
    assert_in_range(halves, 39, 41);
    assert_true(worst_square < 2e-4);
    assert_true(worst_mean < 2e-4);
}

static void runs_free_while_boundaries_stay_away(void **state)
{
    struct fixture *f = *state;
    f->period = 201.5;
    run_cycles(f, 20);
    drain(f);
    feed(f, 3022); // 15 cycles without a boundary.
    unsigned halves = 0;
    uint64_t before_us = 0;
    const struct half_cycle *half = NULL;
    while ((half = ring_peek(&f->ring)) != NULL) {
        assert_int_equal(half->halves, 1);
        assert_int_equal((half->length_q15 + 16) / 32, 100750 * 1024 / 1000);
        if (before_us != 0) {
            assert_in_range(half->ended_us - before_us, 10074, 10076);
        }
        before_us = half->ended_us;
        assert_int_equal(half->quality, halves > 6 ? READING_QUALITY_NO_REFERENCE : 0);
        halves++;
        ring_release(&f->ring);
    }
    assert_in_range(halves, 29, 30);
}

/// The rate is told 0.3 % too low at the start, and right after a second. A minute without a
/// boundary would show it as 180 ms.
static void tells_the_time_by_the_rate_that_was_measured_last(void **state)
{
    struct fixture *f = *state;
    f->rate_hz = 1.003 * RATE;
    run_cycles(f, 50);
    f->told = true;
    run_cycles(f, 100);
    drain(f);
    for (unsigned second = 0; second < 60; second++) {
        feed(f, RATE);
        const struct half_cycle *half = NULL;
        while ((half = ring_peek(&f->ring)) != NULL) {
            const double frame = half->ended_frame + half->ended_q15 / (double)HALF_CYCLES_ONE;
            const uint64_t truth_us = uptime_of(f, frame);
            assert_in_range(half->ended_us, truth_us - 300, truth_us + 300);
            ring_release(&f->ring);
        }
    }
}

/// How far the times of what is in the ring are from the truth, at most. Empties it.
static uint64_t worst_us(struct fixture *f)
{
    uint64_t worst = 0;
    const struct half_cycle *half = NULL;
    while ((half = ring_peek(&f->ring)) != NULL) {
        const uint64_t truth =
            uptime_of(f, half->ended_frame + half->ended_q15 / (double)HALF_CYCLES_ONE);
        const uint64_t error =
            half->ended_us > truth ? half->ended_us - truth : truth - half->ended_us;
        worst = error > worst ? error : worst;
        ring_release(&f->ring);
    }
    return worst;
}

/// As while a flash sector is erased: codes wait for 100 ms, and then all come at once.
static void tells_the_time_of_codes_that_waited_as_if_they_had_not(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    for (unsigned n = 0; n < 5; n++) {
        f->late_us = 100000u - 20000u * n;
        run_cycles(f, 1);
    }
    f->late_us = 0;
    run_cycles(f, 5);
    assert_in_range(worst_us(f), 0, 2500);
}

static void believes_a_clock_that_stays_late_for_half_a_second(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    f->late_us = 100000;
    run_cycles(f, 20);
    assert_in_range(worst_us(f), 0, 12000);
    run_cycles(f, 10);
    drain(f);
    run_cycles(f, 20);
    assert_in_range(worst_us(f), 99000, 101000); // All of them are as late now.
    f->late_us = 0;
    run_cycles(f, 2);
    drain(f);
    run_cycles(f, 20);
    assert_in_range(worst_us(f), 0, 1000);
}

static void turns_a_phase_jump_into_no_longer_cycle(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    f->phase += 70.0;
    double worst = 0.0;
    uint32_t before = 0;
    double left = 0.0;
    for (unsigned n = 0; n < 400; n++) {
        run_cycles(f, 1);
        const struct half_cycle *half = NULL;
        while ((half = ring_peek(&f->ring)) != NULL) {
            if (before != 0) {
                worst = fmax(worst, fabs((half->length_q15 + before) / 32768.0 / 200.0 - 1.0));
            }
            before = half->length_q15;
            const double away = fabs(mean_of(half) - OFFSET) / (2.0 * PEAK / (TURN / 2.0));
            left = away;
            ring_release(&f->ring);
        }
    }
    print_message("a cycle differs by at most %.2f %% while the grid follows a phase jump\n",
                  100.0 * worst);
    assert_true(worst <= 0.00101);
    assert_true(left > 0.999); // Back at the crossings.
}

static void believes_no_length_of_a_jumped_cycle(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    f->period = 170.0; // What the tracker says after a few odd cycles.
    feed(f, 100);
    cross(f, 0.5, true);
    feed(f, 150);
    cross(f, 0.5, false);
    f->period = 200.0;
    feed(f, 1000);
    unsigned halves = 0;
    const struct half_cycle *half = NULL;
    while ((half = ring_peek(&f->ring)) != NULL) {
        assert_in_range(half->length_q15, 32768u * 998 / 10, 32768u * 1002 / 10);
        halves++;
        ring_release(&f->ring);
    }
    assert_in_range(halves, 12, 13);
}

static void merges_half_cycles_when_the_ring_is_full_and_loses_none(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    run_cycles(f, 40); // 80 half cycles for 64 slots.
    uint64_t length = 0;
    unsigned halves = 0;
    unsigned merged = 0;
    const struct half_cycle *half = NULL;
    for (unsigned round = 0; round < 2; round++) {
        while ((half = ring_peek(&f->ring)) != NULL) {
            length += half->length_q15;
            halves += half->halves;
            merged += half->halves > 1;
            assert_true((half->halves > 1) == ((half->quality & READING_QUALITY_MERGED) != 0));
            const double mean = mean_of(half);
            assert_true(fabs(mean_square_of(half) - 2.0 * OFFSET * mean + (double)OFFSET * OFFSET -
                             0.5 * PEAK * PEAK) < 0.001 * PEAK * PEAK);
            ring_release(&f->ring);
        }
        run_cycles(f, round == 0 ? 1 : 0);
    }
    assert_int_equal(merged, 1);
    assert_in_range(halves, 81, 82);
    assert_in_range(length, halves * (32768u * 100 - 40), halves * (32768u * 100 + 40));
}

static void goes_on_in_time_after_a_gap(void **state)
{
    struct fixture *f = *state;
    const struct frame_tap *tap = half_cycles_tap(&f->half_cycles);
    run_cycles(f, 20);
    feed(f, 30);
    drain(f);
    tap->gap(tap->ctx, 1000);
    f->frames += 1000;
    feed(f, 200);
    const struct half_cycle *half = ring_peek(&f->ring);
    assert_non_null(half);
    assert_true((half->quality & READING_QUALITY_GAP) != 0);
    const uint64_t before_us = half->ended_us;
    const uint32_t before_frame = half->ended_frame;
    ring_release(&f->ring);
    half = ring_peek(&f->ring);
    assert_non_null(half);
    assert_true((half->quality & READING_QUALITY_GAP) != 0);
    assert_in_range(half->length_q15, 32768u * 60, 32768u * 80);
    assert_in_range(half->ended_us - before_us, 99000, 111000);
    assert_in_range(half->ended_frame - before_frame, 1050, 1110);
    ring_release(&f->ring);
    half = ring_peek(&f->ring);
    assert_non_null(half);
    assert_int_equal(half->quality & READING_QUALITY_GAP, 0);

    tap->gap(tap->ctx, 0); // The stream restarted.
    feed(f, 300);
    run_cycles(f, 10);
    struct half_cycle newest = { .quality = READING_QUALITY_GAP };
    while ((half = ring_peek(&f->ring)) != NULL) {
        newest = *half;
        ring_release(&f->ring);
    }
    assert_int_equal(newest.quality, 0);
    assert_in_range(newest.ended_us, 5000000 + (f->frames - 120) * 100, 5000000 + f->frames * 100);
}

static void doubts_a_half_cycle_whose_voltage_touched_a_rail(void **state)
{
    struct fixture *f = *state;
    run_cycles(f, 20);
    drain(f);
    f->block.clipped = 2; // A current's.
    run_cycles(f, 2);
    for (; ring_peek(&f->ring) != NULL; ring_release(&f->ring)) {
        assert_int_equal(((const struct half_cycle *)ring_peek(&f->ring))->quality, 0);
    }
    f->block.clipped = 1;
    run_cycles(f, 2);
    f->block.clipped = 0;
    run_cycles(f, 2);
    unsigned doubted = 0;
    unsigned halves = 0;
    for (; ring_peek(&f->ring) != NULL; ring_release(&f->ring), halves++) {
        const struct half_cycle *half = ring_peek(&f->ring);
        doubted += half->quality == READING_QUALITY_CLIPPED;
    }
    assert_in_range(halves, 8, 9);
    assert_in_range(doubted, 4, 5); // One more may share a block.
}

static void survives_any_codes_and_gaps(void **state)
{
    struct fixture *f = *state;
    const struct frame_tap *tap = half_cycles_tap(&f->half_cycles);
    uint32_t dice = 1;
    for (unsigned n = 0; n < 3000; n++) {
        for (unsigned k = 0; k < ADC_FRAME_LIMIT; k++) {
            dice = dice * 1664525u + 1013904223u;
            f->block.code[0][k] = n % 3 == 0 ? INT32_MIN : n % 3 == 1 ? INT32_MAX : (int32_t)dice;
        }
        tap->frames(tap->ctx, &f->block, 0, dice % (ADC_FRAME_LIMIT + 1));
        if (dice % 7 == 0) {
            tap->gap(tap->ctx, dice % 5 == 0 ? UINT64_MAX >> (dice % 40) : dice % 500);
        }
        if (dice % 3 == 0) {
            const struct tap_boundary boundary = {
                .fraction = (dice >> 8) / 16777216.0,
                .cycle_frames = 100.0 + dice % 200,
                .period_frames = dice % 11 == 0 ? 0.0 : 100.0 + dice % 200,
                .delay_frames = (int32_t)dice % 1000,
                .jumped = dice % 4 == 0,
                .uptime_us = dice,
            };
            tap->boundary(tap->ctx, &boundary);
        }
        if (n % 100 == 0) {
            drain(f);
        }
    }
    const struct half_cycle *half = NULL;
    while ((half = ring_peek(&f->ring)) != NULL) {
        assert_true(half->square >= 0);
        ring_release(&f->ring);
    }
}

static void refuses_what_it_cannot_follow(void **state)
{
    struct fixture *f = *state;
    struct half_cycles h;
    assert_int_equal(half_cycles_init(&h, &f->wiring, &f->ring, 999999, 50.0), STATUS_INVALID);
    assert_int_equal(half_cycles_init(&h, &f->wiring, &f->ring, 1000u * RATE, 39.0),
                     STATUS_INVALID);
    assert_int_equal(half_cycles_init(&h, &f->wiring, &f->ring, 1000u * RATE, (double)NAN),
                     STATUS_INVALID);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        f->wiring.channel[n].voltage_input = WIRING_NO_INPUT;
    }
    assert_int_equal(half_cycles_init(&h, &f->wiring, &f->ring, 1000u * RATE, 50.0),
                     STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_each_half_of_a_sine_from_crossing_to_crossing, power_up),
        cmocka_unit_test_setup(runs_free_while_boundaries_stay_away, power_up),
        cmocka_unit_test_setup(tells_the_time_by_the_rate_that_was_measured_last, power_up),
        cmocka_unit_test_setup(tells_the_time_of_codes_that_waited_as_if_they_had_not, power_up),
        cmocka_unit_test_setup(believes_a_clock_that_stays_late_for_half_a_second, power_up),
        cmocka_unit_test_setup(turns_a_phase_jump_into_no_longer_cycle, power_up),
        cmocka_unit_test_setup(believes_no_length_of_a_jumped_cycle, power_up),
        cmocka_unit_test_setup(merges_half_cycles_when_the_ring_is_full_and_loses_none, power_up),
        cmocka_unit_test_setup(goes_on_in_time_after_a_gap, power_up),
        cmocka_unit_test_setup(doubts_a_half_cycle_whose_voltage_touched_a_rail, power_up),
        cmocka_unit_test_setup(survives_any_codes_and_gaps, power_up),
        cmocka_unit_test_setup(refuses_what_it_cannot_follow, power_up),
    };
    return cmocka_run_group_tests_name("half_cycles", tests, NULL, NULL);
}

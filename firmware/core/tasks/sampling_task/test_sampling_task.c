// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampling_task.h"

enum { RATE = 10000, RING_SLOTS = 8 };

static const double TURN = 6.283185307179586;

/// A converter on a mains of 50 Hz with one resistive load, that loses and confuses frames on
/// demand.
struct fake_converter {
    struct adc_source source;
    uint64_t frame;   ///< Frames that have passed on the mains.
    uint64_t ends_at; ///< The source ends there.
    uint32_t block_size;
    double amplitude;
    uint64_t measured_mhz; ///< What the converter says of its rate; 0: RATE.
    double jump_turns;     ///< Added to the phase
    uint64_t jump_at;      ///< from this frame on.
    double zero;           ///< Added to the codes of input 1.
    double clock_share;    ///< The clock runs so much faster.
    uint32_t lose_next;    ///< Frames to lose before the next block.
    bool lose_unknown_next;
    bool swap_next;
    bool wild; ///< Input 1 goes from one end of 32 bits to the other.
};

struct fixture {
    struct fake_converter converter;
    struct wiring wiring;
    struct ring ring;
    struct cycle_window slots[RING_SLOTS];
    struct sampling_task task;
    uint64_t frames_out; ///< Frames found in the windows taken so far.
    uint64_t lost_out;
};

static enum status fake_read(void *ctx, struct adc_block *block)
{
    struct fake_converter *c = ctx;
    if (c->frame >= c->ends_at) {
        return STATUS_MISSING;
    }
    block->lost_frames = c->lose_next;
    block->lost_unknown = c->lose_unknown_next;
    block->channel_swap = c->swap_next;
    block->frame_count = c->block_size;
    c->frame += c->lose_next;
    for (uint32_t n = 0; n < c->block_size; n++, c->frame++) {
        const double turns =
            50.0 * (double)c->frame / RATE + (c->frame >= c->jump_at ? c->jump_turns : 0.0);
        const double v = c->amplitude * sin(TURN * turns);
        block->code[0][n] = 2048 + (int32_t)lround(fmax(fmin(v, 2047.0), -2048.0));
        block->code[1][n] = 2048 + (int32_t)lround(0.5 * v + c->zero);
        if (c->wild) {
            block->code[1][n] = n % 2 == 0 ? INT32_MIN : INT32_MAX;
        }
    }
    c->lose_next = 0;
    c->lose_unknown_next = false;
    c->swap_next = false;
    return STATUS_OK;
}

static uint64_t fake_rate(void *ctx)
{
    const struct fake_converter *c = ctx;
    return c->measured_mhz != 0 ? c->measured_mhz : RATE * 1000u;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.converter =
        (struct fake_converter){ .block_size = 100, .amplitude = 1500.0, .ends_at = UINT64_MAX };
    f.converter.source = (struct adc_source){ .input_count = 2,
                                              .code_min = 0,
                                              .code_max = 4095,
                                              .read = fake_read,
                                              .frame_rate_mhz = fake_rate,
                                              .ctx = &f.converter };
    f.wiring = wiring_of_one_voltage(1, 0.2, 0.01);
    *state = &f;
    const struct sampling_settings settings = sampling_settings_default();
    return ring_init(&f.ring, f.slots, sizeof f.slots[0], RING_SLOTS) == STATUS_OK &&
                   sampling_task_init(&f.task, &f.converter.source, &f.wiring, &f.ring,
                                      &settings) == STATUS_OK
               ? 0
               : -1;
}

static enum status step(struct fixture *f)
{
    const uint64_t now = f->converter.frame + f->converter.lose_next + f->converter.block_size;
    const double now_us = (double)now * 1e6 / RATE * (1.0 + f->converter.clock_share);
    return sampling_task_step(&f->task, (uint64_t)now_us);
}

static void run_for(struct fixture *f, double seconds)
{
    const uint64_t until = f->converter.frame + (uint64_t)(seconds * RATE);
    while (f->converter.frame < until) {
        assert_int_equal(step(f), STATUS_OK);
    }
}

/// Takes the oldest window; false when there is none.
static bool take(struct fixture *f, struct cycle_window *window)
{
    const struct cycle_window *slot = ring_peek(&f->ring);
    if (slot == NULL) {
        return false;
    }
    *window = *slot;
    ring_release(&f->ring);
    f->frames_out += window->sums.frames;
    f->lost_out += window->sums.lost_frames;
    return true;
}

static unsigned take_all(struct fixture *f, uint16_t *quality, unsigned *cycles)
{
    struct cycle_window window = { .cycles = 0 };
    unsigned count = 0;
    while (take(f, &window)) {
        *quality |= window.quality;
        *cycles += window.cycles;
        count++;
    }
    return count;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

static void cuts_windows_of_ten_whole_cycles(void **state)
{
    struct fixture *f = *state;
    struct cycle_window window = { .cycles = 0 };
    run_for(f, 1.0);
    assert_true(take(f, &window)); // From the first frame to the first boundary.
    assert_int_equal(window.cycles, 0);
    assert_false(window.whole);
    assert_int_equal(window.quality, READING_QUALITY_PARTIAL);
    assert_true(window.sums.frames < 300);
    for (unsigned n = 0; n < 4; n++) {
        assert_true(take(f, &window));
        assert_int_equal(window.cycles, 10);
        assert_true(window.whole);
        assert_int_equal(window.quality, 0);
        assert_near(cycle_sums_length(&window.sums), 2000.0, 0.02);
        assert_near(cycle_sums_mean_square(&window.sums, 0) -
                        pow(cycle_sums_mean(&window.sums, 0), 2.0),
                    1500.0 * 1500.0 / 2.0, 20.0);
    }
    assert_false(take(f, &window));
}

static void tells_when_a_window_ended(void **state)
{
    struct fixture *f = *state;
    struct cycle_window window = { .cycles = 0 };
    uint64_t ended_us = 0;
    run_for(f, 1.2);
    assert_true(take(f, &window));
    ended_us = window.ended_us;
    while (take(f, &window)) {
        assert_near((double)(window.ended_us - ended_us), 200000.0, 101.0);
        ended_us = window.ended_us;
    }
}

static void loses_no_frame_whatever_the_size_of_blocks(void **state)
{
    static const uint32_t sizes[] = { 1, 3, 64, 127, 128 };
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        assert_int_equal(power_up(state), 0);
        struct fixture *f = *state;
        f->converter.block_size = sizes[n];
        f->converter.ends_at = 7919;
        enum status status = STATUS_OK;
        uint16_t quality = 0;
        unsigned cycles = 0;
        while (status != STATUS_MISSING) {
            status = step(f);
            (void)take_all(f, &quality, &cycles);
        }
        assert_int_equal(f->frames_out, f->converter.frame);
        assert_int_equal(f->task.counters.frames, f->converter.frame);
        assert_in_range(cycles, f->converter.frame / 200 - 1, f->converter.frame / 200);
        assert_int_equal(step(f), STATUS_MISSING);
        assert_null(ring_peek(&f->ring));
    }
}

static void goes_on_summing_while_the_ring_is_full(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 10.0);
    assert_int_equal(ring_count(&f->ring), RING_SLOTS);
    assert_true(f->task.counters.merges > 0);
    assert_int_equal(take_all(f, &quality, &cycles), RING_SLOTS);
    assert_int_equal(quality, READING_QUALITY_PARTIAL);
    run_for(f, 0.25);
    struct cycle_window window = { .cycles = 0 };
    assert_true(take(f, &window));
    assert_true(window.cycles > 400);
    assert_true(window.whole);
    assert_int_equal(window.quality, READING_QUALITY_MERGED);
    assert_near(cycle_sums_length(&window.sums), 200.0 * window.cycles, 0.05);
    f->converter.ends_at = f->converter.frame;
    while (step(f) != STATUS_MISSING) {
        (void)take_all(f, &quality, &cycles);
    }
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(f->frames_out, f->converter.frame);
}

static void waits_with_its_last_windows_until_the_ring_has_room(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 3.03);
    f->converter.ends_at = f->converter.frame;
    for (unsigned n = 0; n < 5; n++) {
        assert_int_equal(step(f), STATUS_BUSY);
    }
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(step(f), STATUS_MISSING);
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(f->frames_out, f->converter.frame);
}

static void puts_a_gap_into_a_window_of_its_own(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 0.5);
    (void)take_all(f, &quality, &cycles);
    f->converter.lose_next = 7;
    run_for(f, 0.5);
    struct cycle_window window = { .cycles = 0 };
    unsigned broken = 0;
    while (take(f, &window)) {
        if ((window.quality & READING_QUALITY_GAP) != 0) {
            broken++;
            assert_false(window.whole);
            assert_int_equal(window.sums.lost_frames, 7);
            assert_true(window.sums.frames < 600);
        } else {
            assert_true(window.whole);
            assert_near(cycle_sums_length(&window.sums), 200.0 * window.cycles, 0.05);
        }
    }
    assert_int_equal(broken, 1);
    assert_int_equal(f->task.counters.lost_frames, 7);
    assert_int_equal(f->task.counters.gaps, 1);
}

static void does_not_invent_energy_for_a_long_or_unknown_gap(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 0.5);
    f->converter.lose_next = RATE;
    run_for(f, 1.5);
    (void)take_all(f, &quality, &cycles);
    f->converter.lose_unknown_next = true;
    f->converter.jump_turns = 0.3;
    run_for(f, 0.5);
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(f->task.counters.gaps, 2);
    assert_int_equal(f->lost_out, 0);
    assert_true((quality & READING_QUALITY_GAP) != 0);
    assert_true((quality & READING_QUALITY_PHASE_JUMP) == 0);
}

static void does_not_use_codes_of_swapped_channels(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 0.5);
    (void)take_all(f, &quality, &cycles);
    f->converter.swap_next = true;
    run_for(f, 0.3);
    (void)take_all(f, &quality, &cycles);
    assert_true((quality & READING_QUALITY_CHANNEL_SWAP) != 0);
    assert_true((quality & READING_QUALITY_GAP) != 0);
    assert_int_equal(f->task.counters.lost_frames, 100);
}

static void flags_a_phase_jump_and_keeps_other_windows_clean(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 0.55);
    (void)take_all(f, &quality, &cycles);
    f->converter.jump_turns = 0.1;
    run_for(f, 0.6);
    struct cycle_window window = { .cycles = 0 };
    unsigned broken = 0;
    while (take(f, &window)) {
        if ((window.quality & READING_QUALITY_PHASE_JUMP) != 0) {
            broken++;
        } else {
            assert_near(cycle_sums_length(&window.sums), 200.0 * window.cycles, 0.1);
        }
    }
    assert_in_range(broken, 2, 3); // The window that it cut short, and one or two cycles.
}

static void flags_the_window_whose_last_crossing_a_jump_has_moved(void **state)
{
    unsigned flagged = 0;
    double worst = 0.0;
    for (unsigned n = 0; n < 200; n++) {
        assert_int_equal(power_up(state), 0);
        struct fixture *f = *state;
        uint16_t quality = 0;
        unsigned cycles = 0;
        f->converter.jump_turns = n % 2 == 0 ? 0.08 : -0.02;
        f->converter.jump_at = 3900 + 2u * n; // Two cycles around the end of a window.
        run_for(f, 0.1);
        (void)take_all(f, &quality, &cycles);
        run_for(f, 1.1);
        struct cycle_window window = { .cycles = 0 };
        while (take(f, &window)) {
            const double off = fabs(cycle_sums_length(&window.sums) - 200.0 * window.cycles);
            flagged += (window.quality & READING_QUALITY_PHASE_JUMP) != 0 && window.whole;
            worst = window.quality == 0 ? fmax(worst, off) : worst;
        }
    }
    print_message("a jump anywhere: windows without a flag within %.4f frames, %u whole ones "
                  "flagged\n",
                  worst, flagged);
    assert_true(flagged > 0);
    assert_true(worst < 0.04); // A millihertz of 50 Hz in 2000 frames.
}

static void runs_free_without_mains_and_finds_back(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    f->converter.amplitude = 3.0;
    run_for(f, 1.0);
    struct cycle_window window = { .cycles = 0 };
    unsigned windows = 0;
    while (take(f, &window)) {
        assert_int_equal(window.cycles, 0);
        assert_true((window.quality & READING_QUALITY_NO_REFERENCE) != 0);
        windows++;
    }
    assert_in_range(windows, 4, 5);
    f->converter.amplitude = 1500.0;
    run_for(f, 0.5);
    assert_in_range(take_all(f, &quality, &cycles), 2, 3);
    assert_int_equal(cycles, 20);
    assert_int_equal(f->frames_out + f->task.cycle.frames + f->task.window.sums.frames,
                     f->converter.frame);
}

static void flags_the_input_that_touches_a_rail(void **state)
{
    struct fixture *f = *state;
    struct cycle_window window = { .cycles = 0 };
    run_for(f, 0.6);
    uint16_t quality = 0;
    unsigned cycles = 0;
    (void)take_all(f, &quality, &cycles);
    f->converter.amplitude = 2100.0;
    run_for(f, 0.5);
    assert_true(take(f, &window));
    assert_true(take(f, &window));
    assert_int_equal(window.clipped, 0x01);
}

/// A 512th of 4095 codes is 7: from 8 to 4087 nothing is clipped. Input 1 swings by 750 codes.
static void draws_the_line_of_clipping_at_a_512th_of_the_range(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double zero;
        uint16_t clipped;
    } cases[] = { { 1289.0, 0 }, { 1290.0, 0x02 }, { -1290.0, 0 }, { -1291.0, 0x02 } };
    run_for(f, 0.6);
    for (unsigned n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct cycle_window window = { .cycles = 0 };
        uint16_t quality = 0;
        unsigned cycles = 0;
        (void)take_all(f, &quality, &cycles);
        f->converter.zero = cases[n].zero;
        run_for(f, 0.5);
        assert_true(take(f, &window));
        assert_true(take(f, &window));
        assert_int_equal(window.clipped, cases[n].clipped);
    }
}

static void straightens_codes_and_looks_for_clipping_before(void **state)
{
    struct fixture *f = *state;
    static struct linearity_table table;
    const float correction[] = { 100.0f, 100.0f };
    struct cycle_window window = { .cycles = 0 };
    assert_int_equal(linearity_table_init(&table, 0, 4096, correction, 2), STATUS_OK);
    assert_int_equal(sampling_task_linearise(&f->task, 2, &table), STATUS_INVALID);
    assert_int_equal(sampling_task_linearise(&f->task, 0, &table), STATUS_OK);
    f->converter.amplitude = 2000.0; // With the correction beyond the upper rail.
    run_for(f, 0.5);
    assert_true(take(f, &window));
    assert_true(take(f, &window));
    assert_int_equal(window.clipped, 0);
    assert_near(cycle_sums_mean(&window.sums, 0), 2148.0, 1.0);
    assert_near(cycle_sums_mean(&window.sums, 1), 2048.0, 1.0);
}

static void survives_codes_that_no_converter_gives_and_flags_them(void **state)
{
    struct fixture *f = *state;
    static struct linearity_table table;
    const float correction[] = { -2000.0f, 2000.0f };
    struct cycle_window window = { .cycles = 0 };
    assert_int_equal(linearity_table_init(&table, 0, 4096, correction, 2), STATUS_OK);
    assert_int_equal(sampling_task_linearise(&f->task, 1, &table), STATUS_OK);
    f->converter.wild = true;
    run_for(f, 20.0);
    assert_int_equal(f->task.counters.lost_frames, 0);
    (void)take(f, &window);
    assert_int_equal(window.clipped, 0x02);
    f->converter.source.code_min = INT32_MIN;
    f->converter.source.code_max = INT32_MAX;
    const struct sampling_settings settings = sampling_settings_default();
    assert_int_equal(
        sampling_task_init(&f->task, &f->converter.source, &f->wiring, &f->ring, &settings),
        STATUS_OK);
    assert_int_equal(sampling_task_linearise(&f->task, 1, &table), STATUS_OK);
    run_for(f, 20.0);
    assert_true(f->task.counters.lost_frames > 0); // The ring was full for longer than sums hold.
}

static void refuses_a_wiring_that_does_not_fit_the_source(void **state)
{
    struct fixture *f = *state;
    const struct sampling_settings settings = sampling_settings_default();
    f->wiring = wiring_of_one_voltage(2, 0.2, 0.01);
    assert_int_equal(
        sampling_task_init(&f->task, &f->converter.source, &f->wiring, &f->ring, &settings),
        STATUS_INVALID);
}

static void tells_windows_by_the_rate_that_was_measured_last(void **state)
{
    struct fixture *f = *state;
    struct cycle_window window = { .cycles = 0 };
    uint16_t quality = 0;
    unsigned cycles = 0;
    run_for(f, 0.5);
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(quality & READING_QUALITY_DRIFT, 0);
    f->converter.measured_mhz = RATE * 1005u;
    run_for(f, 0.5);
    assert_true(take(f, &window)); // The rate changed within it.
    assert_int_equal(window.quality, READING_QUALITY_DRIFT);
    assert_true(take(f, &window));
    assert_int_equal(window.quality, 0);
    assert_near(window.rate_hz, RATE * 1.005, 1e-9);
    f->converter.measured_mhz = 1; // Nothing that a converter can become.
    run_for(f, 0.5);
    (void)take_all(f, &quality, &cycles);
    assert_int_equal(quality & READING_QUALITY_DRIFT, READING_QUALITY_DRIFT);
    assert_near(f->task.rate_hz, RATE * 1.005, 1e-9);
}

static void flags_a_rate_that_departs_from_the_clock(void **state)
{
    struct fixture *f = *state;
    uint16_t quality = 0;
    unsigned cycles = 0;
    for (unsigned n = 0; n < 150; n++) {
        run_for(f, 1.0);
        (void)take_all(f, &quality, &cycles);
    }
    assert_int_equal(quality & READING_QUALITY_DRIFT, 0);
    f->converter.clock_share = 0.002;
    for (unsigned n = 0; n < 73; n++) {
        run_for(f, 1.0);
        (void)take_all(f, &quality, &cycles);
    }
    assert_int_equal(quality & READING_QUALITY_DRIFT, READING_QUALITY_DRIFT);
    assert_int_equal(rate_watch_drifts(&f->task.rate_watch), true);
}

static void names_the_input_whose_zero_moves(void **state)
{
    struct fixture *f = *state;
    struct cycle_window window = { .cycles = 0 };
    for (unsigned n = 0; n < 30; n++) {
        run_for(f, 0.5);
        while (take(f, &window)) {
            assert_int_equal(window.drifted, 0);
        }
    }
    f->converter.zero = 30.0;
    for (unsigned n = 0; n < 16; n++) {
        run_for(f, 0.5);
        while (take(f, &window)) {
        }
    }
    assert_int_equal(window.drifted, 0x02);
    assert_int_equal(window.quality, 0); // It concerns the channels of that input only.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cuts_windows_of_ten_whole_cycles, power_up),
        cmocka_unit_test_setup(tells_when_a_window_ended, power_up),
        cmocka_unit_test_setup(loses_no_frame_whatever_the_size_of_blocks, power_up),
        cmocka_unit_test_setup(goes_on_summing_while_the_ring_is_full, power_up),
        cmocka_unit_test_setup(waits_with_its_last_windows_until_the_ring_has_room, power_up),
        cmocka_unit_test_setup(puts_a_gap_into_a_window_of_its_own, power_up),
        cmocka_unit_test_setup(does_not_invent_energy_for_a_long_or_unknown_gap, power_up),
        cmocka_unit_test_setup(does_not_use_codes_of_swapped_channels, power_up),
        cmocka_unit_test_setup(flags_a_phase_jump_and_keeps_other_windows_clean, power_up),
        cmocka_unit_test_setup(flags_the_window_whose_last_crossing_a_jump_has_moved, power_up),
        cmocka_unit_test_setup(flags_a_rate_that_departs_from_the_clock, power_up),
        cmocka_unit_test_setup(names_the_input_whose_zero_moves, power_up),
        cmocka_unit_test_setup(runs_free_without_mains_and_finds_back, power_up),
        cmocka_unit_test_setup(flags_the_input_that_touches_a_rail, power_up),
        cmocka_unit_test_setup(draws_the_line_of_clipping_at_a_512th_of_the_range, power_up),
        cmocka_unit_test_setup(straightens_codes_and_looks_for_clipping_before, power_up),
        cmocka_unit_test_setup(survives_codes_that_no_converter_gives_and_flags_them, power_up),
        cmocka_unit_test_setup(refuses_a_wiring_that_does_not_fit_the_source, power_up),
        cmocka_unit_test_setup(tells_windows_by_the_rate_that_was_measured_last, power_up),
    };
    return cmocka_run_group_tests_name("sampling_task", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "processing_task.h"

enum { RATE = 10000, CYCLE = 200, BLOCK = 100, INPUTS = 3, RING_SLOTS = 16 };

static const double TURN = 6.283185307179586;

/// A journal of the newest readings, whose disk fails on demand.
struct fake_journal {
    struct reading_sink sink;
    struct reading kept[64];
    unsigned count;
    enum status answer;
};

struct fixture {
    struct wiring wiring;
    struct ring ring;
    struct cycle_window slots[RING_SLOTS];
    struct fake_journal journal;
    struct processing_task task;
    uint64_t now_us;
};

static enum status fake_commit(void *ctx, const struct reading *reading)
{
    struct fake_journal *journal = ctx;
    if (journal->answer == STATUS_OK) {
        journal->kept[journal->count++] = *reading;
    }
    return journal->answer;
}

static int power_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.wiring = wiring_of_one_voltage(2, 0.2, 0.01);
    f.journal.sink = (struct reading_sink){ .commit = fake_commit, .ctx = &f.journal };
    *state = &f;
    const struct processing_settings settings = processing_settings_default();
    return ring_init(&f.ring, f.slots, sizeof f.slots[0], RING_SLOTS) == STATUS_OK &&
                   processing_task_init(&f.task, &f.wiring, &f.ring, &f.journal.sink, &settings,
                                        NULL) == STATUS_OK
               ? 0
               : -1;
}

/// Frames `from` to `from` + 99 of 230 V and `amperes` at an angle on channel 0, nothing on
/// channel 1, 200 frames a cycle.
static void fill(struct adc_block *block, int from, double amperes, double angle)
{
    *block = (struct adc_block){ .frame_count = BLOCK };
    for (int n = 0; n < BLOCK; n++) {
        const double turn = TURN * (from + n) / CYCLE;
        block->code[0][n] = (int32_t)lround(230.0 * sqrt(2.0) / 0.2 * sin(turn));
        block->code[1][n] = (int32_t)lround(amperes * sqrt(2.0) / 0.01 * sin(turn - angle));
    }
}

/// A window of `cycles` cycles; of none, one cycle that is called a fragment.
static void put_window(struct fixture *f, uint32_t cycles, double amperes, double angle)
{
    static struct adc_block block;
    static struct frame_history history;
    struct cycle_window *window = ring_claim(&f->ring);
    assert_non_null(window);
    *window = (struct cycle_window){ .cycles = cycles, .whole = cycles > 0, .rate_hz = RATE };
    frame_history_init(&history);
    fill(&block, -BLOCK, amperes, angle);
    frame_history_take(&history, INPUTS, &block);
    const int frames = CYCLE * (int)(cycles == 0 ? 1 : cycles);
    for (int n = 0; n <= frames; n += BLOCK) {
        fill(&block, n, amperes, angle);
        frame_history_take(&history, INPUTS, &block);
        const struct sums_edge edge = frame_history_edge(&history, &block, 0, 0.0);
        if (n == 0) {
            cycle_sums_begin(&window->sums, &edge);
            cycle_sums_tune(&window->sums, CYCLE, 0);
        }
        if (n == frames) {
            window->sums.end = edge;
        } else {
            cycle_sums_add(&window->sums, &f->wiring, INPUTS, &block, &history, 0, BLOCK);
        }
    }
    f->now_us += 20000u * (cycles == 0 ? 1 : cycles);
    window->ended_us = f->now_us;
    ring_publish(&f->ring);
}

static void put_second(struct fixture *f, double amperes, double angle)
{
    for (unsigned n = 0; n < 5; n++) {
        put_window(f, 10, amperes, angle);
    }
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

/// Remembers the flags of windows.
static void hear_window(void *ctx, const struct window_report *report)
{
    uint16_t *quality = ctx;
    *quality = report->quality;
}

/// Intervals of quality and demand know a window by its report alone.
static void tells_watchers_what_its_inputs_put_in_doubt(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint16_t clipped;
        uint16_t drifted;
        uint16_t quality;
    } cases[] = { { 0, 0, 0 },
                  { 1, 0, READING_QUALITY_CLIPPED },
                  { 4, 1, READING_QUALITY_CLIPPED | READING_QUALITY_DRIFT },
                  { 8, 8, 0 } }; // Of no channel.
    uint16_t heard = 0;
    const struct window_watcher watcher = { .window = hear_window, .ctx = &heard };
    assert_int_equal(processing_task_watch(&f->task, &watcher), STATUS_OK);
    for (unsigned n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_window(f, 10, 5.0, 0.0);
        struct cycle_window *window = ring_peek(&f->ring);
        window->clipped = cases[n].clipped;
        window->drifted = cases[n].drifted;
        assert_int_equal(processing_task_step(&f->task), STATUS_OK);
        assert_int_equal(heard, cases[n].quality);
    }
}

static void says_so_while_energy_goes_to_a_rate_that_is_in_doubt(void **state)
{
    struct fixture *f = *state;
    uint16_t heard = 0;
    const struct window_watcher watcher = { .window = hear_window, .ctx = &heard };
    assert_int_equal(processing_task_watch(&f->task, &watcher), STATUS_OK);
    for (unsigned second = 0; second < 4; second++) {
        const bool is_stale = second == 1 || second == 2;
        processing_task_set_rate(&f->task, 2, is_stale);
        put_second(f, 5.0, 0.0);
        assert_int_equal(processing_task_step(&f->task), STATUS_OK);
        assert_int_equal(f->journal.count, second + 1);
        const struct reading *reading = &f->journal.kept[second];
        const unsigned expected = is_stale ? READING_QUALITY_STALE_RATE : 0;
        assert_int_equal(reading->rate, 2);
        assert_int_equal(reading->quality, expected);
        assert_int_equal(heard, expected);
    }
    assert_true(f->journal.kept[3].total.import_mj[2] > 4000000);
}

static void makes_a_reading_a_second(void **state)
{
    struct fixture *f = *state;
    for (unsigned second = 0; second < 3; second++) {
        put_second(f, 5.0, 1.0);
        assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    }
    assert_int_equal(f->journal.count, 3);
    const struct reading *reading = &f->journal.kept[2];
    const struct reading_channel *load = &reading->channel[0];
    assert_int_equal(reading->uptime_ms, 3000);
    assert_int_equal(reading->window_us, 1000000);
    assert_int_equal(reading->frequency_mhz, 50000);
    assert_int_equal(reading->quality, 0);
    assert_int_equal(reading->channels, 0x03);
    assert_int_equal(reading->connected, 0x01);
    assert_near(load->voltage_10mv, 23000, 1);
    assert_near(load->current_100ua, 50000, 5);
    assert_near(load->active_power_10mw, 115000 * cos(1.0), 20);
    assert_near(load->reactive_power_10mvar, 115000 * sin(1.0), 20);
    assert_near(load->apparent_power_10mva, 115000, 20);
    assert_near(load->power_factor_1e4, 10000 * cos(1.0), 2);
    assert_near((double)load->import_mj, 3.0 * 1150000.0 * cos(1.0), 600);
    assert_int_equal(load->export_mj, 0);
    assert_int_equal(reading->channel[1].current_100ua, 0);
    assert_int_equal(reading->channel[1].power_factor_1e4, 0);
}

static void counts_exported_energy_apart(void **state)
{
    struct fixture *f = *state;
    put_second(f, 5.0, TURN / 2);
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    const struct reading_channel *load = &f->journal.kept[0].channel[0];
    assert_near(load->active_power_10mw, -115000, 20);
    assert_near(load->power_factor_1e4, -10000, 0);
    assert_int_equal(load->import_mj, 0);
    assert_near((double)load->export_mj, 1150000, 200);
}

static void takes_root_mean_squares_of_root_mean_squares(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 0; n < 5; n++) {
        put_window(f, 10, n < 4 ? 2.0 : 8.0, 0.0);
    }
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    const struct reading_channel *load = &f->journal.kept[0].channel[0];
    assert_near(load->current_100ua, 10000 * sqrt((4 * 4.0 + 64.0) / 5), 10);
    assert_near(load->active_power_10mw, 23000 * (4 * 2.0 + 8.0) / 5, 20);
}

static void goes_on_from_the_registers_of_the_last_reading(void **state)
{
    struct fixture *f = *state;
    const struct processing_settings settings = processing_settings_default();
    struct reading last = { .channel[0] = { .import_mj = 7000000000000, .export_mj = 12 } };
    assert_int_equal(
        processing_task_init(&f->task, &f->wiring, &f->ring, &f->journal.sink, &settings, &last),
        STATUS_OK);
    put_second(f, 5.0, 0.0);
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_near((double)(f->journal.kept[0].channel[0].import_mj - 7000000000000), 1150000, 200);
    assert_int_equal(f->journal.kept[0].channel[0].export_mj, 12);
    last.channel[3].export_mj = -1;
    assert_int_equal(
        processing_task_init(&f->task, &f->wiring, &f->ring, &f->journal.sink, &settings, &last),
        STATUS_INVALID);
}

static void keeps_a_refused_reading_and_loses_no_energy(void **state)
{
    struct fixture *f = *state;
    static const enum status refusals[] = { STATUS_IO, STATUS_FULL, STATUS_BUSY };
    for (unsigned n = 0; n < 3; n++) {
        f->journal.answer = refusals[n];
        put_second(f, 5.0, 0.0);
        assert_int_equal(processing_task_step(&f->task), refusals[n]);
    }
    assert_int_equal(f->journal.count, 0);
    f->journal.answer = STATUS_OK;
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 1);
    const struct reading *merged = &f->journal.kept[0];
    assert_int_equal(merged->quality, READING_QUALITY_MERGED);
    assert_int_equal(merged->window_us, 3000000);
    assert_near((double)merged->channel[0].import_mj, 3 * 1150000, 600);

    put_second(f, 5.0, 0.0);
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(f->journal.kept[1].quality, 0);
    assert_near((double)f->journal.kept[1].channel[0].import_mj, 4 * 1150000, 800);
}

static void lets_a_fragment_count_for_energy_only(void **state)
{
    struct fixture *f = *state;
    put_window(f, 10, 5.0, 0.0);
    put_window(f, 0, 50.0, 0.0);
    for (unsigned n = 0; n < 4; n++) {
        put_window(f, 10, 5.0, 0.0);
    }
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    const struct reading *reading = &f->journal.kept[0];
    assert_near(reading->channel[0].current_100ua, 50000, 5);
    assert_int_equal(reading->window_us, 1020000);
    assert_near((double)reading->channel[0].import_mj, 1150000 + 230.0 * 50 * 20, 300);
}

static void lets_the_newest_whole_cycles_speak_for_a_piece_of_one(void **state)
{
    struct fixture *f = *state;
    put_second(f, 5.0, 0.0);
    put_window(f, 0, 5.0, 0.0);
    struct cycle_window *piece = &f->slots[5 % RING_SLOTS];
    piece->sums.square[0] /= 4; // A quarter of a cycle around zero shows half the voltage.
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 2);
    const struct reading *end = &f->journal.kept[1];
    assert_int_equal(end->frequency_mhz, 0);
    assert_int_equal(end->quality, READING_QUALITY_PARTIAL);
    assert_int_equal(end->channel[0].voltage_10mv, f->journal.kept[0].channel[0].voltage_10mv);
    assert_true(end->channel[0].import_mj > f->journal.kept[0].channel[0].import_mj);
}

static void gives_no_power_without_a_reference(void **state)
{
    struct fixture *f = *state;
    put_window(f, 0, 5.0, 0.0);
    f->slots[0].quality = READING_QUALITY_NO_REFERENCE;
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    const struct reading *reading = &f->journal.kept[0];
    assert_int_equal(reading->quality, READING_QUALITY_NO_REFERENCE | READING_QUALITY_PARTIAL);
    assert_int_equal(reading->frequency_mhz, 0);
    assert_near(reading->channel[0].current_100ua, 50000, 5);
    assert_int_equal(reading->channel[0].active_power_10mw, 0);
    assert_int_equal(reading->channel[0].reactive_power_10mvar, 0);
    assert_int_equal(reading->channel[0].power_factor_1e4, 0);
    assert_int_equal(reading->channel[0].import_mj, 0);
}

static void names_the_channel_that_was_clipped(void **state)
{
    struct fixture *f = *state;
    put_window(f, 10, 5.0, 0.0);
    f->slots[0].clipped = 1u << 2;
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    const struct reading *reading = &f->journal.kept[0];
    assert_int_equal(reading->channel[0].quality, 0);
    assert_int_equal(reading->channel[1].quality, READING_QUALITY_CLIPPED | READING_QUALITY_CREEP);
    assert_true((reading->quality & READING_QUALITY_CLIPPED) != 0);
}

static void names_the_channel_whose_zero_moves(void **state)
{
    struct fixture *f = *state;
    put_window(f, 10, 5.0, 0.0);
    f->slots[0].drifted = 1u << 2;
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    const struct reading *reading = &f->journal.kept[0];
    assert_int_equal(reading->channel[0].quality, 0);
    assert_int_equal(reading->channel[1].quality, READING_QUALITY_DRIFT | READING_QUALITY_CREEP);
    assert_true((reading->quality & READING_QUALITY_DRIFT) != 0);
}

static void ends_a_run_with_a_partial_reading(void **state)
{
    struct fixture *f = *state;
    put_window(f, 10, 5.0, 0.0);
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 0);
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 1);
    assert_int_equal(f->journal.kept[0].quality, READING_QUALITY_PARTIAL);
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 1);
}

static void counts_cycles_when_told_to(void **state)
{
    struct fixture *f = *state;
    const struct processing_settings settings = { .reading_cycles = 30, .connected_codes = 2.0 };
    assert_int_equal(
        processing_task_init(&f->task, &f->wiring, &f->ring, &f->journal.sink, &settings, NULL),
        STATUS_OK);
    for (unsigned n = 0; n < 9; n++) {
        put_window(f, 10, 5.0, 0.0);
    }
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(f->journal.count, 3);
}

/// Remembers what it was shown and asked.
struct fake_watcher {
    struct window_watcher watcher;
    struct window_report report[16];
    unsigned count;
    uint64_t from_us;
    uint64_t to_us;
    bool answer;
};

static void watch_window(void *ctx, const struct window_report *report)
{
    struct fake_watcher *fake = ctx;
    fake->report[fake->count++] = *report;
}

static bool watch_disturbed(void *ctx, uint64_t from_us, uint64_t to_us)
{
    struct fake_watcher *fake = ctx;
    fake->from_us = from_us;
    fake->to_us = to_us;
    return fake->answer;
}

static void shows_every_window_to_its_watchers(void **state)
{
    struct fixture *f = *state;
    struct fake_watcher fake = { .answer = true };
    fake.watcher = (struct window_watcher){ watch_window, watch_disturbed, &fake };
    const struct window_watcher blind = { .window = watch_window, .ctx = &fake };
    assert_int_equal(processing_task_watch(&f->task, &fake.watcher), STATUS_OK);
    put_second(f, 5.0, 1.0);
    assert_int_equal(processing_task_step(&f->task), STATUS_OK);
    assert_int_equal(fake.count, 5);
    int64_t import_mj = 0;
    int64_t total_mj = 0;
    for (unsigned n = 0; n < fake.count; n++) {
        const struct window_report *report = &fake.report[n];
        assert_true(report->whole);
        assert_int_equal(report->cycles, 10);
        assert_int_equal(report->channels, 0x03);
        assert_int_equal(report->ended_us, 200000 * (n + 1));
        assert_near(report->seconds, 0.2, 1e-9);
        assert_near(report->frequency_hz, 50.0, 1e-6);
        assert_near(report->channel[0].voltage_v, 230.0, 0.01);
        assert_near(report->channel[0].current_a, 5.0, 0.001);
        assert_near(report->channel[0].active_w, 1150.0 * cos(1.0), 0.2);
        import_mj += report->channel[0].import_mj;
        total_mj += report->total_import_mj;
    }
    assert_true(total_mj > 0);
    assert_int_equal(total_mj, f->journal.kept[0].total.import_mj[0]);
    assert_int_equal(import_mj, f->journal.kept[0].channel[0].import_mj);
    assert_int_equal(fake.from_us, 0);
    assert_int_equal(fake.to_us, 1000000);
    assert_int_equal(f->journal.kept[0].quality, READING_QUALITY_FLAGGED);

    fake.answer = false;
    for (unsigned n = 1; n < WINDOW_WATCHER_LIMIT; n++) {
        assert_int_equal(processing_task_watch(&f->task, &blind), STATUS_OK);
    }
    assert_int_equal(processing_task_watch(&f->task, &blind), STATUS_FULL);
    put_window(f, 10, 5.0, 1.0);
    assert_int_equal(processing_task_flush(&f->task), STATUS_OK);
    assert_int_equal(fake.count, 5 + WINDOW_WATCHER_LIMIT);
    assert_int_equal(fake.from_us, 1000000);
    assert_int_equal(f->journal.kept[1].quality, READING_QUALITY_PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_watchers_what_its_inputs_put_in_doubt, power_up),
        cmocka_unit_test_setup(says_so_while_energy_goes_to_a_rate_that_is_in_doubt, power_up),
        cmocka_unit_test_setup(makes_a_reading_a_second, power_up),
        cmocka_unit_test_setup(shows_every_window_to_its_watchers, power_up),
        cmocka_unit_test_setup(counts_exported_energy_apart, power_up),
        cmocka_unit_test_setup(takes_root_mean_squares_of_root_mean_squares, power_up),
        cmocka_unit_test_setup(goes_on_from_the_registers_of_the_last_reading, power_up),
        cmocka_unit_test_setup(keeps_a_refused_reading_and_loses_no_energy, power_up),
        cmocka_unit_test_setup(lets_a_fragment_count_for_energy_only, power_up),
        cmocka_unit_test_setup(lets_the_newest_whole_cycles_speak_for_a_piece_of_one, power_up),
        cmocka_unit_test_setup(gives_no_power_without_a_reference, power_up),
        cmocka_unit_test_setup(names_the_channel_that_was_clipped, power_up),
        cmocka_unit_test_setup(names_the_channel_whose_zero_moves, power_up),
        cmocka_unit_test_setup(ends_a_run_with_a_partial_reading, power_up),
        cmocka_unit_test_setup(counts_cycles_when_told_to, power_up),
    };
    return cmocka_run_group_tests_name("processing_task", tests, NULL, NULL);
}

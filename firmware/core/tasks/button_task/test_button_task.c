// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "button_task.h"
#include "restart_note.h"

enum { DWELL_MS = 500, TICK_US = BUTTON_TASK_TICK_MS * 1000, NEVER = -1 };

/// A board of variables around the task, and its clock.
struct fixture {
    uint8_t latched;
    bool enabled;
    int latches_left; ///< Until the bus dies, or NEVER.
    bool pressed;
    bool lit;
    unsigned restarts;
    uint64_t restarted_us;
    struct retained_memory retained;
    struct relay_bank_port port;
    struct relay_mailbox mailbox;
    struct relay_mailbox other;
    struct button_task task;
    uint64_t now_us;
    uint8_t absent; ///< Relays that are not fitted.
};

static enum status fake_latch(void *ctx, uint8_t outputs)
{
    struct fixture *f = ctx;
    if (f->latches_left == 0) {
        return STATUS_IO;
    }
    f->latches_left -= f->latches_left > 0 ? 1 : 0;
    f->latched = outputs;
    return STATUS_OK;
}

static void fake_enable(void *ctx, bool on)
{
    struct fixture *f = ctx;
    f->enabled = on;
}

static bool read_button(void *ctx)
{
    const struct fixture *f = ctx;
    return !f->pressed;
}

static void write_led(void *ctx, bool high)
{
    struct fixture *f = ctx;
    f->lit = high;
}

static void fake_restart(void *ctx)
{
    struct fixture *f = ctx;
    f->restarts++;
    f->restarted_us = f->now_us;
}

static uint8_t coils(const struct fixture *f)
{
    return f->enabled ? f->latched : 0;
}

/// Starts the device; retained memory, register and button stay as they were.
static void boot(struct fixture *f)
{
    f->port = (struct relay_bank_port){ .latch = fake_latch, .enable = fake_enable, .ctx = f };
    f->enabled = false;
    f->restarts = 0;
    relay_mailbox_init(&f->mailbox);
    relay_mailbox_init(&f->other);
    const struct button_task_parts parts = {
        .relays = &f->port,
        .button = { .read = read_button, .ctx = f },
        .led = { .write = write_led, .ctx = f },
        .restart = { .now = fake_restart, .ctx = f },
        .retained = &f->retained,
        .mailboxes = { &f->mailbox, NULL, &f->other },
        .dwell_ms = DWELL_MS,
        .absent = f->absent,
    };
    button_task_init(&f->task, &parts, f->now_us);
}

static void run_until(struct fixture *f, uint64_t until_us)
{
    while (f->now_us < until_us) {
        f->now_us += TICK_US;
        button_task_step(&f->task, f->now_us);
        // What is published matches the coils after every single step.
        assert_int_equal(button_task_relays(&f->task).mask, coils(f));
    }
}

static void run_ms(struct fixture *f, uint64_t duration_ms)
{
    run_until(f, f->now_us + duration_ms * 1000);
}

static int power_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .latched = 0xA5, .latches_left = NEVER, .now_us = 5000000 };
    *state = &f;
    boot(&f);
    return 0;
}

/// As power_up(), up to where commands are served.
static int get_ready(void **state)
{
    power_up(state);
    struct fixture *f = *state;
    button_task_restore(&f->task, 0);
    run_ms(f, DWELL_MS);
    return 0;
}

static struct relay_result ask(struct fixture *f, struct relay_mailbox *mailbox,
                               struct relay_request request)
{
    static uint32_t id;
    request.id = ++id;
    request.source = 1000 + id;
    assert_int_equal(relay_mailbox_post(mailbox, &request), STATUS_OK);
    run_ms(f, BUTTON_TASK_TICK_MS);
    struct relay_result result;
    assert_true(relay_mailbox_take_result(mailbox, &result));
    assert_int_equal(result.id, id);
    assert_int_equal(result.source, 1000 + id);
    assert_int_equal(result.mask, coils(f));
    return result;
}

static enum status set_all(struct fixture *f, uint8_t mask)
{
    return ask(f, &f->mailbox, (struct relay_request){ .operation = RELAY_SET_ALL, .mask = mask })
        .status;
}

static void hold_button(struct fixture *f, uint64_t held_ms)
{
    run_ms(f, 100);
    f->pressed = true;
    run_ms(f, held_ms);
    f->pressed = false;
    run_ms(f, BUTTON_DEBOUNCE_MS + BUTTON_TASK_TICK_MS);
}

static void every_operation_switches_within_one_tick(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct relay_request request;
        uint8_t mask;
    } STEPS[] = {
        { { .operation = RELAY_SET, .relay = 3, .closed = true }, 0x08 },
        { { .operation = RELAY_SET, .relay = 3, .closed = true }, 0x08 },
        { { .operation = RELAY_TOGGLE, .relay = 0 }, 0x09 },
        { { .operation = RELAY_SET_ALL, .mask = 0xAA }, 0xAA },
        { { .operation = RELAY_TOGGLE, .relay = 7 }, 0x2A },
        { { .operation = RELAY_SET, .relay = 1, .closed = false }, 0x28 },
        { { .operation = RELAY_ALL_ON }, 0xFF },
        { { .operation = RELAY_ALL_OFF }, 0x00 },
    };
    for (unsigned i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        const struct relay_result result = ask(f, &f->mailbox, STEPS[i].request);
        assert_int_equal(result.status, STATUS_OK);
        assert_int_equal(result.mask, STEPS[i].mask);
        assert_int_equal(coils(f), STEPS[i].mask);
        run_ms(f, DWELL_MS);
    }
}

static void what_does_not_exist_is_invalid_and_moves_nothing(void **state)
{
    struct fixture *f = *state;
    const struct relay_request REQUESTS[] = {
        { .operation = RELAY_SET, .relay = 8, .closed = true },
        { .operation = RELAY_TOGGLE, .relay = 8 },
        { .operation = RELAY_TOGGLE, .relay = 255 },
        { .operation = (enum relay_operation)99 },
    };
    assert_int_equal(set_all(f, 0x01), STATUS_OK);
    for (unsigned i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        assert_int_equal(ask(f, &f->mailbox, REQUESTS[i]).status, STATUS_INVALID);
        assert_int_equal(coils(f), 0x01);
    }
}

static void a_relay_that_is_not_fitted_is_invalid_and_never_driven(void **state)
{
    struct fixture *f = *state;
    f->absent = 0xFE;
    boot(f);
    button_task_restore(&f->task, 0xFF); // As a board with eight had left it.
    run_ms(f, 2 * DWELL_MS);
    assert_int_equal(coils(f), 0x01);
    assert_int_equal(set_all(f, 0x03), STATUS_INVALID);
    for (unsigned i = 1; i < RELAY_BANK_COUNT; i++) {
        const uint8_t relay = (uint8_t)i;
        const struct relay_request wishes[] = {
            { .operation = RELAY_SET, .relay = relay, .closed = true },
            { .operation = RELAY_TOGGLE, .relay = relay },
        };
        assert_int_equal(ask(f, &f->mailbox, wishes[0]).status, STATUS_INVALID);
        assert_int_equal(ask(f, &f->mailbox, wishes[1]).status, STATUS_INVALID);
    }
    assert_int_equal(coils(f), 0x01);
    assert_int_equal(set_all(f, 0x00), STATUS_OK);
    run_ms(f, DWELL_MS);
    const struct relay_request all_on = { .operation = RELAY_ALL_ON };
    assert_int_equal(ask(f, &f->mailbox, all_on).status, STATUS_OK);
    assert_int_equal(coils(f), 0x01);
}

static void a_mask_in_dwell_time_is_busy_but_all_off_is_not(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_all(f, 0x01), STATUS_OK);
    assert_int_equal(set_all(f, 0xF0), STATUS_BUSY);
    assert_int_equal(coils(f), 0x01);
    const struct relay_request all_off = { .operation = RELAY_ALL_OFF };
    assert_int_equal(ask(f, &f->mailbox, all_off).status, STATUS_OK);
    assert_int_equal(coils(f), 0x00);
}

static void several_posters_are_served(void **state)
{
    struct fixture *f = *state;
    const struct relay_request first = { .operation = RELAY_SET, .relay = 0, .closed = true };
    const struct relay_request second = { .operation = RELAY_SET, .relay = 1, .closed = true };
    assert_int_equal(relay_mailbox_post(&f->mailbox, &first), STATUS_OK);
    assert_int_equal(relay_mailbox_post(&f->other, &second), STATUS_OK);
    run_ms(f, BUTTON_TASK_TICK_MS);
    struct relay_result result;
    assert_true(relay_mailbox_take_result(&f->mailbox, &result));
    assert_true(relay_mailbox_take_result(&f->other, &result));
    assert_int_equal(coils(f), 0x03);
}

static void changes_are_counted_and_published_with_what_to_keep(void **state)
{
    struct fixture *f = *state;
    const struct relay_state before = button_task_relays(&f->task);
    assert_true(before.keep_known);
    assert_int_equal(set_all(f, 0x3C), STATUS_OK);
    const struct relay_state after = button_task_relays(&f->task);
    assert_int_equal(after.mask, 0x3C);
    assert_int_equal(after.keep, 0x3C);
    assert_int_equal(after.changes, before.changes + 1);
    assert_int_equal(set_all(f, 0x3C), STATUS_OK);
    assert_int_equal(button_task_relays(&f->task).changes, before.changes + 1);
}

static void restores_every_pattern_after_the_first_dwell(void **state)
{
    for (unsigned mask = 0; mask < 256; mask++) {
        power_up(state);
        struct fixture *f = *state;
        run_ms(f, 100);
        assert_false(button_task_relays(&f->task).keep_known); // So nobody overwrites what is kept.
        button_task_restore(&f->task, (uint8_t)mask);
        run_ms(f, DWELL_MS - 100 - BUTTON_TASK_TICK_MS);
        assert_int_equal(coils(f), 0x00);
        assert_int_equal(button_task_relays(&f->task).keep, mask);
        assert_true(button_task_relays(&f->task).keep_known);
        run_ms(f, BUTTON_TASK_TICK_MS);
        assert_int_equal(coils(f), mask);
    }
}

static void until_restored_only_all_off_is_served(void **state)
{
    struct fixture *f = *state;
    run_ms(f, 2000); // Storage takes its time.
    assert_int_equal(set_all(f, 0x01), STATUS_BUSY);
    assert_false(button_task_relays(&f->task).keep_known);
    const struct relay_request all_off = { .operation = RELAY_ALL_OFF };
    assert_int_equal(ask(f, &f->mailbox, all_off).status, STATUS_OK);
    assert_true(button_task_relays(&f->task).keep_known);
    button_task_restore(&f->task, 0xFF); // Too late: all off was the last word.
    run_ms(f, 2000);
    assert_int_equal(coils(f), 0x00);
    assert_int_equal(button_task_relays(&f->task).keep, 0x00);
}

static void a_second_restore_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_all(f, 0x11), STATUS_OK);
    button_task_restore(&f->task, 0xFF);
    run_ms(f, 2000);
    assert_int_equal(coils(f), 0x11);
}

static void a_dead_bus_at_boot_is_tried_again_and_then_restored(void **state)
{
    struct fixture *f = *state;
    f->latches_left = 0;
    boot(f);
    button_task_restore(&f->task, 0x42);
    run_ms(f, 10000);
    assert_true(button_task_relays(&f->task).tripped);
    assert_int_equal(coils(f), 0x00);
    assert_int_equal(button_task_relays(&f->task).keep, 0x42);
    f->latches_left = NEVER;
    run_ms(f, BUTTON_TASK_RETRY_MS + DWELL_MS);
    assert_false(button_task_relays(&f->task).tripped);
    assert_int_equal(coils(f), 0x42);
}

/// Kills the bus before every latch in turn, from the boot on, and mends it later. run_until()
/// holds the published mask against the coils at every step.
static void a_bus_that_dies_at_any_latch_is_survived(void **state)
{
    for (int latches = 0; latches < 12; latches++) {
        power_up(state);
        struct fixture *f = *state;
        f->latches_left = latches;
        boot(f);
        button_task_restore(&f->task, 0x18);
        run_ms(f, 1000);
        for (unsigned step = 0; step < 6; step++) {
            (void)set_all(f, (uint8_t)(0x21u << (step % 3)));
            run_ms(f, DWELL_MS);
            (void)ask(f, &f->mailbox,
                      (struct relay_request){
                          .operation = step % 2 == 0 ? RELAY_TOGGLE : RELAY_ALL_OFF, .relay = 6 });
            run_ms(f, DWELL_MS);
        }
        f->latches_left = NEVER;
        run_ms(f, BUTTON_TASK_RETRY_MS + 2 * DWELL_MS);
        assert_false(button_task_relays(&f->task).tripped);
        assert_int_equal(set_all(f, 0xC3), STATUS_OK);
        assert_int_equal(coils(f), 0xC3);
        assert_int_equal(button_task_relays(&f->task).keep, 0xC3);
    }
}

static void a_power_cut_before_the_states_are_kept_restores_the_old_ones(void **state)
{
    struct fixture *f = *state;
    uint8_t kept = 0; // What the other task has written to storage so far.
    for (unsigned cut = 0; cut < 6; cut++) {
        const uint8_t wanted = (uint8_t)(0x13u * (cut + 1));
        const uint8_t before = kept;
        assert_int_equal(set_all(f, wanted), STATUS_OK);
        if (cut % 2 == 0) {
            kept = button_task_relays(&f->task).keep;
        }
        f->latched = 0x5A; // Power goes and comes back with whatever the register holds.
        boot(f);
        run_ms(f, 30);
        button_task_restore(&f->task, kept);
        run_ms(f, 2 * DWELL_MS);
        assert_int_equal(coils(f), cut % 2 == 0 ? wanted : before);
    }
}

static void an_action_taken_in_time_restarts_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_all(f, 0x0F), STATUS_OK);
    hold_button(f, 3500);
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_WIFI_RESET);
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_NONE);
    run_ms(f, 10000);
    hold_button(f, 7500);
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_HOTSPOT);
    run_ms(f, 10000);
    assert_int_equal(f->restarts, 0);
    assert_int_equal(coils(f), 0x0F);
    hold_button(f, 2900);
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_NONE);
    run_ms(f, 10000);
    assert_int_equal(f->restarts, 0);
}

static void an_action_that_nobody_takes_restarts_after_two_seconds_and_is_noted(void **state)
{
    static const struct {
        uint64_t held_ms;
        enum button_action action;
    } HOLDS[] = {
        { 3500, BUTTON_ACTION_WIFI_RESET },
        { 7500, BUTTON_ACTION_HOTSPOT },
        { 10500, BUTTON_ACTION_FACTORY_RESET },
    };
    for (unsigned i = 0; i < sizeof HOLDS / sizeof HOLDS[0]; i++) {
        get_ready(state);
        struct fixture *f = *state;
        hold_button(f, HOLDS[i].held_ms);
        const uint64_t offered_us = f->now_us;
        run_ms(f, BUTTON_TASK_PATIENCE_MS - 2 * BUTTON_TASK_TICK_MS);
        assert_int_equal(f->restarts, 0);
        assert_false(restart_note_holds(&f->retained, HOLDS[i].action));
        run_ms(f, 5000);
        assert_int_equal(f->restarts, 1);
        assert_int_equal(f->restarted_us, offered_us + BUTTON_TASK_PATIENCE_MS * 1000);
        assert_true(restart_note_holds(&f->retained, HOLDS[i].action));
    }
}

static void twelve_seconds_open_everything_and_restart_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_all(f, 0xFF), STATUS_OK);
    run_ms(f, 100);
    f->pressed = true;
    run_ms(f, 12000);
    assert_int_equal(f->restarts, 0);
    assert_int_equal(coils(f), 0xFF);
    run_ms(f, BUTTON_TASK_TICK_MS); // The press was first seen one tick after it began.
    assert_int_equal(f->restarts, 1);
    assert_int_equal(coils(f), 0x00);
    assert_true(restart_note_holds(&f->retained, BUTTON_ACTION_RESTART));
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_NONE);
}

static void a_factory_reset_opens_everything_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_all(f, 0xFF), STATUS_OK);
    hold_button(f, 10500);
    assert_int_equal(coils(f), 0x00);
    assert_int_equal(button_task_relays(&f->task).keep, 0x00);
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_FACTORY_RESET);
}

static void after_an_emergency_nothing_closes_by_itself_until_the_note_is_cleared(void **state)
{
    static const enum button_action ACTIONS[] = { BUTTON_ACTION_RESTART,
                                                  BUTTON_ACTION_FACTORY_RESET };
    for (unsigned i = 0; i < 2; i++) {
        power_up(state);
        struct fixture *f = *state;
        restart_note_add(&f->retained, ACTIONS[i]);
        boot(f);
        button_task_restore(&f->task, 0xFF);
        run_ms(f, 5000);
        assert_int_equal(coils(f), 0x00);
        assert_true(button_task_relays(&f->task).keep_known);
        assert_int_equal(button_task_relays(&f->task).keep, 0x00);
        assert_int_equal(set_all(f, 0x80), STATUS_OK); // Orders are obeyed again.

        restart_note_clear(&f->retained);
        boot(f);
        button_task_restore(&f->task, 0x80);
        run_ms(f, 5000);
        assert_int_equal(coils(f), 0x80);
    }
}

static void a_network_action_on_the_note_lets_the_relays_be_restored(void **state)
{
    struct fixture *f = *state;
    restart_note_add(&f->retained, BUTTON_ACTION_WIFI_RESET);
    boot(f);
    button_task_restore(&f->task, 0xC0);
    run_ms(f, 5000);
    assert_int_equal(coils(f), 0xC0);
}

static void an_action_missed_by_a_hair_is_not_lost(void **state)
{
    struct fixture *f = *state;
    // A taker that read the first action and is held up until the second is there.
    hold_button(f, 3500);
    const uint32_t first = f->task.offered;
    hold_button(f, 7500);
    f->task.taken = first >> 4;
    assert_int_equal(button_task_take_action(&f->task), BUTTON_ACTION_HOTSPOT);
}

static void the_light_follows_the_word_that_others_store(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum status_led_pattern pattern;
        unsigned lit_ticks; ///< Of the 200 ticks in two seconds.
        unsigned edges;
    } EXPECTED[] = {
        { STATUS_LED_PROVISIONING, 100, 10 },
        { STATUS_LED_CONNECTED, 20, 4 },
        { STATUS_LED_NETWORK, 40, 8 },
        { STATUS_LED_DISCONNECTED, 100, 4 },
    };
    for (unsigned i = 0; i < 4; i++) {
        button_task_show(&f->task, EXPECTED[i].pattern);
        f->lit = false;
        unsigned lit = 0;
        unsigned edges = 0;
        for (unsigned tick = 0; tick < 200; tick++) {
            const bool before = f->lit;
            run_ms(f, BUTTON_TASK_TICK_MS);
            lit += f->lit;
            edges += f->lit != before;
        }
        assert_int_equal(lit, EXPECTED[i].lit_ticks);
        assert_int_equal(edges, EXPECTED[i].edges);
    }
}

/// The device's other task, in a thread of its own: posts masks, reads results and the published
/// word.
static void *switch_from_another_thread(void *arg)
{
    struct fixture *f = arg;
    unsigned long wrong = 0;
    for (uint32_t id = 1; id <= 300; id++) {
        const struct relay_request request = { .id = id,
                                               .operation = RELAY_SET_ALL,
                                               .mask = (uint8_t)(id * 37u) };
        while (relay_mailbox_post(&f->mailbox, &request) != STATUS_OK) {
            sched_yield();
        }
        struct relay_result result;
        while (!relay_mailbox_take_result(&f->mailbox, &result)) {
            sched_yield();
        }
        const struct relay_state relays = button_task_relays(&f->task);
        wrong += result.id != id || result.status != STATUS_OK || result.mask != request.mask ||
                 relays.mask != request.mask || relays.keep != request.mask;
    }
    return (void *)(uintptr_t)wrong;
}

static void another_thread_finds_the_relays_as_its_result_says(void **state)
{
    struct fixture *f = *state;
    f->task.bank.dwell_ms = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, switch_from_another_thread, f), 0);
    void *wrong = NULL;
    while (pthread_tryjoin_np(thread, &wrong) != 0) {
        run_ms(f, BUTTON_TASK_TICK_MS);
        sched_yield();
    }
    assert_null(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_operation_switches_within_one_tick, get_ready),
        cmocka_unit_test_setup(what_does_not_exist_is_invalid_and_moves_nothing, get_ready),
        cmocka_unit_test_setup(a_relay_that_is_not_fitted_is_invalid_and_never_driven, power_up),
        cmocka_unit_test_setup(a_mask_in_dwell_time_is_busy_but_all_off_is_not, get_ready),
        cmocka_unit_test_setup(several_posters_are_served, get_ready),
        cmocka_unit_test_setup(changes_are_counted_and_published_with_what_to_keep, get_ready),
        cmocka_unit_test_setup(restores_every_pattern_after_the_first_dwell, power_up),
        cmocka_unit_test_setup(until_restored_only_all_off_is_served, power_up),
        cmocka_unit_test_setup(a_second_restore_changes_nothing, get_ready),
        cmocka_unit_test_setup(a_dead_bus_at_boot_is_tried_again_and_then_restored, power_up),
        cmocka_unit_test_setup(a_bus_that_dies_at_any_latch_is_survived, power_up),
        cmocka_unit_test_setup(a_power_cut_before_the_states_are_kept_restores_the_old_ones,
                               get_ready),
        cmocka_unit_test_setup(an_action_taken_in_time_restarts_nothing, get_ready),
        cmocka_unit_test_setup(an_action_that_nobody_takes_restarts_after_two_seconds_and_is_noted,
                               get_ready),
        cmocka_unit_test_setup(twelve_seconds_open_everything_and_restart_at_once, get_ready),
        cmocka_unit_test_setup(a_factory_reset_opens_everything_at_once, get_ready),
        cmocka_unit_test_setup(
            after_an_emergency_nothing_closes_by_itself_until_the_note_is_cleared, power_up),
        cmocka_unit_test_setup(a_network_action_on_the_note_lets_the_relays_be_restored, power_up),
        cmocka_unit_test_setup(an_action_missed_by_a_hair_is_not_lost, get_ready),
        cmocka_unit_test_setup(the_light_follows_the_word_that_others_store, get_ready),
        cmocka_unit_test_setup(another_thread_finds_the_relays_as_its_result_says, get_ready),
    };
    return cmocka_run_group_tests_name("button_task", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// What an opened case does to the relays.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "button_task.h"

enum { DWELL_MS = 500, TICK_US = BUTTON_TASK_TICK_MS * 1000, SAFE_MS = 100 };

/// A board of variables around the task, and its clock.
struct fixture {
    uint8_t latched;
    bool enabled;
    bool bus_is_dead;
    bool case_open;
    bool pressed;
    unsigned restarts;
    struct retained_memory retained;
    struct relay_bank_port port;
    struct relay_mailbox mailbox;
    struct button_task task;
    uint64_t now_us;
};

static enum status fake_latch(void *ctx, uint8_t outputs)
{
    struct fixture *f = ctx;
    if (f->bus_is_dead) {
        return STATUS_IO;
    }
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

static bool read_case(void *ctx)
{
    const struct fixture *f = ctx;
    return f->case_open;
}

static void write_led(void *ctx, bool high)
{
    (void)ctx;
    (void)high;
}

static void fake_restart(void *ctx)
{
    struct fixture *f = ctx;
    f->restarts++;
}

static uint8_t coils(const struct fixture *f)
{
    return f->enabled ? f->latched : 0;
}

static void boot(struct fixture *f, bool has_switch)
{
    f->port = (struct relay_bank_port){ .latch = fake_latch, .enable = fake_enable, .ctx = f };
    f->enabled = false;
    relay_mailbox_init(&f->mailbox);
    const struct button_task_parts parts = {
        .relays = &f->port,
        .button = { .read = read_button, .ctx = f },
        .led = { .write = write_led, .ctx = f },
        .tamper = { .read = has_switch ? read_case : NULL, .ctx = f },
        .restart = { .now = fake_restart, .ctx = f },
        .retained = &f->retained,
        .mailboxes = { &f->mailbox },
        .dwell_ms = DWELL_MS,
    };
    button_task_init(&f->task, &parts, f->now_us);
}

static void run_ms(struct fixture *f, uint64_t duration_ms)
{
    const uint64_t until_us = f->now_us + duration_ms * 1000;
    while (f->now_us < until_us) {
        f->now_us += TICK_US;
        button_task_step(&f->task, f->now_us);
        assert_int_equal(button_task_relays(&f->task).mask, coils(f));
    }
}

static struct relay_result ask(struct fixture *f, struct relay_request request)
{
    struct relay_result result;
    assert_int_equal(relay_mailbox_post(&f->mailbox, &request), STATUS_OK);
    run_ms(f, BUTTON_TASK_TICK_MS);
    assert_true(relay_mailbox_take_result(&f->mailbox, &result));
    return result;
}

static struct relay_result set_all(struct fixture *f, uint8_t mask)
{
    return ask(f, (struct relay_request){ .operation = RELAY_SET_ALL, .mask = mask });
}

static struct relay_result clear(struct fixture *f, uint32_t count)
{
    return ask(f, (struct relay_request){ .operation = RELAY_TAMPER_CLEAR, .tamper_count = count });
}

/// A device with a switch, a closed case and relays 0 and 7 closed.
static int get_ready(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .now_us = 5000000 };
    *state = &f;
    boot(&f, true);
    button_task_restore_tamper(&f.task, (struct tamper_record){ .count = 3 });
    button_task_restore(&f.task, 0x81);
    run_ms(&f, DWELL_MS);
    assert_int_equal(coils(&f), 0x81);
    return 0;
}

static void an_opened_case_opens_every_relay_within_100_ms_and_is_published(void **state)
{
    struct fixture *f = *state;
    f->case_open = true;
    run_ms(f, SAFE_MS);
    assert_int_equal(coils(f), 0x00);
    const struct tamper_view view = button_task_tamper(&f->task);
    assert_true(view.fitted && view.known && view.latched && view.open);
    assert_int_equal(view.count, 4);
    // Nor do they come back after the next power cut.
    assert_int_equal(button_task_relays(&f->task).keep, 0x00);
}

static void opens_them_although_the_bus_is_dead(void **state)
{
    struct fixture *f = *state;
    f->bus_is_dead = true;
    f->case_open = true;
    run_ms(f, SAFE_MS);
    assert_int_equal(coils(f), 0x00);
    assert_true(button_task_relays(&f->task).tripped);
}

static void refuses_to_close_until_it_is_cleared_and_says_why(void **state)
{
    struct fixture *f = *state;
    f->case_open = true;
    run_ms(f, SAFE_MS);
    f->case_open = false;
    run_ms(f, 60000);
    const struct relay_request requests[] = {
        { .operation = RELAY_SET, .relay = 0, .closed = true },
        { .operation = RELAY_TOGGLE, .relay = 1 },
        { .operation = RELAY_SET_ALL, .mask = 1 },
        { .operation = RELAY_ALL_ON },
    };
    for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const struct relay_result result = ask(f, requests[i]);
        assert_int_equal(result.status, STATUS_BUSY);
        assert_true(result.tampered);
        assert_int_equal(coils(f), 0x00);
    }
    assert_int_equal(ask(f, (struct relay_request){ .operation = RELAY_ALL_OFF }).status,
                     STATUS_OK);
    run_ms(f, DWELL_MS);

    assert_int_equal(clear(f, 3).status, STATUS_INVALID);
    assert_true(button_task_tamper(&f->task).latched);
    const struct relay_result cleared = clear(f, 4);
    assert_int_equal(cleared.status, STATUS_OK);
    assert_false(cleared.tampered);
    assert_false(button_task_tamper(&f->task).latched);
    assert_int_equal(set_all(f, 0x02).status, STATUS_OK);
    assert_int_equal(coils(f), 0x02);
}

static void is_not_cleared_while_the_case_is_open(void **state)
{
    struct fixture *f = *state;
    f->case_open = true;
    run_ms(f, SAFE_MS);
    assert_int_equal(clear(f, 4).status, STATUS_BUSY);
    assert_true(button_task_tamper(&f->task).latched);
}

static void nothing_latched_is_nothing_to_clear(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(clear(f, 3).status, STATUS_MISSING);
    assert_int_equal(coils(f), 0x81);
}

static void a_latch_that_was_kept_keeps_the_relays_open_after_the_boot(void **state)
{
    struct fixture *f = *state;
    boot(f, true);
    run_ms(f, 2000);
    button_task_restore_tamper(&f->task, (struct tamper_record){ .latched = true, .count = 8 });
    button_task_restore(&f->task, 0xFF);
    run_ms(f, 10000);
    assert_int_equal(coils(f), 0x00);
    assert_int_equal(set_all(f, 0x01).status, STATUS_BUSY);
    assert_int_equal(clear(f, 8).status, STATUS_OK);
    assert_int_equal(set_all(f, 0x01).status, STATUS_OK);
}

static void without_what_was_kept_no_relay_closes(void **state)
{
    struct fixture *f = *state;
    boot(f, true);
    button_task_restore(&f->task, 0xFF);
    run_ms(f, 10000);
    assert_int_equal(coils(f), 0x00);
    assert_int_equal(set_all(f, 0x01).status, STATUS_BUSY);
    assert_false(button_task_tamper(&f->task).known);
    button_task_restore_tamper(&f->task, (struct tamper_record){ .count = 0 });
    run_ms(f, DWELL_MS);
    assert_int_equal(coils(f), 0xFF);
}

static void the_button_does_all_it_does(void **state)
{
    struct fixture *f = *state;
    f->case_open = true;
    run_ms(f, SAFE_MS);
    f->pressed = true;
    run_ms(f, BUTTON_RESTART_MS + 100);
    assert_int_equal(f->restarts, 1);
}

static void a_device_without_a_switch_is_never_tampered_with(void **state)
{
    struct fixture *f = *state;
    f->case_open = true;
    boot(f, false);
    button_task_restore(&f->task, 0x42);
    run_ms(f, 10000);
    assert_int_equal(coils(f), 0x42);
    const struct tamper_view view = button_task_tamper(&f->task);
    assert_false(view.fitted || view.known || view.latched || view.open);
    assert_int_equal(clear(f, 0).status, STATUS_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_opened_case_opens_every_relay_within_100_ms_and_is_published,
                               get_ready),
        cmocka_unit_test_setup(opens_them_although_the_bus_is_dead, get_ready),
        cmocka_unit_test_setup(refuses_to_close_until_it_is_cleared_and_says_why, get_ready),
        cmocka_unit_test_setup(is_not_cleared_while_the_case_is_open, get_ready),
        cmocka_unit_test_setup(nothing_latched_is_nothing_to_clear, get_ready),
        cmocka_unit_test_setup(a_latch_that_was_kept_keeps_the_relays_open_after_the_boot,
                               get_ready),
        cmocka_unit_test_setup(without_what_was_kept_no_relay_closes, get_ready),
        cmocka_unit_test_setup(the_button_does_all_it_does, get_ready),
        cmocka_unit_test_setup(a_device_without_a_switch_is_never_tampered_with, get_ready),
    };
    return cmocka_run_group_tests_name("button_tamper", tests, NULL, NULL);
}

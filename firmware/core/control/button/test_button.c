// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "button.h"

enum { TICK_US = 10000, US_PER_MS = 1000, STATES = 5, EVENTS = 4 };

static void walks_every_pair_of_state_and_event(void **state)
{
    (void)state;
    static const enum button_state NEXT[STATES][EVENTS] = {
        // Columns: reads closed, reads open, settled, held out.
        [BUTTON_STUCK] = { BUTTON_STUCK, BUTTON_UP, BUTTON_STUCK, BUTTON_STUCK },
        [BUTTON_UP] = { BUTTON_CLOSING, BUTTON_UP, BUTTON_UP, BUTTON_UP },
        [BUTTON_CLOSING] = { BUTTON_CLOSING, BUTTON_UP, BUTTON_DOWN, BUTTON_CLOSING },
        [BUTTON_DOWN] = { BUTTON_DOWN, BUTTON_OPENING, BUTTON_DOWN, BUTTON_STUCK },
        [BUTTON_OPENING] = { BUTTON_DOWN, BUTTON_OPENING, BUTTON_UP, BUTTON_OPENING },
    };
    for (unsigned from = 0; from < STATES; from++) {
        for (unsigned event = 0; event < EVENTS; event++) {
            assert_int_equal(button_next((enum button_state)from, (enum button_event)event),
                             NEXT[from][event]);
        }
    }
}

/// A person at the contact: steps the button to `until_us` and collects what it asks for.
struct press {
    struct button button;
    uint64_t now_us;
    unsigned count;          ///< Actions so far.
    enum button_action last; ///< The newest of them.
    uint64_t last_us;
};

static void read_once(struct press *press, bool closed)
{
    const enum button_action action = button_step(&press->button, closed, press->now_us);
    if (action != BUTTON_ACTION_NONE) {
        press->count++;
        press->last = action;
        press->last_us = press->now_us;
    }
}

static void run(struct press *press, bool closed, uint64_t until_us)
{
    while (press->now_us < until_us) {
        read_once(press, closed);
        press->now_us += TICK_US;
        if (press->now_us > until_us) {
            press->now_us = until_us;
        }
    }
}

static void hold(struct press *press, uint64_t held_us)
{
    *press = (struct press){ .now_us = 0 };
    button_init(&press->button);
    run(press, false, 100000);
    run(press, true, press->now_us + held_us);
    run(press, false, press->now_us + 1000000);
}

static void the_length_of_a_hold_chooses_the_action(void **state)
{
    (void)state;
    static const struct {
        uint64_t held_us;
        enum button_action action;
    } EXPECTED[] = {
        { 20000, BUTTON_ACTION_NONE },
        { 500000, BUTTON_ACTION_NONE },
        { 2999000, BUTTON_ACTION_NONE },
        { 2999999, BUTTON_ACTION_NONE },
        { 3000000, BUTTON_ACTION_WIFI_RESET },
        { 6999000, BUTTON_ACTION_WIFI_RESET },
        { 6999999, BUTTON_ACTION_WIFI_RESET },
        { 7000000, BUTTON_ACTION_HOTSPOT },
        { 9999000, BUTTON_ACTION_HOTSPOT },
        { 9999999, BUTTON_ACTION_HOTSPOT },
        { 10000000, BUTTON_ACTION_FACTORY_RESET },
        { 11999000, BUTTON_ACTION_FACTORY_RESET },
        { 11999999, BUTTON_ACTION_FACTORY_RESET },
        { 12010000, BUTTON_ACTION_RESTART }, // The reading at 12.000 s is the first that restarts.
        { 60000000, BUTTON_ACTION_RESTART },
    };
    for (unsigned i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        struct press press;
        hold(&press, EXPECTED[i].held_us);
        assert_int_equal(press.last, EXPECTED[i].action);
        assert_int_equal(press.count, EXPECTED[i].action == BUTTON_ACTION_NONE ? 0 : 1);
    }
}

static void restarts_at_twelve_seconds_without_waiting_for_the_release(void **state)
{
    (void)state;
    struct press press;
    hold(&press, 30000000);
    assert_int_equal(press.last, BUTTON_ACTION_RESTART);
    assert_int_equal(press.last_us, 100000 + 12000000);
}

static void acts_within_the_debounce_time_of_the_release(void **state)
{
    (void)state;
    struct press press;
    hold(&press, 5000000);
    assert_int_equal(press.last_us, 100000 + 5000000 + BUTTON_DEBOUNCE_MS * US_PER_MS);
}

static void a_bouncing_contact_is_one_hold(void **state)
{
    (void)state;
    struct press press = { .now_us = 0 };
    button_init(&press.button);
    run(&press, false, 100000);
    for (unsigned bounce = 0; bounce < 4; bounce++) { // Bounces while closing,
        run(&press, true, press.now_us + TICK_US);
        run(&press, false, press.now_us + TICK_US);
    }
    const uint64_t pressed_us = press.now_us;
    while (press.now_us < pressed_us + 7500000) { // opens for a tick twice a second,
        run(&press, true, press.now_us + 500000);
        run(&press, false, press.now_us + TICK_US);
    }
    for (unsigned bounce = 0; bounce < 4; bounce++) { // and bounces while opening.
        run(&press, true, press.now_us + TICK_US);
        run(&press, false, press.now_us + TICK_US);
    }
    run(&press, false, press.now_us + 1000000);
    assert_int_equal(press.count, 1);
    assert_int_equal(press.last, BUTTON_ACTION_HOTSPOT);
}

static void a_glitch_is_no_press(void **state)
{
    (void)state;
    struct press press = { .now_us = 0 };
    button_init(&press.button);
    run(&press, false, 100000);
    while (press.now_us < 20000000) { // Long enough for every action, never long enough to settle.
        run(&press, true, press.now_us + UINT64_C(2) * TICK_US);
        run(&press, false, press.now_us + TICK_US);
    }
    assert_int_equal(press.count, 0);
}

static void a_button_that_is_down_at_the_start_counts_only_after_it_was_up(void **state)
{
    (void)state;
    struct press press = { .now_us = 0 };
    button_init(&press.button);
    run(&press, true, 60000000);
    run(&press, false, press.now_us + 1000000);
    assert_int_equal(press.count, 0);
    run(&press, true, press.now_us + 3000000);
    run(&press, false, press.now_us + 1000000);
    assert_int_equal(press.count, 1);
    assert_int_equal(press.last, BUTTON_ACTION_WIFI_RESET);
}

static void a_release_that_begins_in_time_counts_though_it_settles_late(void **state)
{
    (void)state;
    struct press press = { .now_us = 0 };
    button_init(&press.button);
    run(&press, false, 100000);
    run(&press, true, 100000 + 11995000);
    run(&press, false, press.now_us + 1000000);
    assert_int_equal(press.count, 1);
    assert_int_equal(press.last, BUTTON_ACTION_FACTORY_RESET);
}

static void every_action_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(button_action_name(BUTTON_ACTION_NONE), "none");
    assert_string_equal(button_action_name(BUTTON_ACTION_WIFI_RESET), "wifi_reset");
    assert_string_equal(button_action_name(BUTTON_ACTION_HOTSPOT), "hotspot");
    assert_string_equal(button_action_name(BUTTON_ACTION_FACTORY_RESET), "factory_reset");
    assert_string_equal(button_action_name(BUTTON_ACTION_RESTART), "restart");
    assert_string_equal(button_action_name((enum button_action)77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_every_pair_of_state_and_event),
        cmocka_unit_test(the_length_of_a_hold_chooses_the_action),
        cmocka_unit_test(restarts_at_twelve_seconds_without_waiting_for_the_release),
        cmocka_unit_test(acts_within_the_debounce_time_of_the_release),
        cmocka_unit_test(a_bouncing_contact_is_one_hold),
        cmocka_unit_test(a_glitch_is_no_press),
        cmocka_unit_test(a_button_that_is_down_at_the_start_counts_only_after_it_was_up),
        cmocka_unit_test(a_release_that_begins_in_time_counts_though_it_settles_late),
        cmocka_unit_test(every_action_has_a_name),
    };
    return cmocka_run_group_tests_name("button", tests, NULL, NULL);
}

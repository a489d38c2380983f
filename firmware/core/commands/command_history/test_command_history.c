// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command_history.h"

static void answers_a_repeated_command_again(void **state)
{
    (void)state;
    struct command_history history;

    command_history_init(&history);
    assert_null(command_history_repeats(&history, "a"));
    const uint32_t ticket = command_history_add(&history, "a");
    assert_null(command_history_due(&history));

    // While it is being done there is nothing to say yet, and nothing to do twice.
    assert_non_null(command_history_repeats(&history, "a"));
    assert_null(command_history_due(&history));

    command_history_settle(&history, ticket, COMMAND_DONE, "", 5);
    struct command_record *record = command_history_due(&history);
    assert_non_null(record);
    assert_string_equal(record->cmd_id, "a");
    assert_int_equal(record->relay_mask, 5);
    record->reply_due = false;
    assert_null(command_history_due(&history));

    assert_non_null(command_history_repeats(&history, "a"));
    assert_ptr_equal(command_history_due(&history), record);
    assert_int_equal(record->outcome, COMMAND_DONE);
}

static void keeps_the_outcome_and_knows_how_to_ask_for_the_detail_again(void **state)
{
    (void)state;
    struct command_history history;
    command_history_init(&history);
    const uint32_t ticket = command_history_add(&history, "a");
    const struct metering_request request = { .id = ticket,
                                              .action = METERING_CALIBRATE,
                                              .channel = 5 };
    command_history_measures(&history, &request);
    command_history_settle(&history, ticket, COMMAND_FAILED, "no room", 5);
    const struct command_record *record = command_history_repeats(&history, "a");
    assert_true(record->measures);
    assert_int_equal(record->telling, METERING_TELL);
    assert_int_equal(record->channel, 5);
    command_history_settle(&history, ticket, COMMAND_DONE, "", 0);
    assert_int_equal(record->outcome, COMMAND_FAILED);
    assert_string_equal(record->reason, "no room");
    assert_true(record->reply_due);
}

static void replies_in_the_order_of_arrival(void **state)
{
    (void)state;
    struct command_history history;

    command_history_init(&history);
    for (unsigned i = 0; i < 40; i++) {
        const char id[] = { (char)('A' + i / 10), (char)('0' + i % 10), '\0' };
        command_history_settle(&history, command_history_add(&history, id), COMMAND_BUSY, "dwell",
                               (uint8_t)i);
    }
    for (unsigned i = 40 - COMMAND_HISTORY_COUNT; i < 40; i++) {
        struct command_record *record = command_history_due(&history);
        assert_non_null(record);
        assert_int_equal(record->relay_mask, i);
        record->reply_due = false;
    }
    assert_null(command_history_due(&history));
}

static void forgets_what_is_older_than_the_last_32(void **state)
{
    (void)state;
    struct command_history history;

    command_history_init(&history);
    for (unsigned i = 0; i < COMMAND_HISTORY_COUNT + 1; i++) {
        const char id[] = { (char)('A' + i / 10), (char)('0' + i % 10), '\0' };
        (void)command_history_add(&history, id);
    }
    assert_null(command_history_repeats(&history, "A0"));
    assert_non_null(command_history_repeats(&history, "A1"));
    assert_null(command_history_repeats(&history, ""));

    // A result that comes after its command was forgotten must not land on another one.
    command_history_settle(&history, 0, COMMAND_DONE, "", 0);
    assert_null(command_history_due(&history));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_repeated_command_again),
        cmocka_unit_test(keeps_the_outcome_and_knows_how_to_ask_for_the_detail_again),
        cmocka_unit_test(replies_in_the_order_of_arrival),
        cmocka_unit_test(forgets_what_is_older_than_the_last_32),
    };
    return cmocka_run_group_tests_name("command_history", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metering_mailbox.h"

static void takes_one_request_at_a_time(void **state)
{
    (void)state;
    static struct metering_mailbox mailbox;
    const struct metering_request request = { .id = 7, .channel = 3 };
    metering_mailbox_init(&mailbox);
    for (unsigned round = 0; round < 5; round++) {
        assert_null(metering_mailbox_next(&mailbox));
        assert_null(metering_mailbox_peek(&mailbox));
        assert_int_equal(metering_mailbox_post(&mailbox, &request), STATUS_OK);
        assert_int_equal(metering_mailbox_post(&mailbox, &request), STATUS_FULL);
        assert_int_equal(metering_mailbox_next(&mailbox)->channel, 3);
        assert_null(metering_mailbox_peek(&mailbox));
        metering_mailbox_slot(&mailbox)->id = 7;
        metering_mailbox_answer(&mailbox);
        assert_null(metering_mailbox_next(&mailbox));
        assert_int_equal(metering_mailbox_post(&mailbox, &request), STATUS_FULL);
        assert_int_equal(metering_mailbox_peek(&mailbox)->id, 7);
        metering_mailbox_release(&mailbox);
    }
}

static void answers_a_repetition_by_an_action_that_changes_nothing(void **state)
{
    (void)state;
    for (int action = METERING_CALIBRATE; action <= METERING_DEMAND_TELL; action++) {
        const enum metering_subject subject = metering_subject_of((enum metering_action)action);
        const enum metering_action telling = metering_subject_telling(subject);
        assert_int_equal(metering_subject_of(telling), subject);
        assert_true(telling == METERING_TELL || telling == METERING_LINEARITY_TELL ||
                    telling == METERING_DEMAND_TELL);
    }
    assert_int_equal(metering_subject_of(METERING_CHECK_WIRING), METERING_OF_CHANNEL);
    assert_int_equal(metering_subject_of(METERING_LINEARITY_CLEAR), METERING_OF_CONVERTER);
    assert_int_equal(metering_subject_of(METERING_DEMAND_RESET), METERING_OF_DEMAND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_request_at_a_time),
        cmocka_unit_test(answers_a_repetition_by_an_action_that_changes_nothing),
    };
    return cmocka_run_group_tests_name("metering_mailbox", tests, NULL, NULL);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_request_at_a_time),
    };
    return cmocka_run_group_tests_name("metering_mailbox", tests, NULL, NULL);
}

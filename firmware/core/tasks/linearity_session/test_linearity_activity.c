// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linearity_activity.h"

static void follows_every_pair_of_activity_and_event(void **state)
{
    (void)state;
    static const enum linearity_activity
        expected[LINEARITY_ACTIVITY_COUNT][LINEARITY_EVENT_COUNT] = {
            [LINEARITY_IDLE] = { LINEARITY_COUNTING, LINEARITY_IDLE, LINEARITY_IDLE,
                                 LINEARITY_IDLE },
            [LINEARITY_COUNTING] = { LINEARITY_COUNTING, LINEARITY_STOPPING, LINEARITY_STOPPING,
                                     LINEARITY_COUNTING },
            [LINEARITY_STOPPING] = { LINEARITY_STOPPING, LINEARITY_STOPPING, LINEARITY_STOPPING,
                                     LINEARITY_IDLE },
        };
    for (int from = 0; from < LINEARITY_ACTIVITY_COUNT; from++) {
        for (int event = 0; event < LINEARITY_EVENT_COUNT; event++) {
            assert_int_equal(
                linearity_activity_next((enum linearity_activity)from, (enum linearity_event)event),
                expected[from][event]);
        }
    }
}

static void tells_idle_from_gathering(void **state)
{
    (void)state;
    assert_string_equal(linearity_activity_name(LINEARITY_IDLE), "idle");
    assert_string_equal(linearity_activity_name(LINEARITY_COUNTING), "gathering");
    assert_string_equal(linearity_activity_name(LINEARITY_STOPPING), "gathering");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_every_pair_of_activity_and_event),
        cmocka_unit_test(tells_idle_from_gathering),
    };
    return cmocka_run_group_tests_name("linearity_activity", tests, NULL, NULL);
}

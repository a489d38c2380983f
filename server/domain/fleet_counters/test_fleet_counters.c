// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_counters.h"

static void have_a_name_each_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FLEET_COUNTER_COUNT; i++) {
        assert_string_not_equal(fleet_counter_name((enum fleet_counter)i), "unknown");
        for (unsigned other = 0; other < i; other++) {
            assert_string_not_equal(fleet_counter_name((enum fleet_counter)i),
                                    fleet_counter_name((enum fleet_counter)other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(have_a_name_each_of_their_own) };
    return cmocka_run_group_tests_name("fleet_counters", tests, NULL, NULL);
}

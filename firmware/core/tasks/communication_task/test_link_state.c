// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link_state.h"

enum { STATE_COUNT = LINK_OFF + 1, EVENT_COUNT = LINK_EVENT_SPOKEN + 1 };

static void walks_every_pair_of_state_and_event(void **state)
{
    (void)state;
    const enum link_state W = LINK_WAITING;
    const enum link_state C = LINK_CONNECTING;
    const enum link_state O = LINK_ONLINE;
    const enum link_state L = LINK_LEAVING;
    const enum link_state X = LINK_OFF;
    // Columns: due, up, lost, late, leave, spoken.
    const enum link_state expected[STATE_COUNT][EVENT_COUNT] = {
        [LINK_WAITING] = { C, W, W, W, X, W }, [LINK_CONNECTING] = { C, O, W, W, X, C },
        [LINK_ONLINE] = { O, O, W, O, L, O },  [LINK_LEAVING] = { L, L, X, X, L, X },
        [LINK_OFF] = { X, X, X, X, X, X },
    };
    for (int from = 0; from < STATE_COUNT; from++) {
        for (int event = 0; event < EVENT_COUNT; event++) {
            assert_int_equal(link_next((enum link_state)from, (enum link_event)event),
                             expected[from][event]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(walks_every_pair_of_state_and_event) };
    return cmocka_run_group_tests_name("link_state", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "power_state.h"

static void goes_from_every_state_by_every_level(void **state)
{
    (void)state;
    enum { N = POWER_STATE_NORMAL, D = POWER_STATE_DIP };
    enum { I = POWER_STATE_INTERRUPTION, S = POWER_STATE_SWELL };
    static const unsigned expected[POWER_STATE_COUNT][POWER_LEVEL_COUNT] = {
        // NONE TRACE LOW LOWISH NORMAL HIGHISH HIGH
        [N] = { I, D, D, N, N, N, S },
        [D] = { I, D, D, D, N, N, S },
        [I] = { I, I, D, D, N, N, S },
        [S] = { I, D, D, N, N, S, S },
    };
    for (unsigned from = 0; from < POWER_STATE_COUNT; from++) {
        for (unsigned level = 0; level < POWER_LEVEL_COUNT; level++) {
            assert_int_equal(power_state_next((enum power_state)from, (enum power_level)level),
                             expected[from][level]);
        }
    }
}

static void tells_levels_by_the_thresholds_of_the_standard(void **state)
{
    (void)state;
    const struct power_thresholds thresholds = { 0.05, 0.90, 1.10, 0.02 };
    static const struct {
        double share;
        enum power_level level;
    } cases[] = {
        { 0.0, POWER_LEVEL_NONE },        { 0.0499999, POWER_LEVEL_NONE },
        { 0.05, POWER_LEVEL_TRACE },      { 0.0699999, POWER_LEVEL_TRACE },
        { 0.07001, POWER_LEVEL_LOW },     { 0.8999999, POWER_LEVEL_LOW },
        { 0.90, POWER_LEVEL_LOWISH },     { 0.9199999, POWER_LEVEL_LOWISH },
        { 0.92001, POWER_LEVEL_NORMAL },  { 1.0799999, POWER_LEVEL_NORMAL },
        { 1.08001, POWER_LEVEL_HIGHISH }, { 1.10, POWER_LEVEL_HIGHISH },
        { 1.1000001, POWER_LEVEL_HIGH },  { 9.0, POWER_LEVEL_HIGH },
    };
    for (unsigned n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(power_level_of(&thresholds, cases[n].share), cases[n].level);
    }
}

static void knows_thresholds_that_are_out_of_order(void **state)
{
    (void)state;
    static const struct power_thresholds bad[] = {
        { 0.0, 0.9, 1.1, 0.02 },         { 0.05, 0.9, 1.1, -0.01 },
        { 0.95, 0.9, 1.1, 0.02 },        { 0.05, 0.9, 0.8, 0.02 },
        { 0.05, 0.9, 1.1, 0.2 },         { 0.05, 0.9, 20.0, 0.02 },
        { 0.05, 0.9, 1.1, (double)NAN }, { 0.05, (double)NAN, 1.1, 0.02 },
    };
    const struct power_thresholds good = { 0.10, 0.85, 1.15, 0.01 };
    assert_true(power_thresholds_are_sound(&good));
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_false(power_thresholds_are_sound(&bad[n]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_from_every_state_by_every_level),
        cmocka_unit_test(tells_levels_by_the_thresholds_of_the_standard),
        cmocka_unit_test(knows_thresholds_that_are_out_of_order),
    };
    return cmocka_run_group_tests_name("power_state", tests, NULL, NULL);
}

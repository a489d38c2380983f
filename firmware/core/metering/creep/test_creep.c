// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "creep.h"

static const double WINDOW_S = 0.2;
static const double THRESHOLD_VA = 2.3;

/// Windows until the channel counts (or creeps), at most 1000.
static unsigned windows_until(struct creep *creep, bool creeps, double active_w)
{
    for (unsigned n = 0; n < 1000; n++) {
        if (creep_take(creep, active_w, 0.0, WINDOW_S, THRESHOLD_VA) == creeps) {
            return n;
        }
    }
    return 1000;
}

static void counts_nothing_of_a_channel_never_used(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_int_equal(windows_until(&creep, false, 1.0), 1000);
    assert_int_equal(windows_until(&creep, false, -2.2), 1000);
}

static void counts_five_watts_within_a_second(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_true(windows_until(&creep, false, 5.0) * WINDOW_S < 1.0);
    assert_int_equal(windows_until(&creep, true, 5.0), 1000);
    creep_init(&creep);
    assert_true(windows_until(&creep, false, -5.0) * WINDOW_S < 1.0);
}

static void counts_a_large_load_from_its_first_window(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_int_equal(windows_until(&creep, false, 12.0), 0);
}

static void counts_reactive_power_too(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_false(creep_take(&creep, 0.0, 20.0, WINDOW_S, THRESHOLD_VA));
    for (unsigned n = 0; n < 100; n++) {
        assert_false(creep_take(&creep, 0.0, -3.0, WINDOW_S, THRESHOLD_VA) && n > 20);
    }
}

static void waits_a_second_before_it_calls_silence_creep(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    (void)windows_until(&creep, false, 3.0);
    const unsigned windows = windows_until(&creep, true, 0.0);
    assert_true(windows * WINDOW_S >= 1.0 && windows * WINDOW_S <= 3.0);
}

static void counts_what_changes_its_sign_every_window(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    for (unsigned n = 0; n < 1000; n++) {
        assert_false(creep_take(&creep, n % 2 == 0 ? 15.0 : -15.0, 0.0, WINDOW_S, THRESHOLD_VA));
    }
}

static void counts_everything_when_told_to(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_false(creep_take(&creep, 0.0, 0.0, WINDOW_S, 0.0));
}

static void goes_on_through_a_piece_of_a_cycle(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_true(creep_goes_on(&creep, THRESHOLD_VA));
    assert_false(creep_goes_on(&creep, 0.0));
    assert_false(creep_take(&creep, 100.0, 0.0, WINDOW_S, THRESHOLD_VA));
    assert_false(creep_goes_on(&creep, THRESHOLD_VA));
}

static void takes_windows_of_any_length(void **state)
{
    (void)state;
    struct creep creep;
    creep_init(&creep);
    assert_false(creep_take(&creep, 5.0, 0.0, 30.0, THRESHOLD_VA));
    assert_false(creep_take(&creep, 0.1, 0.0, 30.0, THRESHOLD_VA));
    assert_true(creep_take(&creep, 0.1, 0.0, 0.01, THRESHOLD_VA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_nothing_of_a_channel_never_used),
        cmocka_unit_test(counts_five_watts_within_a_second),
        cmocka_unit_test(counts_a_large_load_from_its_first_window),
        cmocka_unit_test(counts_reactive_power_too),
        cmocka_unit_test(waits_a_second_before_it_calls_silence_creep),
        cmocka_unit_test(counts_what_changes_its_sign_every_window),
        cmocka_unit_test(counts_everything_when_told_to),
        cmocka_unit_test(goes_on_through_a_piece_of_a_cycle),
        cmocka_unit_test(takes_windows_of_any_length),
    };
    return cmocka_run_group_tests_name("creep", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "noise_floor.h"

static const double LIMIT = 4.0;

static void take(struct noise_floor *floor, unsigned windows, double square, double fundamental)
{
    for (unsigned n = 0; n < windows; n++) {
        noise_floor_take(floor, square * (n % 2 == 0 ? 1.1 : 0.9), fundamental, 0.2, LIMIT);
    }
}

static void learns_from_an_open_input(void **state)
{
    (void)state;
    struct noise_floor floor = { .seconds = 0.0 };
    take(&floor, 4, 1.0, 0.001);
    assert_true(noise_floor_square(&floor) == 0.0);
    take(&floor, 20, 1.0, 0.001);
    assert_true(fabs(noise_floor_square(&floor) - 1.0) < 0.02);
}

static void keeps_what_it_knows_while_a_load_runs(void **state)
{
    (void)state;
    struct noise_floor floor = { .seconds = 0.0 };
    take(&floor, 20, 1.0, 0.0);
    const double known = noise_floor_square(&floor);
    take(&floor, 1000, 2.0, 1.0);   // As much fundamental as noise.
    take(&floor, 1000, 100.0, 0.0); // Much, and nothing of it fundamental.
    assert_true(noise_floor_square(&floor) == known);
}

static void follows_a_noise_that_changes(void **state)
{
    (void)state;
    struct noise_floor floor = { .seconds = 0.0 };
    take(&floor, 1000, 1.0, 0.0);
    take(&floor, 2000, 4.0, 0.0);
    assert_true(fabs(noise_floor_square(&floor) - 4.0) < 0.1);
}

static void ignores_what_is_no_number(void **state)
{
    (void)state;
    struct noise_floor floor = { .seconds = 0.0 };
    take(&floor, 20, 1.0, 0.0);
    const double known = noise_floor_square(&floor);
    take(&floor, 5, (double)NAN, 0.0);
    take(&floor, 5, 1.0, (double)NAN);
    take(&floor, 5, -1.0, 0.0);
    take(&floor, 5, (double)INFINITY, 0.0);
    noise_floor_take(&floor, 9.0, 0.0, 0.0, LIMIT);
    noise_floor_take(&floor, 9.0, 0.0, (double)NAN, LIMIT);
    assert_true(noise_floor_square(&floor) == known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_from_an_open_input),
        cmocka_unit_test(keeps_what_it_knows_while_a_load_runs),
        cmocka_unit_test(follows_a_noise_that_changes),
        cmocka_unit_test(ignores_what_is_no_number),
    };
    return cmocka_run_group_tests_name("noise_floor", tests, NULL, NULL);
}

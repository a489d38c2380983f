// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rate_limit.h"

enum { BURST = 3, REFILL_MS = 1000, NOON_MS = 43200000 };

static int make_table(void **state)
{
    static struct rate_limit limit;
    rate_limit_init(&limit, (struct rate_limit_rule){ .burst = BURST, .refill_ms = REFILL_MS });
    *state = &limit;
    return 0;
}

static void allows_a_burst_and_then_says_when_to_return(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = -1;
    for (unsigned i = 0; i < BURST; i++) {
        assert_int_equal(rate_limit_take(limit, 7, NOON_MS, &wait_ms), STATUS_OK);
        assert_int_equal(wait_ms, 0);
    }
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS + 400, &wait_ms), STATUS_BUSY);
    assert_int_equal(wait_ms, 600);
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS + 999, &wait_ms), STATUS_BUSY);
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS + 1000, &wait_ms), STATUS_OK);
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS + 1000, &wait_ms), STATUS_BUSY);
}

static void never_saves_up_more_than_a_burst(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = 0;
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS, &wait_ms), STATUS_OK);
    unsigned taken = 0;
    while (rate_limit_take(limit, 7, 10 * NOON_MS, &wait_ms) == STATUS_OK) {
        taken++;
    }
    assert_int_equal(taken, BURST);
}

static void keeps_keys_apart(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = 0;
    while (rate_limit_take(limit, 7, NOON_MS, &wait_ms) == STATUS_OK) {
    }
    assert_int_equal(rate_limit_take(limit, 7 + RATE_LIMIT_PLACES, NOON_MS, &wait_ms), STATUS_OK);
    assert_int_equal(rate_limit_take(limit, 8, NOON_MS, &wait_ms), STATUS_OK);
}

static void asking_costs_nothing(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = 0;
    for (unsigned i = 0; i < 10 * BURST; i++) {
        assert_int_equal(rate_limit_ask(limit, 7, NOON_MS, &wait_ms), STATUS_OK);
    }
}

static void survives_a_clock_that_steps_back(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = 0;
    while (rate_limit_take(limit, 7, NOON_MS, &wait_ms) == STATUS_OK) {
    }
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS - 3600000, &wait_ms), STATUS_BUSY);
    assert_true(wait_ms <= REFILL_MS);
    assert_int_equal(rate_limit_take(limit, 7, NOON_MS - 3600000 + REFILL_MS, &wait_ms), STATUS_OK);
}

static void forgets_the_longest_unused_key_when_its_places_are_taken(void **state)
{
    struct rate_limit *limit = *state;
    int64_t wait_ms = 0;
    while (rate_limit_take(limit, 5, NOON_MS, &wait_ms) == STATUS_OK) {
    }
    for (unsigned i = 1; i <= RATE_LIMIT_PROBES; i++) {
        const uint64_t key = 5 + (uint64_t)i * RATE_LIMIT_PLACES;
        assert_int_equal(rate_limit_take(limit, key, NOON_MS + 1, &wait_ms), STATUS_OK);
    }
    assert_int_equal(rate_limit_take(limit, 5, NOON_MS + 2, &wait_ms), STATUS_OK);
}

static void keys_depend_on_the_secret_and_every_byte(void **state)
{
    (void)state;
    assert_int_not_equal(rate_limit_key(1, "10.0.0.1", 8), rate_limit_key(2, "10.0.0.1", 8));
    assert_int_not_equal(rate_limit_key(1, "10.0.0.1", 8), rate_limit_key(1, "10.0.0.2", 8));
    assert_int_not_equal(rate_limit_key(1, "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(allows_a_burst_and_then_says_when_to_return, make_table),
        cmocka_unit_test_setup(never_saves_up_more_than_a_burst, make_table),
        cmocka_unit_test_setup(keeps_keys_apart, make_table),
        cmocka_unit_test_setup(asking_costs_nothing, make_table),
        cmocka_unit_test_setup(survives_a_clock_that_steps_back, make_table),
        cmocka_unit_test_setup(forgets_the_longest_unused_key_when_its_places_are_taken,
                               make_table),
        cmocka_unit_test(keys_depend_on_the_secret_and_every_byte),
    };
    return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}

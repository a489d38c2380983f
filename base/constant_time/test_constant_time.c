// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "constant_time.h"

static void finds_every_single_difference(void **state)
{
    (void)state;
    uint8_t one[33];
    uint8_t other[33];

    memset(one, 0xA5, sizeof one);
    memset(other, 0xA5, sizeof other);
    assert_true(constant_time_equal(one, sizeof one, other, sizeof other));
    for (size_t bit = 0; bit < 8 * sizeof other; bit++) {
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(constant_time_equal(one, sizeof one, other, sizeof other));
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    one[0] ^= 0x40; // Differences do not cancel each other.
    one[1] ^= 0x40;
    assert_false(constant_time_equal(one, sizeof one, other, sizeof other));
}

static void takes_no_prefix_no_longer_one_and_nothing_empty(void **state)
{
    (void)state;
    assert_false(constant_time_equal("secret", 6, "secre", 5));
    assert_false(constant_time_equal("secret", 6, "secrets", 7));
    assert_false(constant_time_equal("secret", 6, "secret\0", 7));
    assert_false(constant_time_equal("secret\0one", 10, "secret\0two", 10));
    assert_false(constant_time_equal("secret", 6, "", 0));
    assert_false(constant_time_equal("", 0, "secret", 6));
    assert_false(constant_time_equal("", 0, "", 0));
    assert_false(constant_time_equal(NULL, 0, NULL, 0));
}

static void wipes_exactly_what_was_asked_for(void **state)
{
    (void)state;
    uint8_t bytes[10];
    memset(bytes, 0x5A, sizeof bytes);
    constant_time_wipe(bytes + 1, 8);
    assert_int_equal(bytes[0], 0x5A);
    assert_int_equal(bytes[9], 0x5A);
    for (size_t i = 1; i < 9; i++) {
        assert_int_equal(bytes[i], 0);
    }
    constant_time_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_single_difference),
        cmocka_unit_test(takes_no_prefix_no_longer_one_and_nothing_empty),
        cmocka_unit_test(wipes_exactly_what_was_asked_for),
    };
    return cmocka_run_group_tests_name("constant_time", tests, NULL, NULL);
}

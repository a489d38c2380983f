// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device_id.h"

static void takes_letters_digits_dash_and_underscore(void **state)
{
    (void)state;
    char device_id[DEVICE_ID_SIZE];
    assert_true(device_id_parse("Meter_1-aZ09/batch", 12, device_id));
    assert_string_equal(device_id, "Meter_1-aZ09");
}

static void refuses_what_could_mean_something_else(void **state)
{
    (void)state;
    char device_id[DEVICE_ID_SIZE] = "untouched";
    assert_false(device_id_parse("", 0, device_id));
    assert_false(device_id_parse("a/b", 3, device_id));
    assert_false(device_id_parse("+", 1, device_id));
    assert_false(device_id_parse("a b", 3, device_id));
    assert_false(device_id_parse("a\0b", 3, device_id));
    assert_string_equal(device_id, "untouched");
}

static void takes_32_characters_and_not_33(void **state)
{
    (void)state;
    char device_id[DEVICE_ID_SIZE];
    const char *long_name = "abcdefghijklmnopqrstuvwxyz0123456";
    assert_true(device_id_parse(long_name, 32, device_id));
    assert_false(device_id_parse(long_name, 33, device_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_letters_digits_dash_and_underscore),
        cmocka_unit_test(refuses_what_could_mean_something_else),
        cmocka_unit_test(takes_32_characters_and_not_33),
    };
    return cmocka_run_group_tests_name("device_id", tests, NULL, NULL);
}

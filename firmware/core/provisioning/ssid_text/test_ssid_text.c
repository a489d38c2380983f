// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ssid_text.h"

static void assert_text(const char *ssid, size_t size, const char *expected)
{
    char text[SSID_TEXT_SIZE];
    ssid_text((const uint8_t *)ssid, size, text);
    assert_string_equal(text, expected);
}

static void leaves_utf8_as_it_is(void **state)
{
    (void)state;
    assert_text("", 0, "");
    assert_text("Café \xF0\x9F\x8F\xA0 日本", 17, "Café \xF0\x9F\x8F\xA0 日本");
    assert_text("\xEF\xBF\xBF\xF4\x8F\xBF\xBF", 7, "\xEF\xBF\xBF\xF4\x8F\xBF\xBF");
}

static void replaces_each_byte_that_is_not_utf8(void **state)
{
    (void)state;
    assert_text("caf\xE9", 4, "caf\xEF\xBF\xBD");
    assert_text("a\0b", 3,
                "a\xEF\xBF\xBD"
                "b");
    assert_text("\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xE0\x9F\xBF", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xF4\x90\x80\x80x", 5, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");
    assert_text("x\xE2\x82", 3, "x\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void has_room_for_the_longest_name_of_such_bytes(void **state)
{
    (void)state;
    char ssid[40];
    char text[SSID_TEXT_SIZE];
    memset(ssid, 0xFF, sizeof ssid);
    ssid_text((const uint8_t *)ssid, sizeof ssid, text);
    assert_int_equal(strlen(text), SSID_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_utf8_as_it_is),
        cmocka_unit_test(replaces_each_byte_that_is_not_utf8),
        cmocka_unit_test(has_room_for_the_longest_name_of_such_bytes),
    };
    return cmocka_run_group_tests_name("ssid_text", tests, NULL, NULL);
}

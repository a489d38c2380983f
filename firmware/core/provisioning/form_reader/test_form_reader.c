// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "form_reader.h"

enum { ROOM = 16 };

static enum status read_field(const char *form, const char *name, char out[ROOM], size_t *size)
{
    return form_reader_field(form, strlen(form), name, out, ROOM, size);
}

static void assert_value(const char *form, const char *name, const char *value)
{
    char out[ROOM];
    size_t size = 99;
    assert_int_equal(read_field(form, name, out, &size), STATUS_OK);
    assert_string_equal(out, value);
    assert_int_equal(size, strlen(value));
}

static void assert_refused(const char *form, const char *name, enum status status)
{
    char out[ROOM];
    size_t size = 99;
    assert_int_equal(read_field(form, name, out, &size), status);
    assert_string_equal(out, "");
    assert_int_equal(size, 0);
}

static void finds_a_field_in_any_place(void **state)
{
    (void)state;
    assert_value("ssid=home", "ssid", "home");
    assert_value("a=1&ssid=home&b=2", "ssid", "home");
    assert_value("ssid2=x&ssi=y&ssid=home", "ssid", "home");
    assert_value("&&ssid=home&", "ssid", "home");
    assert_value("refresh", "refresh", "");
    assert_value("refresh=", "refresh", "");
    assert_value("a=b=c", "a", "b=c");
}

static void decodes_plus_and_percent_in_names_and_values(void **state)
{
    (void)state;
    assert_value("ssid=My+%2b+home%26%3D", "ssid", "My + home&=");
    assert_value("%73sid=x", "ssid", "x");
    assert_value("ssid=caf%C3%a9", "ssid", "caf\xC3\xA9");
    assert_value("ssid=%ff%FE", "ssid", "\xff\xfe");
}

static void refuses_what_is_not_well_encoded_wherever_it_stands(void **state)
{
    (void)state;
    const char *const broken[] = { "%", "%4", "%g1", "%4g", "%00", "x%0" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const char *const places[][2] = { { "ssid=", "" },
                                          { "ssid=home&b=", "" },
                                          { "", "=1&ssid=home" } };
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            char form[64];
            (void)snprintf(form, sizeof form, "%s%s%s", places[k][0], broken[i], places[k][1]);
            assert_refused(form, "ssid", STATUS_CORRUPT);
        }
    }
    char out[ROOM];
    size_t size = 0;
    assert_int_equal(form_reader_field("ssid=a\0b", 8, "ssid", out, ROOM, &size), STATUS_CORRUPT);
}

static void refuses_the_same_name_twice(void **state)
{
    (void)state;
    assert_refused("ssid=home&ssid=other", "ssid", STATUS_INVALID);
    assert_refused("ssid=home&%73sid=other", "ssid", STATUS_INVALID);
    assert_refused("ssid=a-value-of-many-bytes&ssid=x", "ssid", STATUS_INVALID);
}

static void says_when_there_is_none_and_when_there_is_no_room(void **state)
{
    (void)state;
    assert_refused("", "ssid", STATUS_MISSING);
    assert_refused("sid=home&ssidx=1", "ssid", STATUS_MISSING);
    assert_value("ssid=123456789012345", "ssid", "123456789012345");
    assert_refused("ssid=1234567890123456", "ssid", STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_field_in_any_place),
        cmocka_unit_test(decodes_plus_and_percent_in_names_and_values),
        cmocka_unit_test(refuses_what_is_not_well_encoded_wherever_it_stands),
        cmocka_unit_test(refuses_the_same_name_twice),
        cmocka_unit_test(says_when_there_is_none_and_when_there_is_no_room),
    };
    return cmocka_run_group_tests_name("form_reader", tests, NULL, NULL);
}

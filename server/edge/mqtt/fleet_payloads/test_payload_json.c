// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "payload_json.h"

static bool takes(const char *text, size_t size)
{
    cJSON *object = payload_json_parse(text, size);
    const bool taken = object != NULL;
    cJSON_Delete(object);
    return taken;
}

static void takes_one_object_and_space_around_it(void **state)
{
    (void)state;
    static const char *const good[] = { "{}", " {\"a\":[1,{\"a\":2}]}\r\n",
                                        "{\"\\u00e9\":\"\xC3\xA9\"}" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(takes(good[i], strlen(good[i])));
    }
}

static void refuses_what_is_not_one_clean_object(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "1",
        "{} {}",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "{\"x\":[{\"a\":1,\"\\u0061\":2}]}",
        "{\"a\":\"\xFF\"}",
        "{\"a\":\"\xC3(\"}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"two\nlines\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\x01}",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(takes(bad[i], strlen(bad[i])));
    }
    assert_false(takes("{\"a\":1}\0", 8));
}

static void refuses_objects_of_more_members_than_anybody_needs(void **state)
{
    (void)state;
    char text[2048] = "{";
    size_t size = 1;
    for (unsigned i = 0; i <= PAYLOAD_MEMBER_LIMIT; i++) {
        size +=
            (size_t)snprintf(text + size, sizeof text - size, "%s\"%u\":0", i > 0 ? "," : "", i);
        if (i + 1 >= PAYLOAD_MEMBER_LIMIT) {
            text[size] = '}';
            assert_int_equal(takes(text, size + 1), i < PAYLOAD_MEMBER_LIMIT);
        }
    }
}

static void cuts_text_between_characters(void **state)
{
    (void)state;
    char out[4];
    payload_json_copy("ab\xC3\xA9", out, sizeof out);
    assert_string_equal(out, "ab");
    payload_json_copy("a\xC3\xA9z", out, sizeof out);
    assert_string_equal(out, "a\xC3\xA9");
    payload_json_copy("abc", out, sizeof out);
    assert_string_equal(out, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_object_and_space_around_it),
        cmocka_unit_test(refuses_what_is_not_one_clean_object),
        cmocka_unit_test(refuses_objects_of_more_members_than_anybody_needs),
        cmocka_unit_test(cuts_text_between_characters),
    };
    return cmocka_run_group_tests_name("payload_json", tests, NULL, NULL);
}

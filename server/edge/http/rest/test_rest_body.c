// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rest_body.h"

static struct http_reply reply;
static struct json_reader reader;

static int fresh_reply(void **state)
{
    (void)state;
    http_reply_init(&reply);
    return 0;
}

static int clear_reply(void **state)
{
    (void)state;
    http_reply_clear(&reply);
    return 0;
}

static bool open_body(const char *type, const char *text)
{
    static const char *const members[] = { "relay", "state", "name" };
    const struct rest_request request = { .content_type = type,
                                          .body = text,
                                          .body_size = strlen(text) };
    http_reply_clear(&reply);
    return rest_body_open(&reader, &request, members, 3, &reply);
}

static void takes_json_by_its_name_only(void **state)
{
    (void)state;
    assert_true(open_body("application/json", "{}"));
    assert_true(open_body("Application/JSON; charset=utf-8", "{}"));
    static const char *const wrong[] = { "text/plain", "application/jsonx", "",
                                         "application/x-www-form-urlencoded" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(open_body(wrong[i], "{}"));
        assert_int_equal(reply.code, HTTP_UNSUPPORTED_MEDIA_TYPE);
    }
    assert_false(open_body(NULL, "{}"));
}

static void names_the_member_nobody_knows(void **state)
{
    (void)state;
    assert_false(open_body("application/json", "{\"relay\":1,\"color\":2}"));
    assert_int_equal(reply.code, HTTP_BAD_REQUEST);
    assert_non_null(strstr(reply.body, "\\\"color\\\""));
}

static void refuses_what_is_not_one_clean_object(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "null",
        "{",
        "{}{}",
        "{\"relay\":NaN}",
        "{\"relay\":1,\"relay\":2}",
        "{\"name\":\"\xff\"}",
        "{\"name\":\"\\u0000\"}",
        "{'relay':1}",
        "{\"relay\":Infinity}",
        "{\"relay\":{\"a\":{\"b\":{\"c\":{}}}}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(open_body("application/json", wrong[i]));
        assert_int_equal(reply.code, HTTP_BAD_REQUEST);
    }
}

static void names_the_member_that_is_missing_wrong_or_out_of_range(void **state)
{
    (void)state;
    static const char *const wrong[] = { "{}",
                                         "{\"relay\":8}",
                                         "{\"relay\":-1}",
                                         "{\"relay\":\"1\"}",
                                         "{\"relay\":1.5}",
                                         "{\"relay\":1e0}",
                                         "{\"relay\":null}",
                                         "{\"relay\":99999999999999999999}" };
    int64_t number = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(open_body("application/json", wrong[i]));
        assert_false(rest_body_integer(&reader, "relay", 0, 7, &number, "invalid_command", &reply));
        assert_int_equal(reply.code, HTTP_BAD_REQUEST);
        assert_non_null(strstr(reply.body,
                               "\"error\":\"invalid_command\",\"message\":\"\\\"relay\\\" "
                               "must be a whole number from 0 to 7.\""));
    }
    bool state_value = false;
    assert_true(open_body("application/json", "{\"state\":1}"));
    assert_false(rest_body_boolean(&reader, "state", &state_value, "invalid_command", &reply));
    assert_non_null(strstr(reply.body, "\\\"state\\\""));
    char name[4];
    assert_true(open_body("application/json", "{\"name\":\"four\"}"));
    assert_false(rest_body_text(&reader, "name", name, sizeof name, "invalid_request", &reply));
    assert_non_null(strstr(reply.body, "at most 3 bytes"));
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, fresh_reply, clear_reply)
    const struct CMUnitTest tests[] = {
        PROMISE(takes_json_by_its_name_only),
        PROMISE(names_the_member_nobody_knows),
        PROMISE(refuses_what_is_not_one_clean_object),
        PROMISE(names_the_member_that_is_missing_wrong_or_out_of_range),
    };
    return cmocka_run_group_tests_name("rest_body", tests, NULL, NULL);
}

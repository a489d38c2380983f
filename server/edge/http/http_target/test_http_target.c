// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http_cookie.h"
#include "http_target.h"

static struct http_target target;

static enum status parse(const char *raw)
{
    return http_target_parse(&target, raw, strlen(raw));
}

static void takes_path_and_query_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("/v1/devices/meter-1?start_ms=5&name=a%20b+c&empty="), STATUS_OK);
    assert_string_equal(target.path, "/v1/devices/meter-1");
    assert_string_equal(http_target_query(&target, "start_ms"), "5");
    assert_string_equal(http_target_query(&target, "name"), "a b c");
    assert_string_equal(http_target_query(&target, "empty"), "");
    assert_null(http_target_query(&target, "end_ms"));
    assert_int_equal(parse("/"), STATUS_OK);
    assert_string_equal(target.path, "/");
    assert_int_equal(parse("/?"), STATUS_OK);
    assert_int_equal(target.query_count, 0);
}

static void refuses_every_way_out_of_the_root(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",       "v1",        "//",         "/a//b",     "/..",    "/a/../b",
        "/./a",   "/%2e%2e/a", "/a/%2E%2E",  "/a%2fb",    "/a%5cb", "/a\\b",
        "/a%00b", "/a%0ab",    "/a%",        "/a%4",      "/a%zz",  "/a b",
        "/a\x01", "/a\x80",    "http://x/a", "*",         "/a/",    "/..%2f..%2fetc",
        "/%7f",   "/a/..",     "/a/.",       "/\\..\\..",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i]), STATUS_CORRUPT);
    }
}

static void refuses_an_ambiguous_query(void **state)
{
    (void)state;
    static const char *const wrong[] = { "/a?b=1&b=2", "/a?b",     "/a?=1",
                                         "/a?&b=1",    "/a?b=%00", "/a?b=1&%62=2" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i]), STATUS_CORRUPT);
    }
}

static void has_limits(void **state)
{
    (void)state;
    static char text[HTTP_TARGET_SIZE_LIMIT + 2];
    memset(text, 'a', sizeof text - 1);
    text[0] = '/';
    assert_int_equal(parse(text), STATUS_FULL);
    text[HTTP_TARGET_SIZE_LIMIT] = '\0';
    assert_int_equal(parse(text), STATUS_OK);
    assert_int_equal(parse("/a?a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p="), STATUS_OK);
    assert_int_equal(parse("/a?a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q="), STATUS_FULL);
}

static void reads_whole_numbers_only(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_int_equal(http_target_number("-12", -12, 0, &value), STATUS_OK);
    assert_int_equal(value, -12);
    assert_int_equal(http_target_number("999999999999999999", 0, INT64_MAX, &value), STATUS_OK);
    static const char *const wrong[] = { "",    "-",  "1.5",  "1e3", "NaN",
                                         " 1",  "1 ", "0x10", "+1",  "1000000000000000000",
                                         "--1", "101" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(http_target_number(wrong[i], 0, 100, &value), STATUS_INVALID);
    }
}

static void finds_one_cookie_or_none(void **state)
{
    (void)state;
    const char *value = NULL;
    size_t size = 0;
    const char *good = "a=1; __Host-ohm=abc; b=2";
    assert_int_equal(http_cookie_find(good, strlen(good), "__Host-ohm", &value, &size), STATUS_OK);
    assert_int_equal(size, 3);
    assert_memory_equal(value, "abc", 3);
    static const char *const wrong[] = { "",
                                         ";",
                                         "__Host-ohm",
                                         "x__Host-ohm=1",
                                         "__host-ohm=1",
                                         "__Host-ohm=1; __Host-ohm=2",
                                         "__Host-ohmx=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(http_cookie_find(wrong[i], strlen(wrong[i]), "__Host-ohm", &value, &size),
                         STATUS_MISSING);
    }
}

static void tells_which_member_of_a_query_came_twice(void **state)
{
    (void)state;
    static const char twice[] = "/v1/devices?page=1&page=2";
    assert_int_equal(http_target_parse(&target, twice, sizeof twice - 1), STATUS_CORRUPT);
    assert_string_equal(target.repeated, "page");
    assert_int_equal(http_target_parse(&target, "//", 2), STATUS_CORRUPT);
    assert_null(target.repeated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_path_and_query_apart),
        cmocka_unit_test(refuses_every_way_out_of_the_root),
        cmocka_unit_test(refuses_an_ambiguous_query),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(reads_whole_numbers_only),
        cmocka_unit_test(finds_one_cookie_or_none),
        cmocka_unit_test(tells_which_member_of_a_query_came_twice),
    };
    return cmocka_run_group_tests_name("http_target", tests, NULL, NULL);
}

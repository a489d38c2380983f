// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json_writer.h"

static void writes_every_kind_of_value(void **state)
{
    (void)state;
    char out[256];
    size_t size = 0;
    struct json_writer writer;

    json_writer_init(&writer, out, sizeof out);
    json_writer_begin_object(&writer, NULL);
    json_writer_string(&writer, "name", "meter-1");
    json_writer_begin_array(&writer, "relays");
    json_writer_boolean(&writer, NULL, true);
    json_writer_boolean(&writer, NULL, false);
    json_writer_end_array(&writer);
    json_writer_begin_object(&writer, "empty");
    json_writer_end_object(&writer);
    json_writer_integer(&writer, "low", INT64_MIN);
    json_writer_unsigned(&writer, "high", UINT64_MAX);
    json_writer_null(&writer, "none");
    json_writer_verbatim(&writer, "made", "[1,{}]");
    json_writer_end_object(&writer);

    assert_int_equal(json_writer_finish(&writer, &size), STATUS_OK);
    assert_string_equal(out, "{\"name\":\"meter-1\",\"relays\":[true,false],\"empty\":{},"
                             "\"low\":-9223372036854775808,\"high\":18446744073709551615,"
                             "\"none\":null,\"made\":[1,{}]}");
    assert_int_equal(size, strlen(out));
}

static void writes_fractions_exactly_and_without_trailing_zeros(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        unsigned decimals;
        const char *text;
    } cases[] = {
        { 0, 2, "0" },           { 23000, 2, "230" },
        { 23005, 2, "230.05" },  { -1, 4, "-0.0001" },
        { -12340, 3, "-12.34" }, { 7, 0, "7" },
        { 100, 0, "100" },       { 9999, 4, "0.9999" },
        { -10000, 4, "-1" },     { INT64_MIN, 18, "-9.223372036854775808" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[32];
        size_t size = 0;
        struct json_writer writer;
        json_writer_init(&writer, out, sizeof out);
        json_writer_decimal(&writer, NULL, cases[i].value, cases[i].decimals);
        assert_int_equal(json_writer_finish(&writer, &size), STATUS_OK);
        assert_string_equal(out, cases[i].text);
    }
}

static void escapes_what_json_demands_and_passes_utf8(void **state)
{
    (void)state;
    char out[64];
    size_t size = 0;
    struct json_writer writer;

    json_writer_init(&writer, out, sizeof out);
    json_writer_string(&writer, NULL, "a\"b\\c\n\x01\x7Fé");
    assert_int_equal(json_writer_finish(&writer, &size), STATUS_OK);
    assert_string_equal(out, "\"a\\\"b\\\\c\\n\\u0001\\u007fé\"");
}

/// Gives the same document every capacity from nothing to enough; it is whole or refused.
static void never_cuts_a_document(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1,-2.5],\"b\":\"x\"}";

    for (size_t capacity = 0; capacity <= sizeof whole; capacity++) {
        char out[sizeof whole + 1];
        for (size_t i = 0; i < sizeof out; i++) {
            out[i] = '#';
        }
        size_t size = 0;
        struct json_writer writer;
        json_writer_init(&writer, out, capacity);
        json_writer_begin_object(&writer, NULL);
        json_writer_begin_array(&writer, "a");
        json_writer_integer(&writer, NULL, 1);
        json_writer_decimal(&writer, NULL, -25, 1);
        json_writer_end_array(&writer);
        json_writer_string(&writer, "b", "x");
        json_writer_end_object(&writer);

        if (capacity < sizeof whole) {
            assert_int_equal(json_writer_finish(&writer, &size), STATUS_FULL);
        } else {
            assert_int_equal(json_writer_finish(&writer, &size), STATUS_OK);
            assert_string_equal(out, whole);
        }
        assert_int_equal(out[capacity < sizeof out ? capacity : sizeof whole], '#');
    }
}

static void refuses_an_unfinished_or_too_deep_document(void **state)
{
    (void)state;
    char out[128];
    size_t size = 0;
    struct json_writer writer;

    json_writer_init(&writer, out, sizeof out);
    json_writer_begin_object(&writer, NULL);
    assert_int_equal(json_writer_finish(&writer, &size), STATUS_INVALID);

    json_writer_init(&writer, out, sizeof out);
    for (unsigned depth = 0; depth < JSON_WRITER_DEPTH; depth++) {
        json_writer_begin_array(&writer, NULL);
    }
    assert_int_equal(json_writer_finish(&writer, &size), STATUS_FULL);

    json_writer_init(&writer, out, sizeof out);
    json_writer_end_object(&writer);
    assert_int_equal(json_writer_finish(&writer, &size), STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind_of_value),
        cmocka_unit_test(writes_fractions_exactly_and_without_trailing_zeros),
        cmocka_unit_test(escapes_what_json_demands_and_passes_utf8),
        cmocka_unit_test(never_cuts_a_document),
        cmocka_unit_test(refuses_an_unfinished_or_too_deep_document),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}

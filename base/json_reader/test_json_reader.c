// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json_reader.h"

static enum status open_text(struct json_reader *reader, const char *text)
{
    return json_reader_open(reader, text, strlen(text));
}

static void hands_out_members_of_the_outermost_object(void **state)
{
    (void)state;
    struct json_reader reader;
    char text[32];
    int64_t number = 0;
    bool flag = true;

    assert_int_equal(open_text(&reader,
                               " {\"action\":\"set\\u005frelay\\n\\ud83d\\ude00\", \"relay\":-7,"
                               "\"inner\":{\"relay\":1,\"x\":[1,2,{\"x\":3}]},"
                               "\"state\":false,\"n\":null,\"f\":1.50e+3}\n"),
                     STATUS_OK);
    assert_int_equal(json_reader_string(&reader, "action", text, sizeof text), STATUS_OK);
    assert_string_equal(text, "set_relay\n\xF0\x9F\x98\x80");
    assert_int_equal(json_reader_integer(&reader, "relay", &number), STATUS_OK);
    assert_int_equal(number, -7);
    assert_int_equal(json_reader_boolean(&reader, "state", &flag), STATUS_OK);
    assert_false(flag);
    assert_int_equal(json_reader_integer(&reader, "x", &number), STATUS_MISSING);
}

static void tells_a_missing_member_from_one_of_another_kind(void **state)
{
    (void)state;
    struct json_reader reader;
    char text[4] = "old";
    int64_t number = 5;
    bool flag = true;

    assert_int_equal(open_text(&reader, "{\"a\":1.0,\"b\":\"true\",\"c\":0,\"d\":\"1234\"}"),
                     STATUS_OK);
    assert_int_equal(json_reader_integer(&reader, "a", &number), STATUS_INVALID);
    assert_int_equal(json_reader_integer(&reader, "b", &number), STATUS_INVALID);
    assert_int_equal(json_reader_boolean(&reader, "b", &flag), STATUS_INVALID);
    assert_int_equal(json_reader_boolean(&reader, "c", &flag), STATUS_INVALID);
    assert_int_equal(json_reader_string(&reader, "c", text, sizeof text), STATUS_INVALID);
    assert_int_equal(json_reader_string(&reader, "e", text, sizeof text), STATUS_MISSING);
    assert_int_equal(json_reader_integer(&reader, "", &number), STATUS_MISSING);
    assert_int_equal(number, 5);
    assert_true(flag);
    assert_string_equal(text, "old");
    assert_int_equal(json_reader_string(&reader, "d", text, sizeof text), STATUS_FULL);
    assert_string_equal(text, "");
}

static void reads_every_64_bit_number_and_no_larger_one(void **state)
{
    (void)state;
    struct json_reader reader;
    int64_t number = 0;

    assert_int_equal(open_text(&reader, "{\"a\":9223372036854775807,\"b\":-9223372036854775808,"
                                        "\"c\":9223372036854775808,\"d\":-9223372036854775809,"
                                        "\"e\":99999999999999999999999,\"f\":-0}"),
                     STATUS_OK);
    assert_int_equal(json_reader_integer(&reader, "a", &number), STATUS_OK);
    assert_true(number == INT64_MAX);
    assert_int_equal(json_reader_integer(&reader, "b", &number), STATUS_OK);
    assert_true(number == INT64_MIN);
    assert_int_equal(json_reader_integer(&reader, "c", &number), STATUS_INVALID);
    assert_int_equal(json_reader_integer(&reader, "d", &number), STATUS_INVALID);
    assert_int_equal(json_reader_integer(&reader, "e", &number), STATUS_INVALID);
    assert_int_equal(json_reader_integer(&reader, "f", &number), STATUS_OK);
    assert_int_equal(number, 0);
}

static void refuses_what_is_not_one_json_object(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "1",
        "[]",
        "null",
        "{",
        "}",
        "{}x",
        "{} {}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":nul}",
        "{\"a\":True}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\xC0\x80\"}",
        "{\"a\":\"\xC3\"}",
        "{\"a\":\"\xED\xA0\x80\"}",
        "{\"a\":\"\xF4\x90\x80\x80\"}",
        "{\"a\":\"\x80\"}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"o\":{\"b\":1,\"b\":2}}",
        "// no\n{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json_reader reader;
        assert_int_equal(open_text(&reader, bad[i]), STATUS_CORRUPT);
        assert_int_equal(reader.member_count, 0);
    }
    struct json_reader reader;
    assert_int_equal(json_reader_open(&reader, "{}\0", 3), STATUS_CORRUPT);
}

static void allows_the_same_name_in_different_objects(void **state)
{
    (void)state;
    struct json_reader reader;
    assert_int_equal(open_text(&reader, "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}"),
                     STATUS_OK);
}

static void refuses_what_exceeds_its_limits(void **state)
{
    (void)state;
    struct json_reader reader;
    char text[JSON_READER_SIZE_LIMIT + 1];

    assert_int_equal(open_text(&reader, "{\"a\":[[[1]]]}"), STATUS_OK);
    assert_int_equal(open_text(&reader, "{\"a\":[[[[1]]]]}"), STATUS_FULL);

    memset(text, ' ', sizeof text);
    text[0] = '{';
    text[1] = '}';
    assert_int_equal(json_reader_open(&reader, text, JSON_READER_SIZE_LIMIT), STATUS_OK);
    assert_int_equal(json_reader_open(&reader, text, sizeof text), STATUS_FULL);

    size_t size = 0;
    text[size++] = '{';
    for (unsigned i = 0; i <= JSON_READER_MEMBER_LIMIT; i++) {
        const char member[] = {
            '"', (char)('A' + i / 10), (char)('0' + i % 10), '"', ':', '1', ','
        };
        memcpy(text + size, member, sizeof member);
        size += sizeof member;
    }
    text[size - 1] = '}';
    assert_int_equal(json_reader_open(&reader, text, size), STATUS_FULL);

    // Objects are told apart by a byte: one too many must not pass for the outermost.
    memcpy(text, "{\"a\":[", 6);
    for (size = 6; size < 6 + 3 * 255; size += 3) {
        memcpy(text + size, "{},", 3);
    }
    memcpy(text + size, "{\"b\":1}]}", 10);
    assert_int_equal(json_reader_open(&reader, text, size + 10), STATUS_FULL);
}

/// Cuts a good document at every byte: none of the pieces may open.
static void refuses_every_cut_of_a_good_document(void **state)
{
    (void)state;
    static const char good[] = "{\"a\":[1,{\"b\":\"\\u00e9\xC3\xA9\"}],\"c\":-1.5e2,\"d\":true}";
    struct json_reader reader;

    for (size_t size = 0; size < sizeof good - 1; size++) {
        assert_int_equal(json_reader_open(&reader, good, size), STATUS_CORRUPT);
    }
    assert_int_equal(json_reader_open(&reader, good, sizeof good - 1), STATUS_OK);
}

static void names_the_first_member_nobody_asked_for(void **state)
{
    (void)state;
    static const char *const names[] = { "relay", "state" };
    struct json_reader reader;
    char name[8] = "?";

    assert_int_equal(open_text(&reader, "{\"relay\":1,\"state\":{\"deep\":2}}"), STATUS_OK);
    assert_int_equal(json_reader_stranger(&reader, names, 2, name, sizeof name), STATUS_MISSING);
    assert_int_equal(open_text(&reader, "{\"relay\":1,\"st\\u00e4te\":2,\"x\":3}"), STATUS_OK);
    assert_int_equal(json_reader_stranger(&reader, names, 2, name, sizeof name), STATUS_OK);
    assert_string_equal(name, "st\xC3\xA4te");
    assert_int_equal(json_reader_stranger(&reader, names, 2, name, 3), STATUS_FULL);
}

static void hands_out_members_of_an_inner_object_and_of_no_other(void **state)
{
    (void)state;
    struct json_reader reader;
    char text[16];

    assert_int_equal(open_text(&reader,
                               "{\"list\":[{\"content\":\"wrong\"}],\"empty\":{},"
                               "\"a\":{\"deep\":{\"content\":\"wrong\"},\"content\":\"one\"},"
                               "\"b\":{\"content\":\"two\",\"n\":1},\"content\":\"outer\"}"),
                     STATUS_OK);
    assert_int_equal(json_reader_inner_string(&reader, "a", "content", text, sizeof text),
                     STATUS_OK);
    assert_string_equal(text, "one");
    assert_int_equal(json_reader_inner_string(&reader, "b", "content", text, sizeof text),
                     STATUS_OK);
    assert_string_equal(text, "two");
    assert_int_equal(json_reader_inner_string(&reader, "b", "n", text, sizeof text),
                     STATUS_INVALID);
    assert_int_equal(json_reader_inner_string(&reader, "empty", "content", text, sizeof text),
                     STATUS_MISSING);
    assert_int_equal(json_reader_inner_string(&reader, "list", "content", text, sizeof text),
                     STATUS_INVALID);
    assert_int_equal(json_reader_inner_string(&reader, "content", "content", text, sizeof text),
                     STATUS_INVALID);
    assert_int_equal(json_reader_inner_string(&reader, "c", "content", text, sizeof text),
                     STATUS_MISSING);
    assert_int_equal(json_reader_inner_string(&reader, "a", "content", text, 3), STATUS_FULL);
}

static void takes_large_documents_only_where_it_is_told_to(void **state)
{
    (void)state;
    static char document[JSON_READER_LARGE_LIMIT + 2];
    struct json_reader reader;
    char text[8];

    memset(document, ' ', sizeof document);
    memcpy(document, "{\"a\":\"b\"", 8);
    document[JSON_READER_LARGE_LIMIT - 1] = '}';
    assert_int_equal(json_reader_open(&reader, document, JSON_READER_LARGE_LIMIT), STATUS_FULL);
    assert_int_equal(json_reader_open_large(&reader, document, JSON_READER_LARGE_LIMIT, 6000),
                     STATUS_FULL);
    assert_int_equal(
        json_reader_open_large(&reader, document, JSON_READER_LARGE_LIMIT, JSON_READER_LARGE_LIMIT),
        STATUS_OK);
    assert_int_equal(json_reader_string(&reader, "a", text, sizeof text), STATUS_OK);
    assert_string_equal(text, "b");
    assert_int_equal(json_reader_open_large(&reader, document, JSON_READER_LARGE_LIMIT + 1,
                                            JSON_READER_LARGE_LIMIT + 1),
                     STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_members_of_the_outermost_object),
        cmocka_unit_test(tells_a_missing_member_from_one_of_another_kind),
        cmocka_unit_test(reads_every_64_bit_number_and_no_larger_one),
        cmocka_unit_test(refuses_what_is_not_one_json_object),
        cmocka_unit_test(allows_the_same_name_in_different_objects),
        cmocka_unit_test(refuses_what_exceeds_its_limits),
        cmocka_unit_test(refuses_every_cut_of_a_good_document),
        cmocka_unit_test(hands_out_members_of_an_inner_object_and_of_no_other),
        cmocka_unit_test(takes_large_documents_only_where_it_is_told_to),
        cmocka_unit_test(names_the_first_member_nobody_asked_for),
    };
    return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}

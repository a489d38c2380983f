// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http_reply.h"

static void build_many(struct json_writer *writer, const void *ctx)
{
    const int *count = ctx;
    json_writer_begin_array(writer, NULL);
    for (int i = 0; i < *count; i++) {
        json_writer_integer(writer, NULL, 1234567);
    }
    json_writer_end_array(writer);
}

static void finds_room_for_a_large_document(void **state)
{
    (void)state;
    struct http_reply reply;
    const int count = 100000;
    http_reply_init(&reply);
    http_reply_json(&reply, HTTP_OK, build_many, &count);
    assert_int_equal(reply.code, HTTP_OK);
    assert_int_equal(reply.body_size, 8u * 100000u + 1u);
    http_reply_clear(&reply);
}

static void a_document_beyond_all_bounds_is_an_error_not_half_an_answer(void **state)
{
    (void)state;
    struct http_reply reply;
    const int count = 600000;
    http_reply_init(&reply);
    http_reply_json(&reply, HTTP_OK, build_many, &count);
    assert_int_equal(reply.code, HTTP_INTERNAL_ERROR);
    assert_null(reply.body);
    http_reply_clear(&reply);
}

static void errors_carry_word_sentence_and_details(void **state)
{
    (void)state;
    struct http_reply reply;
    http_reply_init(&reply);
    http_reply_error(&reply, HTTP_BAD_REQUEST, "invalid_request", "\"%s\" is \"wrong\".", "relay");
    assert_int_equal(reply.code, HTTP_BAD_REQUEST);
    assert_string_equal(reply.body, "{\"error\":\"invalid_request\",\"message\":"
                                    "\"\\\"relay\\\" is \\\"wrong\\\".\",\"details\":{}}");
    http_reply_empty(&reply, HTTP_NO_CONTENT);
    assert_null(reply.body);
    http_reply_clear(&reply);
}

static void a_header_too_long_or_one_too_many_is_dropped_whole(void **state)
{
    (void)state;
    struct http_reply reply;
    http_reply_init(&reply);
    http_reply_header(&reply, "X", "%0200d", 1);
    assert_int_equal(reply.header_count, 0);
    for (unsigned i = 0; i < 2 * HTTP_REPLY_HEADERS; i++) {
        http_reply_header(&reply, "X", "%u", i);
    }
    assert_int_equal(reply.header_count, HTTP_REPLY_HEADERS);
    http_reply_clear(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_room_for_a_large_document),
        cmocka_unit_test(a_document_beyond_all_bounds_is_an_error_not_half_an_answer),
        cmocka_unit_test(errors_carry_word_sentence_and_details),
        cmocka_unit_test(a_header_too_long_or_one_too_many_is_dropped_whole),
    };
    return cmocka_run_group_tests_name("http_reply", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base64url.h"

/// RFC 4648 section 10, without the padding, and the two characters that differ from base64.
static const struct {
    const char *bytes;
    const char *text;
} KNOWN[] = {
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xFB\xEF\xFF", "--__" },
};

static void writes_and_reads_the_known_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        char text[16];
        uint8_t bytes[8];
        size_t size = 99;
        const size_t length = strlen(KNOWN[i].bytes);
        base64url_encode((const uint8_t *)KNOWN[i].bytes, length, text);
        assert_string_equal(text, KNOWN[i].text);
        assert_int_equal(strlen(text), BASE64URL_LENGTH(length));
        assert_int_equal(base64url_decode(text, strlen(text), bytes, sizeof bytes, &size),
                         STATUS_OK);
        assert_int_equal(size, length);
        assert_memory_equal(bytes, KNOWN[i].bytes, length);
    }
}

static void every_run_of_bytes_comes_back(void **state)
{
    uint8_t bytes[100] = { 0 };
    uint8_t back[100];
    char text[BASE64URL_LENGTH(100) + 1];
    uint32_t random = 1;
    (void)state;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        size_t got = 0;
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24);
        }
        base64url_encode(bytes, size, text);
        assert_int_equal(base64url_decode(text, strlen(text), back, size, &got), STATUS_OK);
        assert_int_equal(got, size);
        assert_memory_equal(back, bytes, size);
        if (size > 0) {
            assert_int_equal(base64url_decode(text, strlen(text), back, size - 1, &got),
                             STATUS_FULL);
        }
    }
}

static void takes_no_other_text_for_the_same_bytes(void **state)
{
    static const char *const others[] = { "Zg==",  "Zh",   "Z",    "Zm9",     "Zm8=",  "Zm9v\n",
                                          " Zm9v", "Zm+v", "Zm/v", "Zm9v Yg", "Z\xC3g" };
    uint8_t bytes[16];
    size_t size = 0;
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(base64url_decode(others[i], strlen(others[i]), bytes, sizeof bytes, &size),
                         STATUS_INVALID);
    }
    assert_int_equal(base64url_decode("Zm\0v", 4, bytes, sizeof bytes, &size), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_known_texts),
        cmocka_unit_test(every_run_of_bytes_comes_back),
        cmocka_unit_test(takes_no_other_text_for_the_same_bytes),
    };
    return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}

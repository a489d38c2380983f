// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base32.h"

static void writes_and_reads_the_examples_of_rfc_4648(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } examples[] = { { "", "" },
                     { "f", "MY" },
                     { "fo", "MZXQ" },
                     { "foo", "MZXW6" },
                     { "foob", "MZXW6YQ" },
                     { "fooba", "MZXW6YTB" },
                     { "foobar", "MZXW6YTBOI" } };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const size_t size = strlen(examples[i].bytes);
        char text[32];
        uint8_t back[8];
        size_t back_size = 99;
        base32_encode((const uint8_t *)examples[i].bytes, size, text);
        assert_string_equal(text, examples[i].text);
        assert_int_equal(base32_decode(text, strlen(text), back, sizeof back, &back_size),
                         STATUS_OK);
        assert_int_equal(back_size, size);
        assert_memory_equal(back, examples[i].bytes, size);
    }
}

static void returns_every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        for (size_t at = 0; at < 7; at++) {
            uint8_t bytes[7] = { 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE };
            uint8_t back[7];
            char text[16];
            size_t size = 0;
            bytes[at] = (uint8_t)value;
            base32_encode(bytes, at + 1, text);
            assert_int_equal(strlen(text), BASE32_LENGTH(at + 1));
            assert_int_equal(base32_decode(text, strlen(text), back, at + 1, &size), STATUS_OK);
            assert_int_equal(size, at + 1);
            assert_memory_equal(back, bytes, size);
        }
    }
}

static void reads_no_second_text_for_the_same_bytes(void **state)
{
    (void)state;
    static const char *const others[] = {
        "MZ",     "MY======", "M",     "MZX",   "MZXW6Y", "mzxw6",
        "MZXW6 ", "MZXW6=",   "MZXW0", "MZXW1", "MZXW8",  "MZXQ3"
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t out[16];
        size_t size = 99;
        assert_int_equal(base32_decode(others[i], strlen(others[i]), out, sizeof out, &size),
                         STATUS_INVALID);
        assert_int_equal(size, 99);
    }
}

static void knows_only_the_characters_of_its_alphabet(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned known = 0;
    for (unsigned value = 0; value < 256; value++) {
        char text[8] = { 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A' };
        uint8_t out[6];
        size_t size = 0;
        text[2] = (char)value;
        const enum status status = base32_decode(text, sizeof text, out, sizeof out, &size);
        assert_int_equal(status, value != 0 && strchr(alphabet, (int)value) != NULL
                                     ? STATUS_OK
                                     : STATUS_INVALID);
        known += status == STATUS_OK;
    }
    assert_int_equal(known, strlen(alphabet));
}

static void says_when_there_is_no_room(void **state)
{
    (void)state;
    uint8_t out[6];
    size_t size = 0;

    assert_int_equal(base32_decode("MZXW6YTB", 8, out, 4, &size), STATUS_FULL);
    assert_int_equal(base32_decode("MZXW6YTB", 8, out, 5, &size), STATUS_OK);
    assert_int_equal(base32_decode("", 0, out, 0, &size), STATUS_OK);
    assert_int_equal(size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_examples_of_rfc_4648),
        cmocka_unit_test(returns_every_byte_at_every_place),
        cmocka_unit_test(reads_no_second_text_for_the_same_bytes),
        cmocka_unit_test(knows_only_the_characters_of_its_alphabet),
        cmocka_unit_test(says_when_there_is_no_room),
    };
    return cmocka_run_group_tests_name("base32", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "der_writer.h"

static void writes_what_holds_others_after_them(void **state)
{
    (void)state;
    static const uint8_t expected[] = { 0x30, 0x0B, 0x02, 0x01, 0x01, 0x30, 0x03,
                                        0x0C, 0x01, 'a',  0x02, 0x01, 0x02 };
    uint8_t storage[64];
    struct der_writer writer;
    size_t size = 0;

    der_writer_open(&writer, storage, sizeof storage);
    der_writer_element(&writer, DER_INTEGER, "\x02", 1);
    const size_t mark = der_writer_mark(&writer);
    der_writer_element(&writer, DER_UTF8_STRING, "a", 1);
    der_writer_wrap(&writer, DER_SEQUENCE, mark);
    der_writer_element(&writer, DER_INTEGER, "\x01", 1);
    der_writer_wrap(&writer, DER_SEQUENCE, 0);
    assert_int_equal(der_writer_finish(&writer, &size), STATUS_OK);
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(storage, expected, size);
}

/// Every content up to 1000 bytes is read back by the strict reader, which takes one length only.
static void writes_the_lengths_that_the_reader_wants(void **state)
{
    (void)state;
    static uint8_t content[1000];
    static uint8_t storage[1004];

    memset(content, 0xA5, sizeof content);
    for (size_t size = 0; size <= sizeof content; size++) {
        struct der_writer writer;
        struct der_reader reader;
        struct der_reader inside;
        size_t whole = 0;
        der_writer_open(&writer, storage, sizeof storage);
        der_writer_element(&writer, DER_OCTET_STRING, content, size);
        assert_int_equal(der_writer_finish(&writer, &whole), STATUS_OK);
        der_reader_open(&reader, storage, whole);
        assert_int_equal(der_reader_enter(&reader, DER_OCTET_STRING, &inside), STATUS_OK);
        assert_true(der_reader_is_at_end(&reader));
        assert_int_equal(inside.left, size);
        assert_memory_equal(inside.at, content, size);
    }
}

static void says_when_it_did_not_fit_and_writes_nothing_outside(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 12; capacity++) {
        uint8_t storage[16];
        struct der_writer writer;
        size_t size = 99;
        memset(storage, 0x5A, sizeof storage);
        der_writer_open(&writer, storage + 2, capacity);
        der_writer_element(&writer, DER_INTEGER, "\x02", 1);
        der_writer_element(&writer, DER_OCTET_STRING, "abc", 3);
        der_writer_wrap(&writer, DER_SEQUENCE, 0);
        assert_int_equal(der_writer_finish(&writer, &size),
                         capacity < 10 ? STATUS_FULL : STATUS_OK);
        assert_int_equal(size, capacity < 10 ? 99 : 10);
        assert_int_equal(storage[1], 0x5A);
        assert_int_equal(storage[2 + capacity], 0x5A);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_holds_others_after_them),
        cmocka_unit_test(writes_the_lengths_that_the_reader_wants),
        cmocka_unit_test(says_when_it_did_not_fit_and_writes_nothing_outside),
    };
    return cmocka_run_group_tests_name("der_writer", tests, NULL, NULL);
}

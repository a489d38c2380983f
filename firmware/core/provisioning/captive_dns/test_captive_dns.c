// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "captive_dns.h"

enum { HEAD_SIZE = 12, ROOM = CAPTIVE_DNS_SIZE_LIMIT };

static const uint8_t address[4] = { 192, 168, 4, 1 };

// captive.apple.com, type A, class IN, recursion desired.
static const uint8_t apple[] = "\xAB\xCD\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                               "\x07"
                               "captive\x05"
                               "apple\x03"
                               "com\x00\x00\x01\x00\x01";
enum { APPLE_SIZE = sizeof apple - 1 };

static size_t ask(const uint8_t *query, size_t size, uint8_t reply[ROOM])
{
    size_t reply_size = 0;
    memset(reply, 0xEE, ROOM);
    assert_int_equal(captive_dns_answer(query, size, address, reply, &reply_size), STATUS_OK);
    assert_true(reply_size <= ROOM);
    return reply_size;
}

static void gives_every_name_the_address(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    uint8_t expected[APPLE_SIZE + 16];
    memcpy(expected, apple, APPLE_SIZE);
    memcpy(expected + 2, "\x85\x80", 2);
    expected[7] = 1;
    memcpy(expected + APPLE_SIZE,
           "\xC0\x0C\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\xC0\xA8\x04\x01", 16);
    assert_int_equal(ask(apple, APPLE_SIZE, reply), sizeof expected);
    assert_memory_equal(reply, expected, sizeof expected);
}

static void gives_other_types_and_classes_an_empty_answer(void **state)
{
    (void)state;
    const struct {
        uint8_t type;
        uint8_t class;
        bool answered;
    } cases[] = { { 1, 1, true },   { 255, 1, true }, { 1, 255, true }, { 28, 1, false },
                  { 65, 1, false }, { 16, 1, false }, { 1, 3, false } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t query[APPLE_SIZE];
        uint8_t reply[ROOM];
        memcpy(query, apple, APPLE_SIZE);
        query[APPLE_SIZE - 3] = cases[i].type;
        query[APPLE_SIZE - 1] = cases[i].class;
        assert_int_equal(ask(query, APPLE_SIZE, reply), APPLE_SIZE + (cases[i].answered ? 16 : 0));
        assert_int_equal(reply[3] & 0x0F, 0);
        assert_int_equal(reply[7], cases[i].answered);
    }
}

static void leaves_additional_records_out(void **state)
{
    (void)state;
    uint8_t query[APPLE_SIZE + 11];
    uint8_t reply[ROOM];
    memcpy(query, apple, APPLE_SIZE);
    query[11] = 1;
    memcpy(query + APPLE_SIZE, "\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00", 11);
    assert_int_equal(ask(query, sizeof query, reply), APPLE_SIZE + 16);
    assert_int_equal(reply[11], 0);
}

static void assert_error(const uint8_t *query, size_t size, unsigned error)
{
    uint8_t reply[ROOM];
    assert_int_equal(ask(query, size, reply), HEAD_SIZE);
    assert_memory_equal(reply, query, 2);
    assert_int_equal(reply[2] & 0x80, 0x80);
    assert_int_equal(reply[3] & 0x0F, error);
    assert_memory_equal(reply + 4, "\0\0\0\0\0\0\0\0", 8);
}

static void says_format_error_to_what_it_cannot_read(void **state)
{
    (void)state;
    uint8_t query[ROOM] = { 0 };
    for (size_t size = HEAD_SIZE; size < APPLE_SIZE; size++) {
        assert_error(apple, size, 1); // Cut.
    }
    const uint8_t counts[][2] = { { 0, 0 }, { 0, 2 }, { 1, 0 }, { 1, 1 }, { 255, 255 } };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(query, apple, APPLE_SIZE);
        memcpy(query + 4, counts[i], 2);
        assert_error(query, APPLE_SIZE, 1);
    }
    memcpy(query, apple, APPLE_SIZE);
    memcpy(query + HEAD_SIZE, "\xC0\x0C", 2); // A pointer to itself.
    assert_error(query, APPLE_SIZE, 1);
    memcpy(query + HEAD_SIZE, "\x40", 1); // A label of 64 bytes.
    assert_error(query, sizeof query, 1);
}

static void takes_names_of_up_to_255_bytes(void **state)
{
    (void)state;
    for (size_t last = 50; last <= 63; last++) {
        uint8_t query[ROOM] = { 0 };
        uint8_t reply[ROOM];
        memcpy(query, apple, HEAD_SIZE);
        size_t at = HEAD_SIZE;
        for (unsigned label = 0; label < 4; label++) {
            const size_t size = label < 3 ? 63 : last;
            query[at] = (uint8_t)size;
            memset(query + at + 1, 'a', size);
            at += 1 + size;
        }
        memcpy(query + at, "\x00\x00\x01\x00\x01", 5);
        const size_t name = at + 1 - HEAD_SIZE;
        if (name <= 255) {
            assert_int_equal(ask(query, at + 5, reply), at + 5 + 16);
        } else {
            assert_error(query, at + 5, 1);
        }
    }
}

static void does_not_implement_other_operations(void **state)
{
    (void)state;
    uint8_t query[APPLE_SIZE];
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        memcpy(query, apple, APPLE_SIZE);
        query[2] = (uint8_t)(opcode << 3);
        assert_error(query, APPLE_SIZE, 4);
    }
}

static void is_silent_to_what_is_no_query(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    uint8_t message[ROOM + 1] = { 0 };
    size_t size = 77;
    for (size_t i = 0; i < HEAD_SIZE; i++) {
        assert_int_equal(captive_dns_answer(apple, i, address, reply, &size), STATUS_CORRUPT);
    }
    memcpy(message, apple, APPLE_SIZE);
    assert_int_equal(captive_dns_answer(message, ROOM + 1, address, reply, &size), STATUS_CORRUPT);
    message[2] |= 0x80; // Two such servers would answer each other for ever.
    assert_int_equal(captive_dns_answer(message, APPLE_SIZE, address, reply, &size),
                     STATUS_CORRUPT);
    assert_int_equal(size, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_every_name_the_address),
        cmocka_unit_test(gives_other_types_and_classes_an_empty_answer),
        cmocka_unit_test(leaves_additional_records_out),
        cmocka_unit_test(says_format_error_to_what_it_cannot_read),
        cmocka_unit_test(takes_names_of_up_to_255_bytes),
        cmocka_unit_test(does_not_implement_other_operations),
        cmocka_unit_test(is_silent_to_what_is_no_query),
    };
    return cmocka_run_group_tests_name("captive_dns", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pem.h"

enum { LIMIT = 300 };

static enum status decode(const char *text, uint8_t *der, size_t capacity, size_t *size)
{
    return pem_decode(text, strlen(text), "CERTIFICATE", der, capacity, size);
}

/// RFC 4648 section 10.
static void knows_the_published_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        const char *coded;
    } VECTORS[] = { { "f", "Zg==" },        { "fo", "Zm8=" },        { "foo", "Zm9v" },
                    { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
    for (unsigned i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        char text[128];
        char expected[128];
        uint8_t der[16];
        size_t size = 0;
        (void)snprintf(expected, sizeof expected,
                       "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
                       VECTORS[i].coded);
        assert_int_equal(pem_encode("CERTIFICATE", (const uint8_t *)VECTORS[i].plain,
                                    strlen(VECTORS[i].plain), text, sizeof text, &size),
                         STATUS_OK);
        assert_string_equal(text, expected);
        assert_int_equal(size, strlen(expected));
        assert_int_equal(decode(text, der, sizeof der, &size), STATUS_OK);
        assert_int_equal(size, strlen(VECTORS[i].plain));
        assert_memory_equal(der, VECTORS[i].plain, size);
    }
}

static void gives_back_what_it_was_given_in_lines_of_64(void **state)
{
    (void)state;
    for (size_t count = 1; count <= LIMIT; count++) {
        uint8_t in[LIMIT];
        uint8_t out[LIMIT];
        char text[600];
        size_t size = 0;
        for (size_t i = 0; i < count; i++) {
            in[i] = (uint8_t)(i * 37 + count * 101);
        }
        assert_int_equal(pem_encode("CERTIFICATE", in, count, text, sizeof text, &size), STATUS_OK);
        for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
            assert_true(strchr(line, '\n') - line <= 64);
        }
        assert_int_equal(decode(text, out, count, &size), STATUS_OK);
        assert_int_equal(size, count);
        assert_memory_equal(in, out, count);
        assert_int_equal(decode(text, out, count - 1, &size), STATUS_FULL);
    }
}

static void says_when_there_is_no_room_to_write(void **state)
{
    (void)state;
    char text[128];
    size_t size = 0;
    assert_int_equal(pem_encode("X", (const uint8_t *)"foobar", 6, text, sizeof text, &size),
                     STATUS_OK);
    const size_t needed = size + 1;
    for (size_t room = 0; room < needed; room++) {
        text[0] = 'x';
        assert_int_equal(pem_encode("X", (const uint8_t *)"foobar", 6, text, room, &size),
                         STATUS_FULL);
        assert_true(room == 0 || text[0] == '\0');
    }
    assert_int_equal(pem_encode("X", (const uint8_t *)"foobar", 6, text, needed, &size), STATUS_OK);
}

static void takes_the_first_block_of_its_label_among_others(void **state)
{
    (void)state;
    uint8_t der[16];
    size_t size = 0;
    assert_int_equal(decode("Subject: x\r\n-----BEGIN KEY-----\r\nAAAA\r\n-----END KEY-----\r\n"
                            "-----BEGIN CERTIFICATE-----\r\nZm\r\n 9v\tYg==\r\n"
                            "-----END CERTIFICATE-----\r\n-----BEGIN CERTIFICATE-----\nAAAA\n",
                            der, sizeof der, &size),
                     STATUS_OK);
    assert_int_equal(size, 4);
    assert_memory_equal(der, "foob", 4);
}

static void refuses_what_is_no_base64(void **state)
{
    (void)state;
    static const char *const BAD[] = { "",     "Z",     "Zg",       "Zg=",         "Zg=v", "=g==",
                                       "Z===", "Zh==",  "Zm9=",     "Zg==Zg==",    "Zm9*", "Zm9v-",
                                       "Zm-v", "Zm9vY", "Zm9v\x01", "Zm9v\xC3\xA4" };
    uint8_t der[16];
    size_t size = 0;
    char text[128];
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", BAD[i]);
        assert_int_equal(decode(text, der, sizeof der, &size), STATUS_CORRUPT);
    }
    assert_int_equal(decode("-----BEGIN CERTIFICATE-----\nZm9v", der, sizeof der, &size),
                     STATUS_CORRUPT);
    assert_int_equal(
        decode("-----BEGIN CERTIFICATE-----\nZm9v\n-----END KEY-----", der, sizeof der, &size),
        STATUS_CORRUPT);
    assert_int_equal(decode("-----BEGIN CERTIFICATE----", der, sizeof der, &size), STATUS_MISSING);
    assert_int_equal(decode("", der, sizeof der, &size), STATUS_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_published_vectors),
        cmocka_unit_test(gives_back_what_it_was_given_in_lines_of_64),
        cmocka_unit_test(says_when_there_is_no_room_to_write),
        cmocka_unit_test(takes_the_first_block_of_its_label_among_others),
        cmocka_unit_test(refuses_what_is_no_base64),
    };
    return cmocka_run_group_tests_name("pem", tests, NULL, NULL);
}

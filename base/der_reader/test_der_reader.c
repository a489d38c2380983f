// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "der_reader.h"

struct element {
    size_t size;
    uint8_t bytes[8];
};

static void reads_integers_that_are_not_negative(void **state)
{
    (void)state;
    static const struct {
        struct element der;
        struct element value;
    } cases[] = {
        { { 3, { 2, 1, 0 } }, { 0, { 0 } } },
        { { 3, { 2, 1, 0x7F } }, { 1, { 0x7F } } },
        { { 4, { 2, 2, 0, 0x80 } }, { 1, { 0x80 } } },
        { { 5, { 2, 3, 1, 0, 1 } }, { 3, { 1, 0, 1 } } },
        { { 4, { 2, 1, 5, 9 } }, { 1, { 5 } } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct der_reader reader;
        const uint8_t *value = NULL;
        size_t size = 99;
        der_reader_open(&reader, cases[i].der.bytes, cases[i].der.size);
        assert_int_equal(der_reader_unsigned(&reader, &value, &size), STATUS_OK);
        assert_int_equal(size, cases[i].value.size);
        assert_memory_equal(value, cases[i].value.bytes, size);
        assert_int_equal(der_reader_is_at_end(&reader), i != 4);
    }
}

static void refuses_integers_that_der_does_not_write(void **state)
{
    (void)state;
    static const struct element cases[] = {
        { 0, { 0 } },
        { 1, { 2 } },
        { 2, { 2, 0 } },                // No content.
        { 2, { 2, 1 } },                // Cut off.
        { 3, { 2, 2, 1 } },             //
        { 3, { 2, 1, 0x80 } },          // Negative.
        { 4, { 2, 2, 0, 0x7F } },       // A zero too many.
        { 4, { 2, 2, 0, 0 } },          //
        { 4, { 2, 0x81, 1, 5 } },       // A length that is longer than need be.
        { 5, { 2, 0x82, 0, 1, 5 } },    //
        { 5, { 2, 0x80, 5, 0, 0 } },    // A length that is not definite.
        { 3, { 3, 1, 5 } },             // Another tag.
        { 3, { 0x22, 1, 5 } },          //
        { 6, { 2, 0x83, 0, 0, 1, 5 } }, // More bytes of length than are read here.
        { 3, { 2, 0xFF, 5 } },          //
        { 2, { 2, 0x81 } },             //
        { 3, { 2, 0x82, 1 } },          //
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct der_reader reader;
        const uint8_t *value = NULL;
        size_t size = 99;
        der_reader_open(&reader, cases[i].bytes, cases[i].size);
        assert_int_equal(der_reader_unsigned(&reader, &value, &size), STATUS_CORRUPT);
        assert_ptr_equal(reader.at, cases[i].bytes);
        assert_int_equal(reader.left, cases[i].size);
    }
}

/// Contents on both sides of each step, each with the one length that DER has for it.
static void reads_lengths_of_one_to_three_bytes(void **state)
{
    (void)state;
    static uint8_t der[65540];
    static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 300, 65535 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t size = sizes[i];
        const size_t head = size < 128 ? 2 : size < 256 ? 3 : 4;
        struct der_reader reader;
        struct der_reader inside;
        der[0] = DER_SEQUENCE;
        der[1] = (uint8_t)(size < 128 ? size : 0x80 + head - 2);
        der[2] = (uint8_t)(size < 256 ? size : size >> 8);
        der[3] = (uint8_t)size;
        der_reader_open(&reader, der, head + size);
        assert_int_equal(der_reader_enter(&reader, DER_SEQUENCE, &inside), STATUS_OK);
        assert_ptr_equal(inside.at, der + head);
        assert_int_equal(inside.left, size);
        assert_true(der_reader_is_at_end(&reader));
        if (size > 0) {
            der_reader_open(&reader, der, head + size - 1);
            assert_int_equal(der_reader_enter(&reader, DER_SEQUENCE, &inside), STATUS_CORRUPT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_integers_that_are_not_negative),
        cmocka_unit_test(refuses_integers_that_der_does_not_write),
        cmocka_unit_test(reads_lengths_of_one_to_three_bytes),
    };
    return cmocka_run_group_tests_name("der_reader", tests, NULL, NULL);
}

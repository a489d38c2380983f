// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digit_text.h"

static const struct digit_alphabet hex = { "0123456789abcdef", 4 };
static const struct digit_alphabet octal = { "01234567", 3 };

static enum status decode(const struct digit_alphabet *alphabet, const char *text, uint8_t out[4],
                          size_t *size)
{
    return digit_text_decode(alphabet, text, strlen(text), out, 4, size);
}

static void writes_the_highest_bits_first_and_fills_up_with_zeros(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0xF0, 0x01, 0x80 };
    char text[9];
    digit_text_encode(&hex, bytes, 3, text);
    assert_string_equal(text, "f00180");
    digit_text_encode(&octal, bytes, 3, text);
    assert_string_equal(text, "74000600");
    digit_text_encode(&octal, bytes, 1, text); // 11110000, and a 0.
    assert_string_equal(text, "740");
    digit_text_encode(&octal, bytes, 0, text);
    assert_string_equal(text, "");
}

static void reads_every_pair_of_bytes_that_it_wrote(void **state)
{
    (void)state;
    const struct digit_alphabet *const alphabets[] = { &hex, &octal };
    for (unsigned n = 0; n < 2 * 65536; n++) {
        const uint8_t in[] = { (uint8_t)(n >> 8), (uint8_t)n };
        uint8_t out[4] = { 0 };
        char text[8];
        size_t size = 0;
        digit_text_encode(alphabets[n >> 16], in, sizeof in, text);
        assert_int_equal(decode(alphabets[n >> 16], text, out, &size), STATUS_OK);
        assert_int_equal(size, sizeof in);
        assert_memory_equal(out, in, sizeof in);
    }
}

static void takes_no_second_text_for_the_same_bytes(void **state)
{
    (void)state;
    uint8_t out[4];
    size_t size = 99;
    assert_int_equal(decode(&octal, "741", out, &size), STATUS_INVALID);  // Filling of a one.
    assert_int_equal(decode(&octal, "7400", out, &size), STATUS_INVALID); // A digit too many.
    assert_int_equal(decode(&octal, "748", out, &size), STATUS_INVALID);
    assert_int_equal(decode(&hex, "F0", out, &size), STATUS_INVALID);
    assert_int_equal(digit_text_decode(&hex, "f\0", 2, out, 4, &size), STATUS_INVALID);
    assert_int_equal(size, 99);
}

static void says_when_there_is_no_room(void **state)
{
    (void)state;
    uint8_t out[] = { 1, 2, 3 };
    size_t size = 0;
    assert_int_equal(digit_text_decode(&hex, "f0f0f0", 6, out, 2, &size), STATUS_FULL);
    assert_int_equal(out[2], 3);
    assert_int_equal(digit_text_decode(&hex, "f0f0", 4, out, 2, &size), STATUS_OK);
    assert_int_equal(size, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_highest_bits_first_and_fills_up_with_zeros),
        cmocka_unit_test(reads_every_pair_of_bytes_that_it_wrote),
        cmocka_unit_test(takes_no_second_text_for_the_same_bytes),
        cmocka_unit_test(says_when_there_is_no_room),
    };
    return cmocka_run_group_tests_name("digit_text", tests, NULL, NULL);
}

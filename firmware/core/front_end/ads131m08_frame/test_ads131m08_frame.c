// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ads131m08_frame.h"

static void computes_the_crc_that_a_chip_has_sent(void **state)
{
    (void)state;
    // Five words of an ADS131M04 as a logic analyser saw them: locked, all codes 0, CRC b42d.
    const uint8_t words[15] = { 0x81, 0x00, 0x00 };
    assert_int_equal(ads131m08_crc(words, sizeof words), 0xb42d);
    // The check value of CRC-16/CCITT-FALSE.
    assert_int_equal(ads131m08_crc((const uint8_t *)"123456789", 9), 0x29b1);
}

static void seal(uint8_t bytes[ADS131M08_FRAME_SIZE])
{
    const uint16_t crc = ads131m08_crc(bytes, 27);
    bytes[27] = (uint8_t)(crc >> 8);
    bytes[28] = (uint8_t)crc;
}

static void reads_codes_with_their_sign(void **state)
{
    (void)state;
    uint8_t bytes[ADS131M08_FRAME_SIZE] = { 0x81, 0xff, 0x00, 0x7f, 0xff, 0xff, 0x80, 0x00,
                                            0x00, 0xff, 0xff, 0xff, 0x01, 0x02, 0x03 };
    struct ads131m08_frame frame;
    seal(bytes);
    assert_int_equal(ads131m08_frame_decode(bytes, &frame), STATUS_OK);
    assert_int_equal(frame.answer, 0x81ff);
    assert_int_equal(frame.code[0], ADS131M08_CODE_MAX);
    assert_int_equal(frame.code[1], ADS131M08_CODE_MIN);
    assert_int_equal(frame.code[2], -1);
    assert_int_equal(frame.code[3], 0x010203);
    assert_int_equal(frame.code[7], 0);
}

static void refuses_a_frame_with_any_bit_turned(void **state)
{
    (void)state;
    uint8_t bytes[ADS131M08_FRAME_SIZE] = { 0x81, 0xff, 0x00, 0x12, 0x34, 0x56 };
    struct ads131m08_frame frame;
    seal(bytes);
    for (unsigned bit = 0; bit < 29 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(ads131m08_frame_decode(bytes, &frame), STATUS_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

static void refuses_a_bus_that_is_stuck(void **state)
{
    (void)state;
    uint8_t bytes[ADS131M08_FRAME_SIZE];
    struct ads131m08_frame frame;
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(ads131m08_frame_decode(bytes, &frame), STATUS_CORRUPT);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(ads131m08_frame_decode(bytes, &frame), STATUS_CORRUPT);
}

static void puts_commands_into_the_upper_bits(void **state)
{
    (void)state;
    uint8_t bytes[ADS131M08_FRAME_SIZE];
    const uint16_t data[2] = { 0x1234, 0xabcd };
    const uint8_t wanted[12] = { 0x61, 0x01, 0, 0x12, 0x34, 0, 0xab, 0xcd, 0, 0, 0, 0 };
    ads131m08_frame_encode(ADS131M08_WREG | ADS131M08_MODE << 7 | 1, data, 2, bytes);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_the_crc_that_a_chip_has_sent),
        cmocka_unit_test(reads_codes_with_their_sign),
        cmocka_unit_test(refuses_a_frame_with_any_bit_turned),
        cmocka_unit_test(refuses_a_bus_that_is_stuck),
        cmocka_unit_test(puts_commands_into_the_upper_bits),
    };
    return cmocka_run_group_tests_name("ads131m08_frame", tests, NULL, NULL);
}

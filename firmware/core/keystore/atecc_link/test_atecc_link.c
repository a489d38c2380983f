// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "atecc_chip.h"
#include "atecc_link.h"

static struct atecc_chip chip;
static struct i2c bus;
static struct atecc_link link_;

static int begin(void **state)
{
    (void)state;
    atecc_chip_init(&chip);
    bus = atecc_chip_bus(&chip);
    link_ = (struct atecc_link){ &bus, ATECC_LINK_ADDRESS };
    return 0;
}

static enum status ask_info(uint8_t info[4])
{
    const struct atecc_command command = {
        .opcode = 0x30, .execution_ms = 5, .response = info, .response_size = 4
    };
    return atecc_link_run(&link_, &command, 1);
}

/// Status packets as the data sheet prints them: just awake, and done.
static void the_crc_is_the_chips(void **state)
{
    (void)state;
    static const uint8_t awake[] = { 0x04, 0x11 };
    static const uint8_t done[] = { 0x04, 0x00 };
    assert_int_equal(atecc_link_crc(awake, sizeof awake), 0x4333);
    assert_int_equal(atecc_link_crc(done, sizeof done), 0x4003);
    assert_int_equal(atecc_link_crc(awake, 0), 0);
}

static void every_flipped_bit_of_an_answer_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[67] = { 67, 1, 2, 3 };
    uint8_t response[64];
    const uint16_t crc = atecc_link_crc(bytes, 65);
    bytes[65] = (uint8_t)crc;
    bytes[66] = (uint8_t)(crc >> 8);
    assert_int_equal(atecc_link_judge(bytes, 67, response, 64), ATECC_ANSWER_DATA);
    for (unsigned bit = 0; bit < 67 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(atecc_link_judge(bytes, 67, response, 64), ATECC_ANSWER_AGAIN);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t size = 0; size < 67; size++) {
        assert_int_equal(atecc_link_judge(bytes, size, response, 64), ATECC_ANSWER_AGAIN);
    }
}

static void the_chip_wakes_answers_and_sleeps(void **state)
{
    (void)state;
    uint8_t info[4] = { 0 };
    assert_int_equal(ask_info(info), STATUS_OK);
    assert_memory_equal(info, chip.revision, 4);
    assert_false(chip.is_awake);
}

static void a_chip_left_awake_is_put_to_sleep_and_woken(void **state)
{
    (void)state;
    const uint8_t low = 0;
    uint8_t info[4] = { 0 };
    (void)!bus.write(bus.ctx, 0, &low, 1);
    bus.delay_us(bus.ctx, 2000);
    (void)!bus.write(bus.ctx, ATECC_LINK_ADDRESS, (const uint8_t[]){ 3, 7, 0, 0, 0, 0, 0, 0 }, 8);
    assert_true(chip.is_awake);
    assert_int_equal(ask_info(info), STATUS_OK);
}

static void an_unknown_command_is_said_to_be_one(void **state)
{
    (void)state;
    const struct atecc_command command = { .opcode = 0x99, .execution_ms = 5 };
    const struct atecc_command longer = { .opcode = 0x16, .data_size = ATECC_LINK_DATA_LIMIT + 1 };
    assert_int_equal(atecc_link_run(&link_, &command, 1), STATUS_INVALID);
    assert_int_equal(atecc_link_run(&link_, &longer, 1), STATUS_INVALID);
}

static void gives_up_on_a_chip_that_is_not_there_or_never_done(void **state)
{
    (void)state;
    uint8_t info[4];
    chip.faults.slow_us = 2000000;
    assert_int_equal(ask_info(info), STATUS_IO);
    atecc_chip_restart(&chip);
    chip.faults.cut_transfer = 1;
    assert_int_equal(ask_info(info), STATUS_IO);
    assert_true(chip.transfers <= 3 * ATECC_LINK_TRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_crc_is_the_chips, begin),
        cmocka_unit_test_setup(every_flipped_bit_of_an_answer_is_noticed, begin),
        cmocka_unit_test_setup(the_chip_wakes_answers_and_sleeps, begin),
        cmocka_unit_test_setup(a_chip_left_awake_is_put_to_sleep_and_woken, begin),
        cmocka_unit_test_setup(an_unknown_command_is_said_to_be_one, begin),
        cmocka_unit_test_setup(gives_up_on_a_chip_that_is_not_there_or_never_done, begin),
    };
    return cmocka_run_group_tests_name("atecc_link", tests, NULL, NULL);
}

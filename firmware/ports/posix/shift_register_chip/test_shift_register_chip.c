// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shift_register_chip.h"

static struct shift_register_chip chip;

static int power_up(void **state)
{
    (void)state;
    shift_register_chip_power_up(&chip, 0x3C, 0xA5);
    return 0;
}

static void shift(bool data)
{
    shift_register_chip_set_data(&chip, data);
    shift_register_chip_set_clock(&chip, true);
    shift_register_chip_set_clock(&chip, false);
}

static void pulse_latch(void)
{
    shift_register_chip_set_latch(&chip, true);
    shift_register_chip_set_latch(&chip, false);
}

static void powers_up_floating_with_random_content(void **state)
{
    (void)state;
    assert_int_equal(shift_register_chip_outputs(&chip), 0);
    shift_register_chip_set_output_enable(&chip, false);
    assert_int_equal(shift_register_chip_outputs(&chip), 0xA5);
    shift_register_chip_set_output_enable(&chip, true);
    assert_int_equal(shift_register_chip_outputs(&chip), 0);
}

static void the_first_bit_of_eight_ends_at_qh(void **state)
{
    (void)state;
    shift_register_chip_set_output_enable(&chip, false);
    shift(true);
    for (unsigned i = 0; i < 7; i++) {
        shift(false);
    }
    assert_true(shift_register_chip_serial_out(&chip));
    pulse_latch();
    assert_int_equal(shift_register_chip_outputs(&chip), 0x80);
    shift(true);
    assert_false(shift_register_chip_serial_out(&chip));
    pulse_latch();
    assert_int_equal(shift_register_chip_outputs(&chip), 0x01);
}

static void only_rising_edges_do_anything(void **state)
{
    (void)state;
    shift_register_chip_set_output_enable(&chip, false);
    for (unsigned i = 0; i < 8; i++) {
        shift(false);
    }
    pulse_latch();
    assert_int_equal(shift_register_chip_outputs(&chip), 0x00);

    shift_register_chip_set_data(&chip, true);
    shift_register_chip_set_clock(&chip, true);
    shift_register_chip_set_clock(&chip, true);  // A level that stays is no edge.
    shift_register_chip_set_data(&chip, false);  // Nor does a late change of SER count.
    shift_register_chip_set_clock(&chip, false); // Nor the way down.
    assert_int_equal(shift_register_chip_outputs(&chip), 0x00);
    shift_register_chip_set_latch(&chip, true);
    assert_int_equal(shift_register_chip_outputs(&chip), 0x01);
    shift(true);
    shift_register_chip_set_latch(&chip, true);
    shift_register_chip_set_latch(&chip, false);
    assert_int_equal(shift_register_chip_outputs(&chip), 0x01);
    pulse_latch();
    assert_int_equal(shift_register_chip_outputs(&chip), 0x03);
}

static void shifting_moves_no_output(void **state)
{
    (void)state;
    shift_register_chip_set_output_enable(&chip, false);
    for (unsigned i = 0; i < 20; i++) {
        shift(i % 2 == 0);
        assert_int_equal(shift_register_chip_outputs(&chip), 0xA5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(powers_up_floating_with_random_content, power_up),
        cmocka_unit_test_setup(the_first_bit_of_eight_ends_at_qh, power_up),
        cmocka_unit_test_setup(only_rising_edges_do_anything, power_up),
        cmocka_unit_test_setup(shifting_moves_no_output, power_up),
    };
    return cmocka_run_group_tests_name("shift_register_chip", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wiring.h"

static void lays_one_voltage_before_the_currents(void **state)
{
    (void)state;
    const struct wiring wiring = wiring_of_one_voltage(3, 0.2, 0.01);
    assert_int_equal(wiring_channels(&wiring), 0x07);
    assert_int_equal(wiring.channel[2].voltage_input, 0);
    assert_int_equal(wiring.channel[2].current_input, 3);
    assert_int_equal(wiring_check(&wiring, 4), STATUS_OK);
}

static void refuses_inputs_that_do_not_exist_and_scales_that_mean_nothing(void **state)
{
    (void)state;
    struct wiring wiring = wiring_of_one_voltage(3, 0.2, 0.01);
    assert_int_equal(wiring_check(&wiring, 3), STATUS_INVALID);
    wiring.unit_per_code[2] = 0.0;
    assert_int_equal(wiring_check(&wiring, 4), STATUS_INVALID);
    wiring.unit_per_code[2] = (double)NAN;
    assert_int_equal(wiring_check(&wiring, 4), STATUS_INVALID);
    wiring.unit_per_code[2] = -0.01;
    assert_int_equal(wiring_check(&wiring, 4), STATUS_OK);
    wiring = wiring_of_one_voltage(0, 0.2, 0.01);
    assert_int_equal(wiring_check(&wiring, 4), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lays_one_voltage_before_the_currents),
        cmocka_unit_test(refuses_inputs_that_do_not_exist_and_scales_that_mean_nothing),
    };
    return cmocka_run_group_tests_name("wiring", tests, NULL, NULL);
}

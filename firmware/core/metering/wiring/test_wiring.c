// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

static void measures_no_more_channels_than_it_is_told(void **state)
{
    (void)state;
    struct wiring wiring = wiring_of_one_voltage(3, 0.2, 0.01);
    wiring_keep_first(&wiring, 8);
    assert_int_equal(wiring_channels(&wiring), 0x07);
    wiring_keep_first(&wiring, 1);
    assert_int_equal(wiring_channels(&wiring), 0x01);
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

/// A voltage and a current of their own for every channel, as far as there is room for voltages.
static void has_no_more_voltages_than_currents(void **state)
{
    (void)state;
    struct wiring wiring = wiring_of_one_voltage(1, 0.2, 0.01);
    assert_int_equal(WIRING_VOLTAGE_LIMIT, (int)ADC_INPUT_LIMIT / 2);
    for (unsigned n = 0; n < ADC_INPUT_LIMIT; n++) {
        wiring.unit_per_code[n] = 0.1;
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        wiring.channel[n] = (struct wiring_channel){
            .voltage_input = (uint8_t)(n % WIRING_VOLTAGE_LIMIT),
            .current_input = (uint8_t)(ADC_INPUT_LIMIT - 1 - n % WIRING_VOLTAGE_LIMIT)
        };
    }
    assert_int_equal(wiring_check(&wiring, ADC_INPUT_LIMIT), STATUS_OK);
    wiring.channel[0].voltage_input = WIRING_VOLTAGE_LIMIT;
    const bool is_one_more = (int)WIRING_VOLTAGE_LIMIT < (int)READING_CHANNEL_COUNT;
    assert_int_equal(wiring_check(&wiring, ADC_INPUT_LIMIT),
                     is_one_more ? STATUS_INVALID : STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lays_one_voltage_before_the_currents),
        cmocka_unit_test(measures_no_more_channels_than_it_is_told),
        cmocka_unit_test(refuses_inputs_that_do_not_exist_and_scales_that_mean_nothing),
        cmocka_unit_test(has_no_more_voltages_than_currents),
    };
    return cmocka_run_group_tests_name("wiring", tests, NULL, NULL);
}

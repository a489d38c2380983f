// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "meter_registers.h"

enum { ALL = 0xff };

static uint64_t dice;

static uint32_t roll(uint32_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 33) % sides;
}

static double roll_power(void)
{
    return ((double)roll(2000001) - 1000000.0) * 0.0071;
}

static int64_t nano_of(const struct meter_counter *counter)
{
    return counter->whole_milli * 1000000 + counter->rest_nano;
}

static void loses_nothing_in_a_million_small_additions(void **state)
{
    (void)state;
    struct meter_registers registers;
    const struct meter_power power[READING_CHANNEL_COUNT] = { { 0.000123456, -0.000123456 } };
    meter_registers_init(&registers, ALL);
    for (unsigned n = 0; n < 1000000; n++) {
        meter_registers_add(&registers, power, 0.2, 0); // 24691.2 nJ, taken as 24691.
    }
    assert_int_equal(registers.channel[0].import.whole_milli, 24691);
    assert_int_equal(registers.channel[0].import.rest_nano, 0);
    assert_int_equal(registers.channel[0].reactive[3].whole_milli, 24691);
    assert_int_equal(registers.import[0].whole_milli, 24691);
}

static void puts_each_quadrant_by_itself(void **state)
{
    (void)state;
    static const struct {
        double active_w;
        double reactive_var;
        unsigned quadrant;
    } cases[] = { { 100, 50, 0 }, { -100, 50, 1 }, { -100, -50, 2 }, { 100, -50, 3 } };
    for (unsigned n = 0; n < 4; n++) {
        struct meter_registers registers;
        struct reading reading = { .channels = 1u << 5 };
        struct meter_power power[READING_CHANNEL_COUNT] = { { 0, 0 } };
        power[5] = (struct meter_power){ cases[n].active_w, cases[n].reactive_var };
        meter_registers_init(&registers, 1u << 5);
        meter_registers_add(&registers, power, 2.0, 1);
        meter_registers_report(&registers, &reading);
        for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
            const int64_t expected = q == cases[n].quadrant ? 100000 : 0;
            assert_int_equal(reading.channel[5].reactive_mvars[q], expected);
            assert_int_equal(reading.total.reactive_mvars[q], expected);
        }
        assert_int_equal(reading.channel[5].import_mj, cases[n].active_w > 0 ? 200000 : 0);
        assert_int_equal(reading.channel[5].export_mj, cases[n].active_w < 0 ? 200000 : 0);
        assert_int_equal(reading.total.import_mj[1], reading.channel[5].import_mj);
        assert_int_equal(reading.total.export_mj[1], reading.channel[5].export_mj);
        assert_int_equal(reading.total.import_mj[0], 0);
    }
}

static void adds_phases_with_their_signs_as_a_ferraris_meter_does(void **state)
{
    (void)state;
    struct meter_registers registers;
    struct reading reading = { .channels = ALL };
    const struct meter_power power[READING_CHANNEL_COUNT] = {
        { 1000, 200 }, { -600, -500 }, { -400, 0 }, { 5000, 5000 }
    };
    meter_registers_init(&registers, 0x07); // Channel 3 lies behind another one.
    meter_registers_add(&registers, power, 1.0, 0);
    meter_registers_report(&registers, &reading);
    assert_int_equal(meter_registers_total_import_mj(&reading.total), 0);
    assert_int_equal(meter_registers_total_export_mj(&reading.total), 0);
    assert_int_equal(reading.total.reactive_mvars[3], 300000);
    assert_int_equal(reading.channel[0].import_mj, 1000000);
    assert_int_equal(reading.channel[1].export_mj, 600000);
    assert_int_equal(reading.channel[3].import_mj, 5000000);
}

/// What must hold between registers, to the last nanojoule, whatever was added.
static void assert_balanced(const struct meter_registers *registers)
{
    int64_t rates = 0;
    int64_t channels = 0;
    int64_t reactive = nano_of(&registers->reactive[0]) + nano_of(&registers->reactive[1]) -
                       nano_of(&registers->reactive[2]) - nano_of(&registers->reactive[3]);
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        rates += nano_of(&registers->import[rate]) - nano_of(&registers->export[rate]);
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct meter_registers_channel *channel = &registers->channel[n];
        if ((registers->total_channels & (1u << n)) != 0) {
            channels += nano_of(&channel->import) - nano_of(&channel->export);
            reactive -= nano_of(&channel->reactive[0]) + nano_of(&channel->reactive[1]) -
                        nano_of(&channel->reactive[2]) - nano_of(&channel->reactive[3]);
        }
    }
    assert_int_equal(rates, channels);
    assert_int_equal(reactive, 0);
}

static void assert_grew(const struct reading *before, const struct reading *after)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        assert_true(after->channel[n].import_mj >= before->channel[n].import_mj);
        assert_true(after->channel[n].export_mj >= before->channel[n].export_mj);
        for (unsigned q = 0; q < READING_QUADRANT_COUNT; q++) {
            assert_true(after->channel[n].reactive_mvars[q] >=
                        before->channel[n].reactive_mvars[q]);
        }
    }
    for (unsigned k = 0; k < READING_RATE_COUNT; k++) {
        assert_true(after->total.import_mj[k] >= before->total.import_mj[k]);
        assert_true(after->total.export_mj[k] >= before->total.export_mj[k]);
        assert_true(after->total.reactive_mvars[k] >= before->total.reactive_mvars[k]);
    }
}

static void balances_to_the_last_nanojoule_and_never_lets_a_register_fall(void **state)
{
    (void)state;
    struct meter_registers registers;
    struct reading before = { .channels = ALL };
    meter_registers_init(&registers, 0x6d);
    for (unsigned n = 0; n < 20000; n++) {
        struct meter_power power[READING_CHANNEL_COUNT];
        for (unsigned k = 0; k < READING_CHANNEL_COUNT; k++) {
            power[k] = (struct meter_power){ roll_power(), roll_power() };
        }
        struct reading after = { .channels = ALL };
        meter_registers_add(&registers, power, 0.19 + roll(20000) * 1e-6, roll(6));
        meter_registers_report(&registers, &after);
        assert_grew(&before, &after);
        before = after;
    }
    assert_balanced(&registers);
    for (unsigned rate = 0; rate < READING_RATE_COUNT; rate++) {
        assert_true(before.total.import_mj[rate] > 0);
    }
}

static void goes_on_from_a_reading(void **state)
{
    (void)state;
    struct meter_registers registers;
    struct reading reading = { .channels = ALL };
    const struct meter_power power[READING_CHANNEL_COUNT] = { { 12.3, 4.5 }, { -6.7, -8.9 } };
    meter_registers_init(&registers, ALL);
    meter_registers_add(&registers, power, 3.0, 2);
    meter_registers_report(&registers, &reading);

    struct reading again = { .channels = ALL };
    assert_int_equal(meter_registers_restore(&registers, ALL, &reading), STATUS_OK);
    meter_registers_report(&registers, &again);
    assert_memory_equal(again.channel, reading.channel, sizeof again.channel);
    assert_memory_equal(&again.total, &reading.total, sizeof again.total);
}

static void refuses_to_be_restored_to_a_negative_register(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 9; n++) {
        struct reading last = { .channels = ALL, .channel[1].import_mj = 5 };
        int64_t *const fields[] = {
            &last.channel[7].import_mj,         &last.channel[0].export_mj,
            &last.channel[3].reactive_mvars[0], &last.channel[3].reactive_mvars[3],
            &last.total.import_mj[0],           &last.total.import_mj[READING_RATE_COUNT - 1],
            &last.total.export_mj[1],           &last.total.reactive_mvars[0],
            &last.total.reactive_mvars[3]
        };
        struct meter_registers registers;
        *fields[n] = -1;
        assert_int_equal(meter_registers_restore(&registers, ALL, &last), STATUS_INVALID);
        assert_int_equal(registers.channel[1].import.whole_milli, 0);
    }
}

static void stays_at_its_end_and_ignores_nonsense(void **state)
{
    (void)state;
    struct meter_registers registers;
    struct reading last = { .channels = ALL,
                            .channel[0] = { .import_mj = INT64_MAX - 5 },
                            .total.import_mj = { INT64_MAX - 5, INT64_MAX } };
    assert_int_equal(meter_registers_restore(&registers, ALL, &last), STATUS_OK);
    static const double nonsense[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e30,
                                       -1e300 };
    for (unsigned n = 0; n < 5; n++) {
        const struct meter_power power[READING_CHANNEL_COUNT] = { { nonsense[n], nonsense[n] } };
        meter_registers_add(&registers, power, 1.0, 0);
        meter_registers_add(&registers, power, nonsense[n], 0);
    }
    const struct meter_power hundred[READING_CHANNEL_COUNT] = { { 100, 0 } };
    meter_registers_add(&registers, hundred, -1.0, 0);
    meter_registers_add(&registers, hundred, (double)NAN, 0);
    assert_true(registers.channel[0].import.whole_milli == INT64_MAX - 5);
    assert_true(registers.import[0].whole_milli == INT64_MAX - 5);
    meter_registers_add(&registers, hundred, 1.0, 0);
    assert_true(registers.channel[0].import.whole_milli == INT64_MAX);

    struct reading reading = { .channels = ALL };
    meter_registers_report(&registers, &reading);
    assert_true(meter_registers_total_import_mj(&reading.total) == INT64_MAX);
    struct meter_power most[READING_CHANNEL_COUNT];
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        most[n] = (struct meter_power){ -1.0999e9, -1.0999e9 };
    }
    meter_registers_add(&registers, most, 1.0, 0);
    assert_true(registers.export[0].whole_milli == INT64_C(8799200000000));
}

static void shows_nothing_of_a_channel_that_is_not_measured(void **state)
{
    (void)state;
    struct meter_registers registers;
    struct reading last = { .channel[2] = { .import_mj = 77 } };
    struct reading reading = { .channels = 0x03 };
    assert_int_equal(meter_registers_restore(&registers, ALL, &last), STATUS_OK);
    meter_registers_report(&registers, &reading);
    assert_int_equal(reading.channel[2].import_mj, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_in_a_million_small_additions),
        cmocka_unit_test(puts_each_quadrant_by_itself),
        cmocka_unit_test(adds_phases_with_their_signs_as_a_ferraris_meter_does),
        cmocka_unit_test(balances_to_the_last_nanojoule_and_never_lets_a_register_fall),
        cmocka_unit_test(goes_on_from_a_reading),
        cmocka_unit_test(refuses_to_be_restored_to_a_negative_register),
        cmocka_unit_test(stays_at_its_end_and_ignores_nonsense),
        cmocka_unit_test(shows_nothing_of_a_channel_that_is_not_measured),
    };
    return cmocka_run_group_tests_name("meter_registers", tests, NULL, NULL);
}

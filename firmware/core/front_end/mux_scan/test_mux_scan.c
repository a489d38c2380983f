// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mux_scan.h"

enum { INPUTS = 9, DISCARDS = 2, SCAN = INPUTS * (DISCARDS + 1) };

/// A converter behind a multiplexer that needs two conversions to settle. The code says which
/// address it saw and in which frame.
struct fake_converter {
    struct mux_scan scan;
    struct adc_block block;
    uint64_t conversion;
    uint8_t address;
    unsigned settled;
    uint64_t frame; ///< The frame that should come out next.
    unsigned lost;
    unsigned unknown;
};

static void look_at_block(struct fake_converter *c)
{
    c->frame += c->block.lost_frames;
    c->lost += c->block.lost_frames;
    c->unknown += c->block.lost_unknown ? 1u : 0u;
    for (uint32_t n = 0; n < c->block.frame_count; n++, c->frame++) {
        for (unsigned input = 0; input < INPUTS; input++) {
            assert_int_equal(c->block.code[input][n], c->frame * 100 + 15 - input);
        }
    }
}

static void take_block(struct fake_converter *c)
{
    look_at_block(c);
    mux_scan_open(&c->scan, &c->block);
}

static int32_t convert(struct fake_converter *c)
{
    const uint8_t address = mux_scan_address(&c->scan);
    c->settled = address == c->address ? c->settled + 1 : 0;
    c->address = address;
    const uint64_t frame = c->conversion++ / SCAN;
    return c->settled < DISCARDS ? -1 : (int32_t)(frame * 100 + address);
}

static void run(struct fake_converter *c, unsigned conversions)
{
    for (unsigned n = 0; n < conversions; n++) {
        if (mux_scan_take(&c->scan, convert(c), &c->block)) {
            take_block(c);
        }
    }
}

static void lose(struct fake_converter *c, unsigned conversions)
{
    look_at_block(c);
    for (unsigned n = 0; n < conversions; n++) {
        (void)convert(c);
        mux_scan_lose(&c->scan, 1);
    }
    mux_scan_open(&c->scan, &c->block);
}

static int power_up(void **state)
{
    static struct fake_converter c;
    struct mux_settings settings = { .input_count = INPUTS, .discards = DISCARDS };
    for (unsigned input = 0; input < INPUTS; input++) {
        settings.address[input] = (uint8_t)(15 - input);
    }
    c = (struct fake_converter){ .address = 0xff };
    *state = &c;
    const enum status status = mux_scan_init(&c.scan, &settings);
    mux_scan_open(&c.scan, &c.block);
    return status == STATUS_OK ? 0 : -1;
}

static void keeps_the_settled_results_alone(void **state)
{
    struct fake_converter *c = *state;
    run(c, SCAN * 300);
    take_block(c);
    assert_int_equal(c->frame, 300);
    assert_int_equal(c->lost, 0);
}

static void loses_each_frame_of_which_a_result_is_missing(void **state)
{
    struct fake_converter *c = *state;
    for (unsigned missing = 1; missing < 2 * SCAN; missing++) {
        run(c, SCAN * 3 + missing);
        lose(c, missing);
    }
    run(c, SCAN * 3);
    take_block(c);
    assert_int_equal(c->frame, c->conversion / SCAN);
    assert_true(c->lost > 2 * SCAN);
    assert_int_equal(c->unknown, 0);
}

static void begins_anew_when_it_is_not_known_what_was_lost(void **state)
{
    struct fake_converter *c = *state;
    run(c, SCAN * 5 + 7);
    look_at_block(c);
    mux_scan_lose(&c->scan, 0);
    mux_scan_open(&c->scan, &c->block);
    assert_int_equal(mux_scan_address(&c->scan), 15);
    c->conversion = (uint64_t)SCAN * 9;
    c->frame = 9;
    run(c, SCAN * 5);
    take_block(c);
    assert_int_equal(c->frame, 14);
    assert_int_equal(c->unknown, 1);
}

static void tells_rate_and_skew(void **state)
{
    struct fake_converter *c = *state;
    assert_int_equal(mux_scan_frame_rate(&c->scan, 270000000), 10000000);
    assert_true(mux_scan_delay(&c->scan, 0) == 0.0);
    assert_true(mux_scan_delay(&c->scan, 3) > 0.333 && mux_scan_delay(&c->scan, 3) < 0.334);
}

static void refuses_what_it_has_no_room_for(void **state)
{
    (void)state;
    struct mux_scan scan;
    const struct mux_settings none = { .input_count = 0 };
    const struct mux_settings many = { .input_count = ADC_INPUT_LIMIT + 1 };
    const struct mux_settings slow = { .input_count = 1, .discards = MUX_DISCARD_LIMIT + 1 };
    assert_int_equal(mux_scan_init(&scan, &none), STATUS_INVALID);
    assert_int_equal(mux_scan_init(&scan, &many), STATUS_INVALID);
    assert_int_equal(mux_scan_init(&scan, &slow), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keeps_the_settled_results_alone, power_up),
        cmocka_unit_test_setup(loses_each_frame_of_which_a_result_is_missing, power_up),
        cmocka_unit_test_setup(begins_anew_when_it_is_not_known_what_was_lost, power_up),
        cmocka_unit_test_setup(tells_rate_and_skew, power_up),
        cmocka_unit_test(refuses_what_it_has_no_room_for),
    };
    return cmocka_run_group_tests_name("mux_scan", tests, NULL, NULL);
}

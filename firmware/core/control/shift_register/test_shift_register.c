// SPDX-License-Identifier: MIT

/// A register that a peripheral fills. One that is driven pin by pin is tested against a chip, in
/// the port's shift_register_chip.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shift_register.h"

/// A peripheral and the register behind it, made of variables.
struct fixture {
    struct shift_register chip;
    struct relay_bank_port port;
    uint8_t held;    ///< Shifted in.
    uint8_t outputs; ///< Latched.
    bool latch_is_high;
    bool is_off;       ///< OE is high.
    bool is_dead;      ///< The peripheral fails.
    uint8_t stuck_low; ///< Bits that are lost on the way.
    unsigned strays;   ///< Writes to lines that the peripheral has taken over.
};

static enum status exchange(void *ctx, uint8_t value, uint8_t *fell_out)
{
    struct fixture *f = ctx;
    *fell_out = f->held;
    f->held = (uint8_t)(value & ~f->stuck_low);
    return f->is_dead ? STATUS_IO : STATUS_OK;
}

static void write_latch(void *ctx, bool high)
{
    struct fixture *f = ctx;
    if (high && !f->latch_is_high) {
        f->outputs = f->held;
    }
    f->latch_is_high = high;
}

static void write_output_enable(void *ctx, bool high)
{
    struct fixture *f = ctx;
    f->is_off = high;
}

static void write_stray(void *ctx, bool high)
{
    struct fixture *f = ctx;
    (void)high;
    f->strays++;
}

static int start(void **state, bool is_wired_back)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.outputs = 0xa5;
    const struct shift_register_pins pins = {
        .bus = { .exchange = exchange, .is_wired_back = is_wired_back, .ctx = &f },
        .data = { .write = write_stray, .ctx = &f },
        .clock = { .write = write_stray, .ctx = &f },
        .latch = { .write = write_latch, .ctx = &f },
        .output_enable = { .write = write_output_enable, .ctx = &f },
    };
    shift_register_init(&f.chip, &pins);
    f.port = shift_register_port(&f.chip);
    *state = &f;
    return 0;
}

static int power_up(void **state)
{
    return start(state, true);
}

static int power_up_one_way(void **state)
{
    return start(state, false);
}

static void latches_what_a_peripheral_has_shifted_in(void **state)
{
    struct fixture *f = *state;
    assert_true(f->is_off);
    for (unsigned value = 0; value < 256; value++) {
        assert_int_equal(f->port.latch(f->port.ctx, (uint8_t)value), STATUS_OK);
        assert_int_equal(f->outputs, value);
    }
    f->port.enable(f->port.ctx, true);
    assert_false(f->is_off);
    assert_int_equal(f->strays, 0);
}

static void leaves_the_outputs_when_the_peripheral_fails(void **state)
{
    struct fixture *f = *state;
    f->is_dead = true;
    assert_int_equal(f->port.latch(f->port.ctx, 0xff), STATUS_IO);
    assert_int_equal(f->outputs, 0xa5);
}

static void leaves_the_outputs_when_one_bit_is_lost_on_the_way(void **state)
{
    struct fixture *f = *state;
    for (unsigned bit = 0; bit < 8; bit++) {
        f->stuck_low = (uint8_t)(1u << bit);
        assert_int_equal(f->port.latch(f->port.ctx, 0x00), STATUS_IO);
        assert_int_equal(f->port.latch(f->port.ctx, 0xff), STATUS_IO);
        assert_int_equal(f->outputs, 0xa5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(latches_what_a_peripheral_has_shifted_in, power_up),
        cmocka_unit_test_setup(latches_what_a_peripheral_has_shifted_in, power_up_one_way),
        cmocka_unit_test_setup(leaves_the_outputs_when_the_peripheral_fails, power_up),
        cmocka_unit_test_setup(leaves_the_outputs_when_the_peripheral_fails, power_up_one_way),
        cmocka_unit_test_setup(leaves_the_outputs_when_one_bit_is_lost_on_the_way, power_up),
    };
    return cmocka_run_group_tests_name("shift_register", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// The core's relays, from the bank down to the coils, through nothing but pin edges.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "simulated_board.h"

enum { DWELL_MS = 500, PATTERNS = 256 };

struct fixture {
    struct simulated_board board;
    struct shift_register chip;
    struct relay_bank_port port;
    struct relay_bank bank;
    uint64_t now_ms;
};

static enum status wire(struct fixture *f, const struct shift_register_pins *pins)
{
    shift_register_init(&f->chip, pins);
    f->port = shift_register_port(&f->chip);
    f->now_ms = DWELL_MS;
    return relay_bank_init(&f->bank, &f->port, DWELL_MS, 0);
}

static int power_up(void **state)
{
    static struct fixture f;
    simulated_board_init(&f.board, NULL, 0xA53C);
    const struct shift_register_pins pins = simulated_board_register(&f.board);
    *state = &f;
    return wire(&f, &pins) == STATUS_OK ? 0 : -1;
}

static enum status set_all(struct fixture *f, uint8_t mask)
{
    f->now_ms += DWELL_MS;
    return relay_bank_set_all(&f->bank, mask, f->now_ms);
}

/// How many of the 256 patterns fail to appear on the coils.
static unsigned count_wrong_patterns(struct fixture *f)
{
    unsigned wrong = 0;
    for (unsigned mask = 0; mask < PATTERNS; mask++) {
        const enum status status = set_all(f, (uint8_t)mask);
        wrong += status != STATUS_OK || simulated_board_coils(&f->board) != mask;
    }
    return wrong;
}

static void shows_all_256_patterns_on_the_coils(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(count_wrong_patterns(f), 0);
}

static void shows_them_without_the_wire_back_too(void **state)
{
    struct fixture *f = *state;
    struct shift_register_pins pins = simulated_board_register(&f->board);
    pins.serial_out.read = NULL;
    assert_int_equal(wire(f, &pins), STATUS_OK);
    assert_int_equal(count_wrong_patterns(f), 0);
}

static void every_relay_is_on_the_output_of_its_number(void **state)
{
    struct fixture *f = *state;
    for (unsigned relay = 0; relay < RELAY_BANK_COUNT; relay++) {
        assert_int_equal(set_all(f, 0), STATUS_OK);
        f->now_ms += DWELL_MS;
        assert_int_equal(relay_bank_set(&f->bank, relay, true, f->now_ms), STATUS_OK);
        assert_int_equal(simulated_board_coils(&f->board), 1u << relay);
    }
}

/// A driver with the mistake of sending the lowest bit first.
static enum status latch_lowest_first(void *ctx, uint8_t outputs)
{
    const struct shift_register_pins *pins = ctx;
    for (unsigned bit = 0; bit < 8; bit++) {
        pins->data.write(pins->data.ctx, (outputs & (1u << bit)) != 0);
        pins->clock.write(pins->clock.ctx, true);
        pins->clock.write(pins->clock.ctx, false);
    }
    pins->latch.write(pins->latch.ctx, true);
    pins->latch.write(pins->latch.ctx, false);
    return STATUS_OK;
}

/// A driver with the mistake of taking the value on the falling clock: DATA comes too late.
static enum status latch_late_data(void *ctx, uint8_t outputs)
{
    const struct shift_register_pins *pins = ctx;
    for (unsigned bit = 8; bit-- > 0;) {
        pins->clock.write(pins->clock.ctx, true);
        pins->data.write(pins->data.ctx, (outputs & (1u << bit)) != 0);
        pins->clock.write(pins->clock.ctx, false);
    }
    pins->latch.write(pins->latch.ctx, true);
    pins->latch.write(pins->latch.ctx, false);
    return STATUS_OK;
}

static void enable_low(void *ctx, bool on)
{
    const struct shift_register_pins *pins = ctx;
    pins->output_enable.write(pins->output_enable.ctx, !on);
}

static void enable_high(void *ctx, bool on)
{
    const struct shift_register_pins *pins = ctx;
    pins->output_enable.write(pins->output_enable.ctx, on);
}

static enum status drive_with(struct fixture *f, struct shift_register_pins *pins,
                              enum status (*latch)(void *, uint8_t), void (*enable)(void *, bool))
{
    *pins = simulated_board_register(&f->board);
    f->port = (struct relay_bank_port){ .latch = latch, .enable = enable, .ctx = pins };
    f->now_ms = DWELL_MS;
    return relay_bank_init(&f->bank, &f->port, DWELL_MS, 0);
}

static void a_wrong_bit_order_is_seen(void **state)
{
    struct fixture *f = *state;
    struct shift_register_pins pins;
    assert_int_equal(drive_with(f, &pins, latch_lowest_first, enable_low), STATUS_OK);
    // Right by chance are the sixteen patterns that read the same from both ends.
    assert_int_equal(count_wrong_patterns(f), PATTERNS - 16);
}

static void data_after_the_edge_is_seen(void **state)
{
    struct fixture *f = *state;
    struct shift_register_pins pins;
    assert_int_equal(drive_with(f, &pins, latch_late_data, enable_low), STATUS_OK);
    assert_true(count_wrong_patterns(f) >= PATTERNS / 2);
}

static void an_inverted_output_enable_is_seen(void **state)
{
    struct fixture *f = *state;
    struct shift_register_pins pins;
    assert_int_equal(drive_with(f, &pins, latch_lowest_first, enable_high), STATUS_OK);
    assert_int_equal(count_wrong_patterns(f), PATTERNS - 1);
}

static void swapped_wires_are_found_before_a_relay_moves(void **state)
{
    struct fixture *f = *state;
    const struct shift_register_pins right = simulated_board_register(&f->board);
    struct shift_register_pins swapped[3] = { right, right, right };
    swapped[0].data = right.clock;
    swapped[0].clock = right.data;
    swapped[1].clock = right.latch;
    swapped[1].latch = right.clock;
    swapped[2].data = right.latch;
    swapped[2].latch = right.data;
    for (unsigned i = 0; i < 3; i++) {
        simulated_board_init(&f->board, NULL, 0xFFFF);
        assert_int_equal(wire(f, &swapped[i]), STATUS_IO);
        assert_int_equal(simulated_board_coils(&f->board), 0);
        assert_int_equal(set_all(f, 0xFF), STATUS_IO);
        assert_int_equal(simulated_board_coils(&f->board), 0);
    }
}

static void random_content_never_reaches_a_coil(void **state)
{
    struct fixture *f = *state;
    char path[64];
    (void)snprintf(path, sizeof path, "/dev/shm/ohm-test-board-%d", (int)getpid());
    for (uint32_t chance = 0; chance < 0x10000; chance += 257) {
        struct pin_trace *trace = NULL;
        struct pin_trace_edge edge;
        unlink(path);
        assert_int_equal(pin_trace_open(path, &trace), STATUS_OK);
        simulated_board_init(&f->board, trace, chance);
        const struct shift_register_pins pins = simulated_board_register(&f->board);
        assert_int_equal(wire(f, &pins), STATUS_OK);
        assert_int_equal(pin_trace_count(trace), 1); // Power, and not one edge on a coil.
        assert_int_equal(pin_trace_read(trace, 0, &edge), STATUS_OK);
        assert_int_equal(edge.signal, PIN_TRACE_POWER);
        pin_trace_close(trace);
    }
    unlink(path);
}

/// Cuts the wires before every step in turn; coils and report agree at every step, and open-all
/// works.
static void tells_the_truth_when_the_bus_dies_at_any_latch(void **state)
{
    enum { STEPS = 12 };
    struct fixture *f = *state;
    for (unsigned dies = 0; dies <= STEPS; dies++) {
        assert_int_equal(power_up(state), 0);
        for (unsigned step = 0; step < STEPS; step++) {
            simulated_board_cut_bus(&f->board, step >= dies);
            f->now_ms += DWELL_MS;
            enum status status = STATUS_OK;
            if (step % 4 == 3) {
                status = relay_bank_open_all(&f->bank, f->now_ms);
                assert_int_equal(simulated_board_coils(&f->board), 0);
            } else {
                status = relay_bank_set_all(&f->bank, (uint8_t)(0x5Bu * (step + 1u)), f->now_ms);
            }
            assert_int_equal(status, step >= dies ? STATUS_IO : STATUS_OK);
            assert_int_equal(relay_bank_mask(&f->bank), simulated_board_coils(&f->board));
        }
        simulated_board_cut_bus(&f->board, false);
        assert_int_equal(relay_bank_open_all(&f->bank, f->now_ms), STATUS_OK);
        assert_int_equal(count_wrong_patterns(f), 0);
    }
}

static void records_what_coils_light_and_button_do(void **state)
{
    struct fixture *f = *state;
    char path[64];
    struct pin_trace *trace = NULL;
    (void)snprintf(path, sizeof path, "/dev/shm/ohm-test-board-%d", (int)getpid());
    unlink(path);
    assert_int_equal(pin_trace_open(path, &trace), STATUS_OK);
    simulated_board_init(&f->board, trace, 0x1234);
    const struct shift_register_pins pins = simulated_board_register(&f->board);
    assert_int_equal(wire(f, &pins), STATUS_OK);

    assert_int_equal(set_all(f, 0x81), STATUS_OK);
    assert_int_equal(set_all(f, 0x80), STATUS_OK);
    const struct output_pin led = simulated_board_led(&f->board);
    led.write(led.ctx, true);
    led.write(led.ctx, true);
    led.write(led.ctx, false);
    const struct input_pin button = simulated_board_button(&f->board);
    assert_true(button.read(button.ctx));
    simulated_button_press(&f->board);
    simulated_button_press(&f->board);
    assert_false(button.read(button.ctx));
    simulated_button_release(&f->board);
    assert_true(button.read(button.ctx));

    static const struct {
        unsigned signal;
        bool level;
    } EXPECTED[] = {
        { PIN_TRACE_POWER, true },     { PIN_TRACE_RELAY + 0, true },
        { PIN_TRACE_RELAY + 7, true }, { PIN_TRACE_RELAY + 0, false },
        { PIN_TRACE_LED, true },       { PIN_TRACE_LED, false },
        { PIN_TRACE_BUTTON, true },    { PIN_TRACE_BUTTON, false },
    };
    assert_int_equal(pin_trace_count(trace), sizeof EXPECTED / sizeof EXPECTED[0]);
    for (unsigned i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        struct pin_trace_edge edge;
        assert_int_equal(pin_trace_read(trace, i, &edge), STATUS_OK);
        assert_int_equal(edge.signal, EXPECTED[i].signal);
        assert_int_equal(edge.level, EXPECTED[i].level);
    }
    pin_trace_close(trace);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(shows_all_256_patterns_on_the_coils, power_up),
        cmocka_unit_test_setup(shows_them_without_the_wire_back_too, power_up),
        cmocka_unit_test_setup(every_relay_is_on_the_output_of_its_number, power_up),
        cmocka_unit_test_setup(a_wrong_bit_order_is_seen, power_up),
        cmocka_unit_test_setup(data_after_the_edge_is_seen, power_up),
        cmocka_unit_test_setup(an_inverted_output_enable_is_seen, power_up),
        cmocka_unit_test_setup(swapped_wires_are_found_before_a_relay_moves, power_up),
        cmocka_unit_test_setup(random_content_never_reaches_a_coil, power_up),
        cmocka_unit_test_setup(tells_the_truth_when_the_bus_dies_at_any_latch, power_up),
        cmocka_unit_test_setup(records_what_coils_light_and_button_do, power_up),
    };
    return cmocka_run_group_tests_name("simulated_board", tests, NULL, NULL);
}

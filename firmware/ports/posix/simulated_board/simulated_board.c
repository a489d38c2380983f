// SPDX-License-Identifier: MIT
#include "simulated_board.h"

enum { COILS = 8 };

/// Follows the register's outputs with the coils, and records what moved.
static void follow_outputs(struct simulated_board *board)
{
    const uint8_t outputs = shift_register_chip_outputs(&board->chip);
    const unsigned moved = atomic_load(&board->coils) ^ outputs;
    atomic_store(&board->coils, outputs);
    for (unsigned coil = 0; coil < COILS; coil++) {
        if ((moved & (1u << coil)) != 0) {
            pin_trace_record(board->trace, PIN_TRACE_RELAY + coil, (outputs & (1u << coil)) != 0);
        }
    }
}

static void write_data(void *ctx, bool high)
{
    struct simulated_board *board = ctx;
    if (!atomic_load(&board->bus_cut)) {
        shift_register_chip_set_data(&board->chip, high);
    }
}

static void write_clock(void *ctx, bool high)
{
    struct simulated_board *board = ctx;
    if (!atomic_load(&board->bus_cut)) {
        shift_register_chip_set_clock(&board->chip, high);
    }
}

static void write_latch(void *ctx, bool high)
{
    struct simulated_board *board = ctx;
    if (!atomic_load(&board->bus_cut)) {
        shift_register_chip_set_latch(&board->chip, high);
        follow_outputs(board);
    }
}

static void write_output_enable(void *ctx, bool high)
{
    struct simulated_board *board = ctx;
    shift_register_chip_set_output_enable(&board->chip, high);
    follow_outputs(board);
}

static bool read_serial_out(void *ctx)
{
    const struct simulated_board *board = ctx;
    return shift_register_chip_serial_out(&board->chip);
}

static void write_led(void *ctx, bool high)
{
    struct simulated_board *board = ctx;
    if (high != board->lit) {
        board->lit = high;
        pin_trace_record(board->trace, PIN_TRACE_LED, high);
    }
}

static bool read_button(void *ctx)
{
    const struct simulated_board *board = ctx;
    return !atomic_load(&board->pressed); // To ground, against a pull-up.
}

static bool read_case(void *ctx)
{
    const struct simulated_board *board = ctx;
    return atomic_load(&board->case_open); // The closed case is a loop to ground.
}

void simulated_board_init(struct simulated_board *board, struct pin_trace *trace, uint32_t chance)
{
    *board = (struct simulated_board){ .trace = trace };
    shift_register_chip_power_up(&board->chip, (uint8_t)chance, (uint8_t)(chance >> 8));
    pin_trace_record(trace, PIN_TRACE_POWER, true);
}

struct shift_register_pins simulated_board_register(struct simulated_board *board)
{
    return (struct shift_register_pins){
        .data = { .write = write_data, .ctx = board },
        .clock = { .write = write_clock, .ctx = board },
        .latch = { .write = write_latch, .ctx = board },
        .output_enable = { .write = write_output_enable, .ctx = board },
        .serial_out = { .read = read_serial_out, .ctx = board },
    };
}

struct output_pin simulated_board_led(struct simulated_board *board)
{
    return (struct output_pin){ .write = write_led, .ctx = board };
}

struct input_pin simulated_board_button(struct simulated_board *board)
{
    return (struct input_pin){ .read = read_button, .ctx = board };
}

struct input_pin simulated_board_case(struct simulated_board *board)
{
    return (struct input_pin){ .read = read_case, .ctx = board };
}

static void move_button(struct simulated_board *board, bool pressed)
{
    if (atomic_exchange(&board->pressed, pressed) != pressed) {
        pin_trace_record(board->trace, PIN_TRACE_BUTTON, pressed);
    }
}

void simulated_button_press(struct simulated_board *board)
{
    move_button(board, true);
}

void simulated_button_release(struct simulated_board *board)
{
    move_button(board, false);
}

void simulated_board_open_case(struct simulated_board *board, bool open)
{
    atomic_store(&board->case_open, open);
}

void simulated_board_cut_bus(struct simulated_board *board, bool cut)
{
    atomic_store(&board->bus_cut, cut);
}

uint8_t simulated_board_coils(const struct simulated_board *board)
{
    return (uint8_t)atomic_load(&board->coils);
}

// SPDX-License-Identifier: MIT
#pragma once

/// The energy meter's board, simulated: a 74HC595 with eight coils, a light, a button and the
/// switch of the case.
///
/// The pins are those of the core's seams; what moves on the far side goes to a pin trace. One task
/// drives the pins; button and faults may come from any thread or signal handler.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pin.h"
#include "pin_trace.h"
#include "shift_register.h"
#include "shift_register_chip.h"

/// Storage for one board, owned by the caller. Use it only through the functions below.
struct simulated_board {
    struct shift_register_chip chip;
    struct pin_trace *trace;
    _Atomic bool pressed;
    _Atomic bool case_open;
    _Atomic bool bus_cut;
    _Atomic uint32_t coils; ///< Written by the task that drives the pins.
    bool lit;
};

/// Power comes. What the register holds is made of `chance`, of which any value will do. `trace`
/// may be NULL, and outlives the board.
void simulated_board_init(struct simulated_board *board, struct pin_trace *trace, uint32_t chance);

/// The pins, wired as the core expects them; QH' is wired back.
struct shift_register_pins simulated_board_register(struct simulated_board *board);
struct output_pin simulated_board_led(struct simulated_board *board);
struct input_pin simulated_board_button(struct simulated_board *board);
struct input_pin simulated_board_case(struct simulated_board *board);

/// A finger on the button. From any thread or signal handler; pressing twice is pressing once.
void simulated_button_press(struct simulated_board *board);
void simulated_button_release(struct simulated_board *board);

/// Opens or closes the case. From any thread.
void simulated_board_open_case(struct simulated_board *board, bool open);

/// Breaks the wires DATA, CLOCK and LATCH, or mends them. OE is a wire of its own. From any thread.
void simulated_board_cut_bus(struct simulated_board *board, bool cut);

/// The coils that carry current, bit n for relay n. From any thread.
uint8_t simulated_board_coils(const struct simulated_board *board);

// SPDX-License-Identifier: MIT
#pragma once

/// A simulated 74HC595 that knows nothing but the edges on its pins.
///
/// Behaviour as in the data sheet (TI SN74HC595, SCLS041, "Function table" and "Logic diagram"),
/// with SRCLR tied high: a rising SRCLK takes SER into QA's stage and moves every stage one towards
/// QH; a rising RCLK copies the stages to the output latches; OE low drives the outputs, high
/// leaves them floating, which a relay board's pull-downs turn into open relays. Power-up content
/// is random.

#include <stdbool.h>
#include <stdint.h>

/// Storage for one chip, owned by the caller. Use it only through the functions below.
struct shift_register_chip {
    uint8_t stages;  ///< Bit 0 is the stage of QA, bit 7 that of QH.
    uint8_t latches; ///< In the same order.
    bool data;
    bool clock;
    bool latch;
    bool output_disable; ///< The level of the OE pin.
};

/// Power comes: `stages` and `latches` hold what chance left there. The board pulls OE high and the
/// other inputs low until somebody drives them.
void shift_register_chip_power_up(struct shift_register_chip *chip, uint8_t stages,
                                  uint8_t latches);

/// Levels on the input pins.
void shift_register_chip_set_data(struct shift_register_chip *chip, bool high);
void shift_register_chip_set_clock(struct shift_register_chip *chip, bool high);
void shift_register_chip_set_latch(struct shift_register_chip *chip, bool high);
void shift_register_chip_set_output_enable(struct shift_register_chip *chip, bool high);

/// The outputs that are high, QA in bit 0 to QH in bit 7; 0 while they float.
uint8_t shift_register_chip_outputs(const struct shift_register_chip *chip);

/// The level on QH', which shows the last stage whatever OE says.
bool shift_register_chip_serial_out(const struct shift_register_chip *chip);

// SPDX-License-Identifier: MIT
#pragma once

/// A 74HC595 driven pin by pin: the relay bank's port on a board with one.
///
/// The register shifts on a rising CLOCK from QA towards QH and copies all eight bits to its
/// outputs on a rising LATCH (TI SN74HC595, SCLS041, "Function table"). The first bit sent ends at
/// QH, so the highest goes first and relay n sits on output n, QA being 0.
///
/// Where the serial output QH' is wired back to an input, every latch is preceded by a test: the
/// complement and then the value are shifted through and read back, so a dead DATA or CLOCK line,
/// an unpowered register or a wrong order is found before any output moves. Without that wire a
/// dead bus cannot be seen and every latch reports success. A dead LATCH line is never seen.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pin.h"
#include "relay_bank.h"
#include "status.h"

/// A peripheral that moves eight bits at once, in the place of DATA, CLOCK and QH'.
struct shift_register_bus {
    /// Shifts `value` in, highest bit first, and tells what fell out at QH' meanwhile.
    MUST_CHECK enum status (*exchange)(void *ctx, uint8_t value, uint8_t *fell_out);

    bool is_wired_back; ///< QH' is wired to the peripheral.
    void *ctx;
};

/// The wires. Each must be able to work from the task that owns the relay bank.
struct shift_register_pins {
    struct shift_register_bus bus;   ///< `exchange` is NULL where it is done pin by pin.
    struct output_pin data;          ///< SER.
    struct output_pin clock;         ///< SRCLK.
    struct output_pin latch;         ///< RCLK.
    struct output_pin output_enable; ///< OE, active low, pulled high on the board for the time of
                                     ///< reset. Where it is tied to ground, give a pin that goes
                                     ///< nowhere: open-all then depends on the data bus.
    struct input_pin serial_out;     ///< QH'; `read` is NULL where it is not wired.
};

/// Storage for one register, owned by the caller. Use it only through the functions below.
struct shift_register {
    struct shift_register_pins pins;
};

/// Binds `chip` to its pins: outputs off, CLOCK (unless there is a bus) and LATCH low. What is
/// latched stays unknown.
void shift_register_init(struct shift_register *chip, const struct shift_register_pins *pins);

/// The relay bank's port on `chip`, which must outlive it. Its latch() returns STATUS_IO when what
/// was read back is not what was sent, or the bus fails.
struct relay_bank_port shift_register_port(struct shift_register *chip);

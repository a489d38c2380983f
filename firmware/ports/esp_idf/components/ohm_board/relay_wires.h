// SPDX-License-Identifier: MIT
#pragma once

/// The wires of the 74HC595 that drives the relays: DATA, CLOCK and LATCH, and OE and QH' where
/// they are wired. DATA, CLOCK and QH' are pins or belong to an SPI peripheral.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/gpio.h and driver/spi_master.h; TI SCLS041, "Timing
/// Requirements" (mode 0; 5 MHz at 2 V, of which 1 is used).

#include <stdbool.h>

#include "driver/gpio.h"
#include "driver/spi_master.h"
#include "gpio_line.h"
#include "shift_register.h"
#include "status.h"

struct relay_wires_options {
    gpio_num_t data;
    gpio_num_t clock;
    gpio_num_t latch;
    gpio_num_t output_enable; ///< GPIO_NUM_NC: tied to ground.
    gpio_num_t serial_out;    ///< GPIO_NUM_NC: not wired back.
    bool by_spi;
    spi_host_device_t host; ///< With `by_spi`; nothing else is on this bus.
};

/// Owned by the caller; outlives the register.
struct relay_wires {
    struct gpio_line data;
    struct gpio_line clock;
    struct gpio_line latch;
    struct gpio_line output_enable;
    struct gpio_line serial_out;
    spi_device_handle_t device;
};

/// Sets up the lines: outputs of the register off until shift_register says otherwise.
///
/// @return STATUS_INVALID  a line that must be there is missing, or cannot do what it is for;
///         STATUS_IO       the SPI driver refuses.
MUST_CHECK enum status relay_wires_open(struct relay_wires *wires,
                                        const struct relay_wires_options *options,
                                        struct shift_register_pins *pins);

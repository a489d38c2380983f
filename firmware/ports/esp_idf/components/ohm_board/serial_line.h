// SPDX-License-Identifier: MIT
#pragma once

/// A UART for a solar charge controller, or for RS-485 with its direction line.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/uart.h; the Programming Guide's "UART", RS485 modes.
///
/// It opens the port and moves bytes; what the bytes mean is for whoever speaks the protocol.

#include <stddef.h>
#include <stdint.h>

#include "driver/gpio.h"
#include "driver/uart.h"
#include "status.h"

enum { SERIAL_LINE_BUFFER = 512 }; ///< Bytes received that wait for a reader.

struct serial_line_options {
    uart_port_t port;
    gpio_num_t tx;
    gpio_num_t rx;
    gpio_num_t direction; ///< DE and RE together, high to send; GPIO_NUM_NC: no RS-485.
    int baud;
    uart_parity_t parity;
    uart_stop_bits_t stop_bits;
};

/// Sets up the port, with eight data bits.
///
/// @return STATUS_INVALID  a pin or a rate cannot be had;  STATUS_IO  the driver refuses.
MUST_CHECK enum status serial_line_open(const struct serial_line_options *options);

/// Takes what has arrived, never waiting. @return how many bytes.
size_t serial_line_read(uart_port_t port, uint8_t *bytes, size_t capacity);

/// Queues bytes in the port's FIFO of 128, waiting where it is full.
///
/// @return STATUS_IO  the driver refuses.
MUST_CHECK enum status serial_line_write(uart_port_t port, const uint8_t *bytes, size_t size);

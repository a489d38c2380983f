// SPDX-License-Identifier: MIT
#include "serial_line.h"

enum status serial_line_open(const struct serial_line_options *options)
{
    const uart_config_t config = { .baud_rate = options->baud,
                                   .data_bits = UART_DATA_8_BITS,
                                   .parity = options->parity,
                                   .stop_bits = options->stop_bits,
                                   .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
                                   .source_clk = UART_SCLK_DEFAULT };
    const bool is_rs485 = options->direction != GPIO_NUM_NC;

    if (uart_driver_install(options->port, SERIAL_LINE_BUFFER, 0, 0, NULL, 0) != ESP_OK) {
        return STATUS_IO;
    }
    // The hardware drives RTS for the direction, and lets go after the last stop bit.
    if (uart_param_config(options->port, &config) != ESP_OK ||
        uart_set_pin(options->port, options->tx, options->rx,
                     is_rs485 ? options->direction : UART_PIN_NO_CHANGE,
                     UART_PIN_NO_CHANGE) != ESP_OK ||
        (is_rs485 && uart_set_mode(options->port, UART_MODE_RS485_HALF_DUPLEX) != ESP_OK)) {
        (void)uart_driver_delete(options->port);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

size_t serial_line_read(uart_port_t port, uint8_t *bytes, size_t capacity)
{
    const int count = uart_read_bytes(port, bytes, (uint32_t)capacity, 0);
    return count > 0 ? (size_t)count : 0;
}

enum status serial_line_write(uart_port_t port, const uint8_t *bytes, size_t size)
{
    return uart_write_bytes(port, bytes, size) == (int)size ? STATUS_OK : STATUS_IO;
}

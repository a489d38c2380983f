// SPDX-License-Identifier: MIT
#include "relay_wires.h"

enum { SPI_HZ = 1000000, BITS = 8 };

static enum status exchange(void *ctx, uint8_t value, uint8_t *fell_out)
{
    const struct relay_wires *wires = ctx;
    spi_transaction_t transaction = { .flags = SPI_TRANS_USE_TXDATA | SPI_TRANS_USE_RXDATA,
                                      .length = BITS,
                                      .tx_data = { value } };
    // Nobody else is on the bus, so that this waits for eight microseconds and for nothing else.
    if (spi_device_polling_transmit(wires->device, &transaction) != ESP_OK) {
        return STATUS_IO;
    }
    *fell_out = transaction.rx_data[0];
    return STATUS_OK;
}

static enum status open_bus(struct relay_wires *wires, const struct relay_wires_options *options,
                            struct shift_register_pins *pins)
{
    const spi_bus_config_t bus = { .mosi_io_num = options->data,
                                   .miso_io_num = options->serial_out,
                                   .sclk_io_num = options->clock,
                                   .quadwp_io_num = -1,
                                   .quadhd_io_num = -1 };
    const spi_device_interface_config_t device = { .clock_speed_hz = SPI_HZ,
                                                   .spics_io_num = -1,
                                                   .queue_size = 1 };

    pins->bus = (struct shift_register_bus){ .exchange = exchange,
                                             .is_wired_back = options->serial_out != GPIO_NUM_NC,
                                             .ctx = wires };
    return spi_bus_initialize(options->host, &bus, SPI_DMA_DISABLED) == ESP_OK &&
                   spi_bus_add_device(options->host, &device, &wires->device) == ESP_OK
               ? STATUS_OK
               : STATUS_IO;
}

static enum status open_pins(struct relay_wires *wires, const struct relay_wires_options *options,
                             struct shift_register_pins *pins)
{
    enum status status = gpio_line_output(&wires->data, options->data, false, &pins->data);
    if (status == STATUS_OK) {
        status = gpio_line_output(&wires->clock, options->clock, false, &pins->clock);
    }
    if (status == STATUS_OK) {
        status = gpio_line_input(&wires->serial_out, options->serial_out, &pins->serial_out);
    }
    return status;
}

enum status relay_wires_open(struct relay_wires *wires, const struct relay_wires_options *options,
                             struct shift_register_pins *pins)
{
    *wires = (struct relay_wires){ .device = NULL };
    *pins = (struct shift_register_pins){ .bus = { .exchange = NULL } };
    if (options->data == GPIO_NUM_NC || options->clock == GPIO_NUM_NC ||
        options->latch == GPIO_NUM_NC) {
        return STATUS_INVALID;
    }
    // OE first: its high level is what keeps the coils open.
    enum status status =
        gpio_line_output(&wires->output_enable, options->output_enable, true, &pins->output_enable);
    if (status == STATUS_OK) {
        status = gpio_line_output(&wires->latch, options->latch, false, &pins->latch);
    }
    if (status == STATUS_OK) {
        status = options->by_spi ? open_bus(wires, options, pins) : open_pins(wires, options, pins);
    }
    return status;
}

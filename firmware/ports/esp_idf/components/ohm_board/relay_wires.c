// SPDX-License-Identifier: MIT
#include "relay_wires.h"

enum status relay_wires_open(struct relay_wires *wires, const struct relay_wires_options *options,
                             struct shift_register_pins *pins)
{
    if (options->data == GPIO_NUM_NC || options->clock == GPIO_NUM_NC ||
        options->latch == GPIO_NUM_NC) {
        return STATUS_INVALID;
    }
    // OE first: its high level is what keeps the coils open.
    enum status status =
        gpio_line_output(&wires->output_enable, options->output_enable, true, &pins->output_enable);
    if (status == STATUS_OK) {
        status = gpio_line_output(&wires->data, options->data, false, &pins->data);
    }
    if (status == STATUS_OK) {
        status = gpio_line_output(&wires->clock, options->clock, false, &pins->clock);
    }
    if (status == STATUS_OK) {
        status = gpio_line_output(&wires->latch, options->latch, false, &pins->latch);
    }
    if (status == STATUS_OK) {
        status = gpio_line_input(&wires->serial_out, options->serial_out, &pins->serial_out);
    }
    return status;
}

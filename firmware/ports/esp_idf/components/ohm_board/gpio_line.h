// SPDX-License-Identifier: MIT
#pragma once

/// GPIOs as pins of the core: relay register, button, LED, switch of the case.
///
/// Sources: ESP-IDF v5.5 and v5.3, driver/gpio.h.

#include <stdbool.h>

#include "driver/gpio.h"
#include "pin.h"
#include "status.h"

/// Owned by the caller; outlives the pin that is made of it.
struct gpio_line {
    gpio_num_t number; ///< GPIO_NUM_NC: no line, as where OE is tied to ground.
};

/// Makes an output that begins at `high`.
///
/// @return STATUS_INVALID  the chip has no such output.
MUST_CHECK enum status gpio_line_output(struct gpio_line *line, gpio_num_t number, bool high,
                                        struct output_pin *pin);

/// Makes an input with the chip's pull-up, which GPIOs 34 to 39 of an ESP32 do not have. With
/// GPIO_NUM_NC `read` is NULL.
///
/// @return STATUS_INVALID  the chip has no such input, or no pull-up there.
MUST_CHECK enum status gpio_line_input(struct gpio_line *line, gpio_num_t number,
                                       struct input_pin *pin);

/// Readies what interrupts of single lines need; once, before any driver that uses one. The
/// interrupt is in IRAM, and so must be all handlers.
MUST_CHECK enum status gpio_line_open_interrupts(void);

// SPDX-License-Identifier: MIT
#include "gpio_line.h"

#include "esp_intr_alloc.h"

static void write_line(void *ctx, bool high)
{
    const struct gpio_line *line = ctx;
    if (line->number != GPIO_NUM_NC) {
        (void)gpio_set_level(line->number, high ? 1 : 0);
    }
}

static bool read_line(void *ctx)
{
    const struct gpio_line *line = ctx;
    return gpio_get_level(line->number) != 0;
}

enum status gpio_line_output(struct gpio_line *line, gpio_num_t number, bool high,
                             struct output_pin *pin)
{
    line->number = number;
    *pin = (struct output_pin){ .write = write_line, .ctx = line };
    if (number == GPIO_NUM_NC) {
        return STATUS_OK;
    }
    if (!GPIO_IS_VALID_OUTPUT_GPIO(number)) {
        return STATUS_INVALID;
    }
    const gpio_config_t config = { .pin_bit_mask = UINT64_C(1) << number,
                                   .mode = GPIO_MODE_OUTPUT };
    // The level first, so that the line never shows the other one.
    return gpio_set_level(number, high ? 1 : 0) == ESP_OK && gpio_config(&config) == ESP_OK
               ? STATUS_OK
               : STATUS_INVALID;
}

enum status gpio_line_input(struct gpio_line *line, gpio_num_t number, struct input_pin *pin)
{
    line->number = number;
    *pin = (struct input_pin){ .read = number != GPIO_NUM_NC ? read_line : NULL, .ctx = line };
    if (number == GPIO_NUM_NC) {
        return STATUS_OK;
    }
    // A pin that can be no output has no pull-up either (ESP32 data sheet, appendix "IO_MUX").
    if (!GPIO_IS_VALID_OUTPUT_GPIO(number)) {
        return STATUS_INVALID;
    }
    const gpio_config_t config = { .pin_bit_mask = UINT64_C(1) << number,
                                   .mode = GPIO_MODE_INPUT,
                                   .pull_up_en = GPIO_PULLUP_ENABLE };
    return gpio_config(&config) == ESP_OK ? STATUS_OK : STATUS_INVALID;
}

enum status gpio_line_open_interrupts(void)
{
    return gpio_install_isr_service(ESP_INTR_FLAG_IRAM) == ESP_OK ? STATUS_OK : STATUS_IO;
}

// SPDX-License-Identifier: MIT
#include <sdkconfig.h>

#include "chip_restart.h"
#include "meter.h"
#include "rtc_memory.h"

#if CONFIG_OHM_RELAY_BY_SPI
enum { RELAYS_BY_SPI = true };
#else
enum { RELAYS_BY_SPI = false };
#endif

#if CONFIG_OHM_LED_ACTIVE_LOW
static void light_inverted(void *ctx, bool high)
{
    const struct output_pin *pin = ctx;
    pin->write(pin->ctx, !high);
}
#endif

/// The light as the button task wants it: high is lit.
static struct output_pin light_of(struct meter *meter)
{
#if CONFIG_OHM_LED_ACTIVE_LOW
    return (struct output_pin){ .write = light_inverted, .ctx = &meter->led };
#else
    return meter->led;
#endif
}

static enum status open_relays(struct meter *meter)
{
    const struct relay_wires_options options = {
        .data = CONFIG_OHM_RELAY_DATA_GPIO,
        .clock = CONFIG_OHM_RELAY_CLOCK_GPIO,
        .latch = CONFIG_OHM_RELAY_LATCH_GPIO,
        .output_enable = CONFIG_OHM_RELAY_ENABLE_GPIO,
        .serial_out = GPIO_NUM_NC,
        .by_spi = RELAYS_BY_SPI,
        .host = SPI2_HOST,
    };
    struct shift_register_pins pins;
    const enum status status = relay_wires_open(&meter->wires, &options, &pins);

    if (status == STATUS_OK) {
        shift_register_init(&meter->chip, &pins);
        meter->relays = shift_register_port(&meter->chip);
    }
    return status;
}

enum status meter_board_start(struct meter *meter)
{
    struct button_task_parts parts = {
        .relays = &meter->relays,
        .restart = chip_restart(),
        .retained = rtc_memory(),
        .mailboxes = { &meter->mailbox },
        .dwell_ms = meter->settings.dwell_ms,
        .absent = (uint8_t)(UINT8_MAX << meter->settings.relays),
    };
    relay_mailbox_init(&meter->mailbox);
    enum status status = open_relays(meter);
    if (status == STATUS_OK) {
        status = gpio_line_input(&meter->button_line, CONFIG_OHM_BUTTON_GPIO, &parts.button);
    }
    if (status == STATUS_OK) {
        status = gpio_line_output(&meter->led_line, CONFIG_OHM_LED_GPIO, false, &meter->led);
    }
    if (status == STATUS_OK) {
        status = gpio_line_input(&meter->tamper_line, CONFIG_OHM_TAMPER_GPIO, &parts.tamper);
    }
    if (status != STATUS_OK) {
        return status;
    }
    parts.led = light_of(meter);
    button_task_init(&meter->button, &parts, meter->clock.uptime_us(meter->clock.ctx));
    return meter_task_start(meter, METER_BUTTON);
}

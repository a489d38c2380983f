// SPDX-License-Identifier: MIT
#include "shift_register.h"

enum { BITS = 8 };

static void drive(const struct output_pin *pin, bool high)
{
    pin->write(pin->ctx, high);
}

static bool sense(const struct input_pin *pin)
{
    return pin->read != NULL && pin->read(pin->ctx);
}

/// Shifts `value` in, highest bit first, and returns the eight bits that fell out at QH'.
static uint8_t exchange_by_pins(const struct shift_register *chip, uint8_t value)
{
    unsigned out = 0;
    for (unsigned bit = BITS; bit-- > 0;) {
        // QH' shows the next bit to fall out before the clock that moves it.
        out = out << 1 | (sense(&chip->pins.serial_out) ? 1u : 0u);
        drive(&chip->pins.data, (value & (1u << bit)) != 0);
        drive(&chip->pins.clock, true);
        drive(&chip->pins.clock, false);
    }
    return (uint8_t)out;
}

static enum status exchange(const struct shift_register *chip, uint8_t value, uint8_t *fell_out)
{
    const struct shift_register_bus *bus = &chip->pins.bus;
    if (bus->exchange != NULL) {
        return bus->exchange(bus->ctx, value, fell_out);
    }
    *fell_out = exchange_by_pins(chip, value);
    return STATUS_OK;
}

static bool is_wired_back(const struct shift_register *chip)
{
    return chip->pins.bus.exchange != NULL ? chip->pins.bus.is_wired_back
                                           : chip->pins.serial_out.read != NULL;
}

/// Shifts `value` in, and sees `expected` fall out.
static enum status exchange_expecting(const struct shift_register *chip, uint8_t value,
                                      uint8_t expected)
{
    uint8_t fell_out = 0;
    const enum status status = exchange(chip, value, &fell_out);
    return status == STATUS_OK && fell_out != expected ? STATUS_IO : status;
}

static enum status shift_in(const struct shift_register *chip, uint8_t value)
{
    const uint8_t inverse = (uint8_t)~value;
    uint8_t before = 0;
    if (!is_wired_back(chip)) {
        return exchange(chip, value, &before);
    }
    // Every bit travels the whole register as 0 and as 1 before the value itself is believed.
    enum status status = exchange(chip, inverse, &before);
    if (status == STATUS_OK) {
        status = exchange_expecting(chip, value, inverse);
    }
    return status == STATUS_OK ? exchange_expecting(chip, value, value) : status;
}

static enum status latch(void *ctx, uint8_t outputs)
{
    const struct shift_register *chip = ctx;
    const enum status status = shift_in(chip, outputs);
    if (status == STATUS_OK) {
        drive(&chip->pins.latch, true);
        drive(&chip->pins.latch, false);
    }
    return status;
}

static void enable(void *ctx, bool on)
{
    const struct shift_register *chip = ctx;
    drive(&chip->pins.output_enable, !on);
}

void shift_register_init(struct shift_register *chip, const struct shift_register_pins *pins)
{
    *chip = (struct shift_register){ .pins = *pins };
    drive(&chip->pins.output_enable, true);
    if (chip->pins.bus.exchange == NULL) {
        drive(&chip->pins.clock, false);
    }
    drive(&chip->pins.latch, false);
}

struct relay_bank_port shift_register_port(struct shift_register *chip)
{
    return (struct relay_bank_port){ .latch = latch, .enable = enable, .ctx = chip };
}

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
static uint8_t exchange(const struct shift_register *chip, uint8_t value)
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

static enum status shift_in(const struct shift_register *chip, uint8_t value)
{
    if (chip->pins.serial_out.read == NULL) {
        (void)exchange(chip, value);
        return STATUS_OK;
    }
    // Every bit travels the whole register as 0 and as 1 before the value itself is believed.
    const uint8_t inverse = (uint8_t)~value;
    (void)exchange(chip, inverse);
    const bool inverse_came = exchange(chip, value) == inverse;
    const bool value_came = exchange(chip, value) == value;
    return inverse_came && value_came ? STATUS_OK : STATUS_IO;
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
    drive(&chip->pins.clock, false);
    drive(&chip->pins.latch, false);
}

struct relay_bank_port shift_register_port(struct shift_register *chip)
{
    return (struct relay_bank_port){ .latch = latch, .enable = enable, .ctx = chip };
}

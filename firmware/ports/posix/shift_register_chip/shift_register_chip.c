// SPDX-License-Identifier: MIT
#include "shift_register_chip.h"

enum { LAST_STAGE = 7 };

void shift_register_chip_power_up(struct shift_register_chip *chip, uint8_t stages, uint8_t latches)
{
    *chip = (struct shift_register_chip){ .stages = stages,
                                          .latches = latches,
                                          .output_disable = true };
}

void shift_register_chip_set_data(struct shift_register_chip *chip, bool high)
{
    chip->data = high;
}

void shift_register_chip_set_clock(struct shift_register_chip *chip, bool high)
{
    if (high && !chip->clock) {
        chip->stages = (uint8_t)(chip->stages << 1 | (chip->data ? 1 : 0));
    }
    chip->clock = high;
}

void shift_register_chip_set_latch(struct shift_register_chip *chip, bool high)
{
    if (high && !chip->latch) {
        chip->latches = chip->stages;
    }
    chip->latch = high;
}

void shift_register_chip_set_output_enable(struct shift_register_chip *chip, bool high)
{
    chip->output_disable = high;
}

uint8_t shift_register_chip_outputs(const struct shift_register_chip *chip)
{
    return chip->output_disable ? 0 : chip->latches;
}

bool shift_register_chip_serial_out(const struct shift_register_chip *chip)
{
    return (chip->stages >> LAST_STAGE & 1) != 0;
}

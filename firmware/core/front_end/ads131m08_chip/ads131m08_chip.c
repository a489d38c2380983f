// SPDX-License-Identifier: MIT
#include "ads131m08_chip.h"

#include <string.h>

enum {
    ID = 0x2800,
    MODE_AFTER_RESET = 0x0510,
    CLOCK_AFTER_RESET = 0xff0e,
    MODE_RESET = 1u << 10,
    MODE_REG_CRC_EN = 1u << 13,
    ADDRESS_SHIFT = 7,
    ADDRESS_MASK = 0x3f,
    COUNT_MASK = 0x7f,
    OPCODE_MASK = 0xe000,
};

void ads131m08_chip_init(struct ads131m08_chip *chip, uint32_t clock_hz)
{
    *chip = (struct ads131m08_chip){ .clock_hz = clock_hz };
    ads131m08_chip_reset(chip);
}

void ads131m08_chip_reset(struct ads131m08_chip *chip)
{
    memset(chip->reg, 0, sizeof chip->reg);
    chip->reg[ADS131M08_ID] = ID;
    chip->reg[ADS131M08_MODE] = MODE_AFTER_RESET;
    chip->reg[ADS131M08_CLOCK] = CLOCK_AFTER_RESET;
    chip->answer = ADS131M08_IS_RESET;
    chip->has_answer = true;
    chip->is_locked = false;
    chip->map_changed = false;
    chip->kept_count = 0;
}

static uint16_t status_of(const struct ads131m08_chip *chip)
{
    unsigned status = chip->reg[ADS131M08_MODE] & (ADS131M08_STATUS_WLENGTH | MODE_RESET);
    status |= chip->is_locked ? ADS131M08_STATUS_LOCK : 0u;
    status |= chip->resynced ? ADS131M08_STATUS_RESYNC : 0u;
    status |= chip->map_changed ? ADS131M08_STATUS_REG_MAP : 0u;
    status |= chip->kept_count > 0 ? ADS131M08_STATUS_DRDY : 0u;
    return (uint16_t)status;
}

static uint16_t word_of(const uint8_t *frame, unsigned word)
{
    const uint8_t *at = frame + (size_t)word * ADS131M08_WORD_SIZE;
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint16_t write_registers(struct ads131m08_chip *chip, unsigned command, const uint8_t *out)
{
    const unsigned first = (command >> ADDRESS_SHIFT) & ADDRESS_MASK;
    const unsigned count = (command & COUNT_MASK) + 1u;
    for (unsigned n = 0; n < count && n < ADS131M08_FRAME_WORDS - 1u; n++) {
        const unsigned address = first + n;
        if (address > ADS131M08_STATUS && address < ADS131M08_REGISTERS) {
            chip->reg[address] = word_of(out, n + 1u);
        }
    }
    return (uint16_t)(ADS131M08_WREG_DONE | (command & 0x1fffu));
}

/// Finds what the chip will say with the next frame; false when that is the status.
static bool obey(struct ads131m08_chip *chip, const uint8_t *out)
{
    const unsigned command = word_of(out, 0);
    if (command == ADS131M08_LOCK || command == ADS131M08_UNLOCK) {
        chip->is_locked = command == ADS131M08_LOCK;
        chip->answer = (uint16_t)command;
        return true;
    }
    if ((command & OPCODE_MASK) == ADS131M08_RREG) {
        const unsigned address = (command >> ADDRESS_SHIFT) & ADDRESS_MASK;
        chip->answer = address == ADS131M08_STATUS ? status_of(chip) : chip->reg[address];
        return true;
    }
    if ((command & OPCODE_MASK) == ADS131M08_WREG && !chip->is_locked) {
        chip->answer = write_registers(chip, command, out);
        return true;
    }
    return false;
}

static void put_word(uint8_t *frame, unsigned word, uint32_t value)
{
    uint8_t *at = frame + (size_t)word * ADS131M08_WORD_SIZE;
    at[0] = (uint8_t)(value >> 16);
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)value;
}

void ads131m08_chip_transfer(struct ads131m08_chip *chip, const uint8_t out[ADS131M08_FRAME_SIZE],
                             uint8_t in[ADS131M08_FRAME_SIZE])
{
    if (chip->is_dead) {
        memset(in, 0xff, ADS131M08_FRAME_SIZE);
        return;
    }
    const bool says_status = !chip->has_answer;
    put_word(in, 0, (uint32_t)(says_status ? status_of(chip) : chip->answer) << 8);
    chip->resynced = chip->resynced && !says_status;
    for (unsigned n = 0; n < ADS131M08_CHANNELS; n++) {
        put_word(in, n + 1u, (chip->kept[0] * 8u + n) & 0x7fffffu);
    }
    if (chip->kept_count > 0) {
        chip->kept_count--;
        chip->kept[0] = chip->kept[chip->kept_count > 0 ? 1 : 0];
    }
    put_word(in, 9, (uint32_t)ads131m08_crc(in, 27) << 8);
    for (uint32_t bit = 0; bit < chip->bits_to_turn; bit++) {
        in[bit * 5u % 27u] ^= (uint8_t)(1u << (bit % 8u));
    }
    chip->bits_to_turn = 0;
    chip->has_answer = obey(chip, out);
}

static void convert(struct ads131m08_chip *chip)
{
    const unsigned osr = (chip->reg[ADS131M08_CLOCK] >> 2) & 7u;
    const uint64_t clocks = osr == 7 ? 2u * 16256u : 256u << osr;
    chip->now_ns += clocks * UINT64_C(1000000000) / chip->clock_hz;
    if (chip->is_dead) {
        return;
    }
    if (chip->kept_count == 2) {
        chip->kept[0] = chip->kept[1];
        chip->kept_count = 1;
    }
    chip->kept[chip->kept_count++] = chip->conversions;
    chip->conversions++;
    chip->edges++;
}

void ads131m08_chip_run(struct ads131m08_chip *chip, uint32_t conversions)
{
    static const uint8_t null[ADS131M08_FRAME_SIZE];
    for (uint32_t n = 0; n < conversions; n++) {
        const uint32_t before = chip->edges;
        convert(chip);
        if (chip->edges == before || !chip->streams) {
            continue;
        }
        if (chip->reads_to_miss > 0) {
            chip->reads_to_miss--;
        } else if (chip->put - chip->taken < ADS131M08_CHIP_QUEUE) {
            struct ads131m08_chip_read *read = &chip->queue[chip->put++ % ADS131M08_CHIP_QUEUE];
            read->edge = chip->edges;
            read->edge_us = chip->now_ns / 1000u;
            ads131m08_chip_transfer(chip, null, read->bytes);
        }
    }
}

void ads131m08_chip_upset(struct ads131m08_chip *chip, unsigned address, uint16_t value)
{
    chip->reg[address % ADS131M08_REGISTERS] = value;
    chip->map_changed = (chip->reg[ADS131M08_MODE] & MODE_REG_CRC_EN) != 0;
}

// SPDX-License-Identifier: MIT
#include "atecc_chip.h"

#include <stdlib.h>
#include <string.h>

enum { ADDRESS = 0x35, WATCHDOG_US = 1300000, WAKE_US = 1500 };
enum { DONE = 0x00, PARSE_ERROR = 0x03, EXECUTION_ERROR = 0x0F, AWAKE = 0x11, CRC_ERROR = 0xFF };

/// The CRC bit by bit as a shift register, on its own and not the driver's.
static void append_crc(const uint8_t *bytes, size_t size, uint8_t *crc)
{
    bool cells[16] = { false };
    for (size_t i = 0; i < size * 8; i++) {
        const bool out = cells[15] != ((bytes[i / 8] >> (i % 8) & 1) != 0);
        memmove(cells + 1, cells, 15 * sizeof cells[0]);
        cells[0] = out;
        cells[2] ^= out;
        cells[15] ^= out;
    }
    crc[0] = crc[1] = 0;
    for (unsigned i = 0; i < 16; i++) {
        crc[i / 8] = (uint8_t)(crc[i / 8] | cells[i] << (i % 8));
    }
}

static void answer(struct atecc_chip *chip, const uint8_t *data, size_t size)
{
    chip->response[0] = (uint8_t)(size + 3);
    memcpy(chip->response + 1, data, size);
    append_crc(chip->response, size + 1, chip->response + 1 + size);
    chip->response_size = size + 3;
}

static void answer_status(struct atecc_chip *chip, uint8_t status)
{
    answer(chip, &status, 1);
}

static void doze(struct atecc_chip *chip)
{
    chip->is_awake = false;
    chip->has_digest = false;
    chip->response_size = 0;
    memset(chip->digest, 0, sizeof chip->digest);
}

static void genkey(struct atecc_chip *chip, uint8_t mode, unsigned slot)
{
    const unsigned rights = chip->config[21 + 2 * slot]; // The high byte of SlotConfig.
    if (mode == 0x04 && (rights & 0x20) != 0) {
        chip->has_key[slot] = openssl_p256_generate(&chip->keys[slot]) == STATUS_OK;
        chip->keys_made++;
    } else if (mode != 0) {
        answer_status(chip, EXECUTION_ERROR);
        return;
    }
    if (chip->has_key[slot]) {
        answer(chip, chip->keys[slot].public_key + 1, 64);
    } else {
        answer_status(chip, EXECUTION_ERROR);
    }
}

static void sign(struct atecc_chip *chip, uint8_t mode, unsigned slot)
{
    uint8_t signature[64];
    const bool may = (chip->config[20 + 2 * slot] & 1) != 0;
    if (mode != 0xA0 || !may || !chip->has_digest || !chip->has_key[slot] ||
        openssl_p256_sign(&chip->keys[slot], chip->digest, signature) != STATUS_OK) {
        answer_status(chip, EXECUTION_ERROR);
        return;
    }
    chip->has_digest = false;
    answer(chip, signature, sizeof signature);
}

static uint32_t execute(struct atecc_chip *chip, const uint8_t *packet)
{
    const unsigned param2 = packet[3] | (unsigned)packet[4] << 8;
    const size_t data_size = packet[0] - 7U;
    static const uint8_t number[32] = { 0x5A };

    switch (packet[1]) {
    case 0x02: // Read, 32 bytes of configuration.
        if (packet[2] != 0x80 || param2 % 8 != 0 || param2 / 8 >= 4) {
            break;
        }
        answer(chip, chip->config + param2 / 8 * 32, 32);
        return 1000;
    case 0x16: // Nonce, to the digest buffer.
        if (packet[2] != 0x43 || data_size != 32) {
            break;
        }
        memcpy(chip->digest, packet + 5, 32);
        chip->has_digest = true;
        answer_status(chip, DONE);
        return 10000;
    case 0x1B:
        answer(chip, number, sizeof number);
        return 15000;
    case 0x30:
        answer(chip, chip->revision, 4);
        return 1000;
    case 0x40:
    case 0x41:
        if (param2 >= ATECC_CHIP_SLOTS) {
            break;
        }
        (packet[1] == 0x40 ? genkey : sign)(chip, packet[2], param2);
        return 80000;
    default:
        break;
    }
    answer_status(chip, PARSE_ERROR);
    return 1000;
}

/// Counts a transfer, and tells whether the chip can hear it.
static bool hears(struct atecc_chip *chip)
{
    const uint32_t watchdog =
        chip->faults.dozes_after_us != 0 ? chip->faults.dozes_after_us : (uint32_t)WATCHDOG_US;
    chip->transfers++;
    if (chip->faults.cut_transfer != 0 && chip->transfers >= chip->faults.cut_transfer) {
        doze(chip);
        return false;
    }
    if (chip->is_awake && chip->now_us - chip->awake_since_us > watchdog) {
        doze(chip);
    }
    return chip->transfers != chip->faults.failing_transfer;
}

static enum status bus_write(void *ctx, uint8_t address, const uint8_t *bytes, size_t size)
{
    struct atecc_chip *chip = ctx;
    uint8_t crc[2];

    if (!hears(chip)) {
        return STATUS_IO;
    }
    if (address == 0 && size != 0) {
        if (!chip->is_awake) {
            chip->is_awake = true;
            chip->awake_since_us = chip->now_us;
            chip->busy_until_us = chip->now_us + WAKE_US;
            answer_status(chip, AWAKE);
        }
        return STATUS_IO; // Nobody has that address.
    }
    if (address != ADDRESS || !chip->is_awake || chip->now_us < chip->busy_until_us) {
        return STATUS_IO;
    }
    if (bytes[0] == 0x01) {
        doze(chip);
        return STATUS_OK;
    }
    if (bytes[0] != 0x03 || size < 8 || bytes[1] + 1U != size) {
        answer_status(chip, CRC_ERROR);
        return STATUS_OK;
    }
    append_crc(bytes + 1, size - 3, crc);
    if (memcmp(crc, bytes + size - 2, 2) != 0) {
        answer_status(chip, CRC_ERROR);
        return STATUS_OK;
    }
    chip->busy_until_us = chip->now_us + execute(chip, bytes + 1) + chip->faults.slow_us;
    return STATUS_OK;
}

static enum status bus_read(void *ctx, uint8_t address, uint8_t *bytes, size_t size)
{
    struct atecc_chip *chip = ctx;

    if (!hears(chip) || address != ADDRESS || !chip->is_awake ||
        chip->now_us < chip->busy_until_us || chip->response_size == 0) {
        return STATUS_IO;
    }
    memset(bytes, 0xFF, size);
    memcpy(bytes, chip->response, size < chip->response_size ? size : chip->response_size);
    chip->reads++;
    const unsigned flipped = chip->faults.flipped_read;
    if (flipped != 0 && chip->faults.flipped_byte < size &&
        (chip->reads == flipped || (chip->faults.flips_for_ever && chip->reads > flipped))) {
        bytes[chip->faults.flipped_byte] ^= 0x10;
    }
    return STATUS_OK;
}

static void bus_delay_us(void *ctx, uint32_t us)
{
    struct atecc_chip *chip = ctx;
    chip->now_us += us;
}

void atecc_chip_init(struct atecc_chip *chip)
{
    // Slots 0 and 1 are fixed, 1 signs internal messages only, 2 to 4 can be made anew.
    static const uint8_t slots[] = { 0x85, 0x00, 0x82, 0x00, 0x85, 0x20, 0x85, 0x20, 0x85, 0x20 };
    static const uint8_t keys[] = { 0x53, 0x00, 0x53, 0x00, 0x73, 0x00, 0x73, 0x00, 0x73, 0x00 };

    memset(chip, 0, sizeof *chip);
    memcpy(chip->config + 20, slots, sizeof slots);
    memcpy(chip->config + 96, keys, sizeof keys);
    chip->config[88] = chip->config[89] = 0xFF; // No slot is locked by itself.
    memcpy(chip->revision, (const uint8_t[]){ 0, 0, 0x60, 0x02 }, 4);
    for (unsigned i = 0; i < 5; i++) {
        chip->has_key[i] = openssl_p256_generate(&chip->keys[i]) == STATUS_OK;
        if (!chip->has_key[i]) {
            abort();
        }
    }
}

void atecc_chip_restart(struct atecc_chip *chip)
{
    doze(chip);
    memset(&chip->faults, 0, sizeof chip->faults);
    chip->transfers = 0;
    chip->reads = 0;
}

struct i2c atecc_chip_bus(struct atecc_chip *chip)
{
    return (
        struct i2c){ .write = bus_write, .read = bus_read, .delay_us = bus_delay_us, .ctx = chip };
}

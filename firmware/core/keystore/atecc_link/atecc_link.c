// SPDX-License-Identifier: MIT
#include "atecc_link.h"

#include <stdbool.h>
#include <string.h>

/// What the first byte of a write means (DS40002112 section 7.2.1).
enum word_address { WORD_SLEEP = 0x01, WORD_COMMAND = 0x03 };

/// DS40002112 section 4.3.
enum chip_status {
    CHIP_DONE = 0x00,
    CHIP_PARSE_ERROR = 0x03,
    CHIP_EXECUTION_ERROR = 0x0F,
    CHIP_AWAKE = 0x11,
};

enum {
    HEAD_SIZE = 6,      // Word address, count, opcode, parameters.
    COUNT_OVERHEAD = 7, // What a command's count counts beside its data.
    CRC_SIZE = 2,
    STATUS_PACKET_SIZE = 4,
    WAKE_DELAY_US = 1500, // tWHI (section 8.3), before the first transfer. A TNGTLS part does not
                          // test itself when it wakes, which would take 20 ms (tWHIST).
    POLL_US = 2000,
    GRACE_MS = 50, // Beyond the longest execution time, for a slow oscillator.
};

uint16_t atecc_link_crc(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            const uint32_t differs = (crc >> 15 ^ (uint32_t)bytes[i] >> bit) & 1U;
            crc = (crc << 1 & 0xFFFFU) ^ (differs != 0 ? 0x8005U : 0U);
        }
    }
    return (uint16_t)crc;
}

static bool is_whole(const uint8_t *bytes, size_t size)
{
    const uint16_t crc = atecc_link_crc(bytes, size - CRC_SIZE);
    return bytes[size - 2] == (uint8_t)crc && bytes[size - 1] == (uint8_t)(crc >> 8);
}

enum atecc_answer atecc_link_judge(const uint8_t *bytes, size_t size, uint8_t *response,
                                   size_t response_size)
{
    const size_t expected =
        response_size == 0 ? STATUS_PACKET_SIZE : response_size + ATECC_LINK_FRAME_SIZE;
    if (size < STATUS_PACKET_SIZE || bytes[0] > size ||
        (bytes[0] != STATUS_PACKET_SIZE && bytes[0] != expected) || !is_whole(bytes, bytes[0])) {
        return ATECC_ANSWER_AGAIN;
    }
    if (response_size != 0 && bytes[0] == expected) {
        memcpy(response, bytes + 1, response_size);
        return ATECC_ANSWER_DATA;
    }
    switch (bytes[1]) {
    case CHIP_DONE:
        return response_size == 0 ? ATECC_ANSWER_DATA : ATECC_ANSWER_AGAIN;
    case CHIP_PARSE_ERROR:
        return ATECC_ANSWER_UNKNOWN;
    case CHIP_EXECUTION_ERROR:
        return ATECC_ANSWER_REFUSED;
    default: // ECC fault 0x05, tests of itself 0x07 and 0x08, just awake 0x11, too little time
             // before the watchdog bites 0xEE, CRC 0xFF.
        return ATECC_ANSWER_AGAIN;
    }
}

static void sleep(const struct atecc_link *link)
{
    const uint8_t word = WORD_SLEEP;
    // A chip that does not hear this sleeps when its watchdog says so.
    (void)!link->i2c->write(link->i2c->ctx, link->address, &word, 1);
}

/// Holds SDA low with address 0, which nobody acknowledges (DS40002112 section 7.1.1), and looks
/// for the chip's greeting. Where somebody does acknowledge that general call, a second byte of 0
/// would be illegal; 1 asks for nothing (NXP UM10204 section 3.1.13), and is what cryptoauthlib
/// sends.
static bool wake(const struct atecc_link *link)
{
    const struct i2c *i2c = link->i2c;
    const uint8_t nothing = 1;
    uint8_t bytes[STATUS_PACKET_SIZE];

    (void)!i2c->write(i2c->ctx, 0, &nothing, 1);
    i2c->delay_us(i2c->ctx, WAKE_DELAY_US);
    return i2c->read(i2c->ctx, link->address, bytes, sizeof bytes) == STATUS_OK &&
           bytes[0] == sizeof bytes && bytes[1] == CHIP_AWAKE && is_whole(bytes, sizeof bytes);
}

static enum status send(const struct atecc_link *link, const struct atecc_command *command)
{
    uint8_t packet[HEAD_SIZE + ATECC_LINK_DATA_LIMIT + CRC_SIZE] = {
        WORD_COMMAND,
        (uint8_t)(COUNT_OVERHEAD + command->data_size),
        command->opcode,
        command->param1,
        (uint8_t)command->param2,
        (uint8_t)(command->param2 >> 8),
    };
    const size_t size = HEAD_SIZE + command->data_size;

    if (command->data_size != 0) {
        memcpy(packet + HEAD_SIZE, command->data, command->data_size);
    }
    const uint16_t crc = atecc_link_crc(packet + 1, size - 1);
    packet[size] = (uint8_t)crc;
    packet[size + 1] = (uint8_t)(crc >> 8);
    return link->i2c->write(link->i2c->ctx, link->address, packet, size + CRC_SIZE);
}

/// Sends a command and asks for its answer until the chip, which is deaf while it works, gives it.
static enum atecc_answer run_one(const struct atecc_link *link, const struct atecc_command *command)
{
    const struct i2c *i2c = link->i2c;
    uint8_t bytes[ATECC_LINK_RESPONSE_LIMIT + ATECC_LINK_FRAME_SIZE] = { 0 };
    const size_t size = command->response_size == 0
                            ? STATUS_PACKET_SIZE
                            : command->response_size + ATECC_LINK_FRAME_SIZE;

    if (send(link, command) != STATUS_OK) {
        return ATECC_ANSWER_AGAIN;
    }
    const uint32_t limit_us = (command->execution_ms + (uint32_t)GRACE_MS) * 1000U;
    for (uint32_t waited_us = 0; waited_us < limit_us; waited_us += POLL_US) {
        i2c->delay_us(i2c->ctx, POLL_US);
        if (i2c->read(i2c->ctx, link->address, bytes, size) == STATUS_OK) {
            return atecc_link_judge(bytes, size, command->response, command->response_size);
        }
    }
    return ATECC_ANSWER_AGAIN;
}

static enum status try_all(const struct atecc_link *link, const struct atecc_command *commands,
                           size_t count)
{
    enum atecc_answer answer = wake(link) ? ATECC_ANSWER_DATA : ATECC_ANSWER_AGAIN;
    for (size_t i = 0; answer == ATECC_ANSWER_DATA && i < count; i++) {
        answer = run_one(link, &commands[i]);
    }
    sleep(link);
    switch (answer) {
    case ATECC_ANSWER_DATA:
        return STATUS_OK;
    case ATECC_ANSWER_AGAIN:
        return STATUS_IO;
    case ATECC_ANSWER_REFUSED:
        return STATUS_CORRUPT;
    case ATECC_ANSWER_UNKNOWN:
        break;
    }
    return STATUS_INVALID;
}

enum status atecc_link_run(const struct atecc_link *link, const struct atecc_command *commands,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (commands[i].data_size > ATECC_LINK_DATA_LIMIT ||
            commands[i].response_size > ATECC_LINK_RESPONSE_LIMIT) {
            return STATUS_INVALID;
        }
    }
    enum status status = STATUS_IO;
    for (unsigned i = 0; i < ATECC_LINK_TRIES; i++) {
        status = try_all(link, commands, count);
        if (status == STATUS_OK || status == STATUS_INVALID) {
            break;
        }
    }
    return status;
}

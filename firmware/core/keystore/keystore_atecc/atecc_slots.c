// SPDX-License-Identifier: MIT
#include "atecc_slots.h"

#include <stdbool.h>

#include "bytes.h"

/// Opcodes and modes (DS40002112 section 5; cryptoauthlib, lib/calib/calib_command.h).
enum {
    OPCODE_READ = 0x02,
    OPCODE_NONCE = 0x16,
    OPCODE_RANDOM = 0x1B,
    OPCODE_INFO = 0x30,
    OPCODE_GENKEY = 0x40,
    OPCODE_SIGN = 0x41,
    READ_CONFIG_32 = 0x80,
    NONCE_TO_DIGEST_BUFFER = 0x43, // Pass-through, 32 bytes.
    GENKEY_PRIVATE = 0x04,
    SIGN_DIGEST_BUFFER = 0xA0, // An external message.
};

/// The longest execution times in ms with the clock undivided, as Microchip's cryptoauthlib has
/// them (lib/calib/calib_execution.c, ATECC608-M0). With what atecc_link.c adds, a run of ours
/// takes 0.31 s at most, less than the watchdog's least time.
enum {
    READ_MS = 5,
    NONCE_MS = 20,
    RANDOM_MS = 23,
    INFO_MS = 5,
    GENKEY_MS = 115,
    SIGN_MS = 115,
};

/// The configuration zone (DS20005927A, "Configuration Zone", of which DS40002112 section 2.1 has
/// the values of a TNGTLS part).
enum {
    CONFIG_SIZE = 128,
    BLOCK_SIZE = 32,
    BLOCK_COUNT = CONFIG_SIZE / BLOCK_SIZE,
    CHIP_MODE_AT = 19,
    CHIP_MODE_DIVIDER = 0xF8,
    SLOT_CONFIG_AT = 20,
    LOCK_VALUE_AT = 86,
    LOCK_CONFIG_AT = 87,
    SLOT_LOCKED_AT = 88,
    KEY_CONFIG_AT = 96,
    LOCKED = 0x00,
};

/// Bits of SlotConfig and KeyConfig.
enum {
    SLOT_SIGNS_EXTERNAL = 1 << 0,
    SLOT_IS_SECRET = 1 << 7,
    SLOT_GENKEY = 1 << 13,
    KEY_PRIVATE = 1 << 0,
    KEY_PUBLIC_INFO = 1 << 1,
    KEY_TYPE = 7 << 2,
    KEY_P256 = 4 << 2,
    KEY_REQUIRES_AUTHORISATION = 1 << 7,
};

enum { INFO_SIZE = 4, DEVICE_608 = 0x60, RANDOM_SIZE = 32, DIGEST_SIZE = 32 };

static bool holds_signing_key(const uint8_t *config, unsigned slot)
{
    const unsigned slot_config = bytes_load_le16(config + SLOT_CONFIG_AT + 2U * slot);
    const unsigned key_config = bytes_load_le16(config + KEY_CONFIG_AT + 2U * slot);
    const unsigned wanted = SLOT_SIGNS_EXTERNAL | SLOT_IS_SECRET;
    return (slot_config & wanted) == wanted && (key_config & KEY_PRIVATE) != 0 &&
           (key_config & KEY_PUBLIC_INFO) != 0 && (key_config & KEY_TYPE) == KEY_P256 &&
           (key_config & KEY_REQUIRES_AUTHORISATION) == 0;
}

static bool can_be_made(const uint8_t *config, unsigned slot)
{
    const unsigned open_slots = bytes_load_le16(config + SLOT_LOCKED_AT);
    return (bytes_load_le16(config + SLOT_CONFIG_AT + 2U * slot) & SLOT_GENKEY) != 0 &&
           (open_slots >> slot & 1U) != 0;
}

enum status atecc_slots_check(const struct atecc_link *link, unsigned fixed, unsigned first,
                              unsigned last)
{
    uint8_t info[INFO_SIZE];
    uint8_t config[CONFIG_SIZE];
    struct atecc_command commands[1 + BLOCK_COUNT] = { {
        .opcode = OPCODE_INFO,
        .execution_ms = INFO_MS,
        .response = info,
        .response_size = sizeof info,
    } };

    for (unsigned i = 0; i < BLOCK_COUNT; i++) {
        commands[1 + i] = (struct atecc_command){ .opcode = OPCODE_READ,
                                                  .param1 = READ_CONFIG_32,
                                                  .param2 = (uint16_t)(i << 3),
                                                  .execution_ms = READ_MS,
                                                  .response = config + (size_t)BLOCK_SIZE * i,
                                                  .response_size = BLOCK_SIZE };
    }
    const enum status status = atecc_link_run(link, commands, 1 + BLOCK_COUNT);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_fit = info[2] == DEVICE_608 && config[LOCK_VALUE_AT] == LOCKED &&
                  config[LOCK_CONFIG_AT] == LOCKED &&
                  (config[CHIP_MODE_AT] & CHIP_MODE_DIVIDER) == 0 &&
                  holds_signing_key(config, fixed);
    for (unsigned slot = first; slot <= last; slot++) {
        is_fit = is_fit && holds_signing_key(config, slot) && can_be_made(config, slot);
    }
    return is_fit ? STATUS_OK : STATUS_INVALID;
}

static struct atecc_command genkey(unsigned slot, uint8_t mode, uint8_t *point)
{
    return (struct atecc_command){ .opcode = OPCODE_GENKEY,
                                   .param1 = mode,
                                   .param2 = (uint16_t)slot,
                                   .execution_ms = GENKEY_MS,
                                   .response = point,
                                   .response_size = ATECC_SLOTS_POINT_SIZE };
}

enum status atecc_slots_make(const struct atecc_link *link, unsigned slot,
                             uint8_t point[ATECC_SLOTS_POINT_SIZE])
{
    const struct atecc_command make = genkey(slot, GENKEY_PRIVATE, point);
    const enum status status = atecc_link_run(link, &make, 1);
    return status == STATUS_OK ? atecc_slots_public(link, slot, point) : status;
}

enum status atecc_slots_public(const struct atecc_link *link, unsigned slot,
                               uint8_t point[ATECC_SLOTS_POINT_SIZE])
{
    const struct atecc_command look = genkey(slot, 0, point);
    return atecc_link_run(link, &look, 1);
}

enum status atecc_slots_sign(const struct atecc_link *link, unsigned slot, const uint8_t *digest,
                             uint8_t *signature)
{
    uint8_t unused[RANDOM_SIZE];
    // The random number renews the seed of the signature's own.
    const struct atecc_command commands[] = {
        { .opcode = OPCODE_RANDOM,
          .execution_ms = RANDOM_MS,
          .response = unused,
          .response_size = sizeof unused },
        { .opcode = OPCODE_NONCE,
          .param1 = NONCE_TO_DIGEST_BUFFER,
          .data = digest,
          .data_size = DIGEST_SIZE,
          .execution_ms = NONCE_MS },
        { .opcode = OPCODE_SIGN,
          .param1 = SIGN_DIGEST_BUFFER,
          .param2 = (uint16_t)slot,
          .execution_ms = SIGN_MS,
          .response = signature,
          .response_size = 2 * DIGEST_SIZE },
    };
    return atecc_link_run(link, commands, sizeof commands / sizeof commands[0]);
}

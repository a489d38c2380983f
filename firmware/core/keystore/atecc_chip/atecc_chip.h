// SPDX-License-Identifier: MIT
#pragma once

/// A simulated ATECC608A for tests, on a simulated bus whose time passes by delay_us() alone.
///
/// It does what the data sheet (DS40002112) says of sleep, wake, the watchdog, commands and their
/// CRCs, and the digest buffer. Its keys are real ones; faults come on demand.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2c.h"
#include "openssl_p256.h"

enum { ATECC_CHIP_SLOTS = 16, ATECC_CHIP_CONFIG_SIZE = 128, ATECC_CHIP_RESPONSE_SIZE = 67 };

/// Faults; 0 means never. Transfers and reads are counted from 1.
struct atecc_chip_faults {
    unsigned failing_transfer; ///< This one is not acknowledged and does nothing.
    unsigned cut_transfer;     ///< From this one on the chip has no power.
    unsigned flipped_read;     ///< A bit of the byte `flipped_byte` arrives wrong, ...
    bool flips_for_ever;       ///< ... and so in every answer to come.
    size_t flipped_byte;
    uint32_t slow_us;        ///< Each command takes so much longer.
    uint32_t dozes_after_us; ///< The watchdog's time in place of 1.3 s.
};

struct atecc_chip {
    struct openssl_p256_key keys[ATECC_CHIP_SLOTS];
    bool has_key[ATECC_CHIP_SLOTS];
    uint8_t config[ATECC_CHIP_CONFIG_SIZE];
    uint8_t revision[4];
    struct atecc_chip_faults faults;
    unsigned transfers;
    unsigned reads; ///< That were answered.
    unsigned keys_made;
    uint64_t now_us;
    uint64_t awake_since_us;
    uint64_t busy_until_us;
    bool is_awake;
    bool has_digest;
    uint8_t digest[32];
    uint8_t response[ATECC_CHIP_RESPONSE_SIZE];
    size_t response_size;
};

/// A part as Microchip ships it: locked, keys in slots 0 to 4, the bus address 0x35.
void atecc_chip_init(struct atecc_chip *chip);

/// Gives the chip its power back, after a cut; what was volatile is gone, and so are the faults.
void atecc_chip_restart(struct atecc_chip *chip);

/// The bus with the chip on it.
struct i2c atecc_chip_bus(struct atecc_chip *chip);

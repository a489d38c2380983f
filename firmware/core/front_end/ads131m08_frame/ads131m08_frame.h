// SPDX-License-Identifier: MIT
#pragma once

/// The bytes between a processor and an ADS131M08, as its data sheet (SBAS950B) describes them.
///
/// A frame is ten words of 24 bits, both ways at once:
///
///     to the chip     command | data of WREG, or zeros           | zeros
///     from the chip   answer  | eight codes, two's complement    | CRC-16 of all before
///
/// The answer to a command comes with the next frame; to NULL it is the status register. Commands,
/// registers and the CRC fill the upper 16 bits of their words.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    ADS131M08_CHANNELS = 8,
    ADS131M08_WORD_SIZE = 3,
    ADS131M08_FRAME_WORDS = ADS131M08_CHANNELS + 2,
    ADS131M08_FRAME_SIZE = ADS131M08_FRAME_WORDS * ADS131M08_WORD_SIZE,
    ADS131M08_CODE_MIN = -8388608,
    ADS131M08_CODE_MAX = 8388607,
};

enum ads131m08_command {
    ADS131M08_NULL = 0x0000,
    ADS131M08_RESET = 0x0011,
    ADS131M08_LOCK = 0x0555,
    ADS131M08_UNLOCK = 0x0655,
    ADS131M08_RREG = 0xa000, ///< Plus address << 7, plus registers - 1.
    ADS131M08_WREG = 0x6000, ///< Plus address << 7, plus registers - 1.
};

enum ads131m08_answer {
    ADS131M08_IS_RESET = 0xff28,
    ADS131M08_WREG_DONE = 0x4000, ///< Plus address << 7, plus registers - 1.
};

enum ads131m08_register {
    ADS131M08_ID = 0x00, ///< 0x28 in the upper byte.
    ADS131M08_STATUS = 0x01,
    ADS131M08_MODE = 0x02,
    ADS131M08_CLOCK = 0x03,
    ADS131M08_GAIN1 = 0x04,
    ADS131M08_GAIN2 = 0x05,
    ADS131M08_REGISTERS = 0x40,
};

/// Bits of the status register.
enum ads131m08_status {
    ADS131M08_STATUS_LOCK = 1u << 15,
    ADS131M08_STATUS_RESYNC = 1u << 14,  ///< Conversions were synchronised anew.
    ADS131M08_STATUS_REG_MAP = 1u << 13, ///< A register has changed by itself.
    ADS131M08_STATUS_CRC_ERR = 1u << 12, ///< The chip has refused a command.
    ADS131M08_STATUS_RESET = 1u << 10,
    ADS131M08_STATUS_WLENGTH = 3u << 8,
    ADS131M08_STATUS_WLENGTH_24 = 1u << 8,
    ADS131M08_STATUS_DRDY = 0xff, ///< One bit a channel: a code that was not read yet.
};

struct ads131m08_frame {
    uint16_t answer;
    int32_t code[ADS131M08_CHANNELS];
};

/// Writes a frame for the chip: a command, and `count` words of data after it, at most nine.
void ads131m08_frame_encode(uint16_t command, const uint16_t *data, size_t count,
                            uint8_t out[ADS131M08_FRAME_SIZE]);

/// Reads a frame from the chip.
///
/// @return STATUS_CORRUPT  the CRC does not fit; `*frame` is undefined.
MUST_CHECK enum status ads131m08_frame_decode(const uint8_t in[ADS131M08_FRAME_SIZE],
                                              struct ads131m08_frame *frame);

/// CRC-16/CCITT, polynomial 0x1021, beginning with 0xffff.
uint16_t ads131m08_crc(const uint8_t *data, size_t size);

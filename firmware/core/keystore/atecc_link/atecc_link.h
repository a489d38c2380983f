// SPDX-License-Identifier: MIT
#pragma once

/// Commands to an ATECC508A or ATECC608A over I2C, and their answers.
///
/// Sources: the data sheet of the ATECC608A-TNGTLS (DS40002112), sections 4.1 to 4.3, 7.1 to 7.5
/// and 8.3, of which the ATECC508A's complete one (DS20005927A) has the like; and Microchip's
/// cryptoauthlib.
///
/// A chip that is awake falls asleep after its watchdog's time, 0.7 s at the earliest, 1.3 s as a
/// rule (tWATCHDOG, section 8.3), and forgets what it was told. So commands that need each other go
/// as one run: wake, command after command, sleep. A run that fails on the way is done again from
/// the start, never from its middle.

#include <stddef.h>
#include <stdint.h>

#include "i2c.h"
#include "status.h"

enum {
    ATECC_LINK_ADDRESS = 0x35,      ///< Of a TNGTLS part: 0x6A with the direction bit.
    ATECC_LINK_DATA_LIMIT = 64,     ///< Bytes of a command, beside its parameters.
    ATECC_LINK_RESPONSE_LIMIT = 64, ///< Bytes of an answer.
    ATECC_LINK_FRAME_SIZE = 3,      ///< Count before, CRC-16 behind an answer.
    ATECC_LINK_TRIES = 3            ///< Of a run.
};

/// The chip's answer, judged.
enum atecc_answer {
    ATECC_ANSWER_DATA,    ///< As many bytes as were expected, or the status "done".
    ATECC_ANSWER_AGAIN,   ///< The chip lost something, or the bus did: worth another try.
    ATECC_ANSWER_REFUSED, ///< Not in the state the chip is in, or not with this slot.
    ATECC_ANSWER_UNKNOWN, ///< The chip does not know such a command.
};

struct atecc_command {
    uint8_t opcode;
    uint8_t param1;
    uint16_t param2;
    const uint8_t *data; ///< Of `data_size` bytes; NULL when 0.
    size_t data_size;
    uint16_t execution_ms; ///< The longest that the chip may take.
    uint8_t *response;     ///< Of `response_size` bytes; NULL when the answer is a status alone.
    size_t response_size;
};

struct atecc_link {
    const struct i2c *i2c;
    uint8_t address;
};

/// CRC-16 with polynomial 0x8005, start 0, bits of a byte lowest first; sent low byte first.
uint16_t atecc_link_crc(const uint8_t *bytes, size_t size);

/// Judges the `size` bytes of an answer, which should be `response_size` bytes of data, or a
/// status when that is 0. `response` is written for ATECC_ANSWER_DATA alone.
enum atecc_answer atecc_link_judge(const uint8_t *bytes, size_t size, uint8_t *response,
                                   size_t response_size);

/// Wakes the chip, has it do the commands in turn, and sends it to sleep.
///
/// @return STATUS_IO       no chip answers, or none that can be understood, at the last try;
///         STATUS_CORRUPT  the chip refuses a command, at the last try, too;
///         STATUS_INVALID  a command is too long, or the chip does not know it.
MUST_CHECK enum status atecc_link_run(const struct atecc_link *link,
                                      const struct atecc_command *commands, size_t count);

// SPDX-License-Identifier: MIT
#pragma once

/// An ADS131M08 made of variables, and the queue that a port would keep, for tests. It follows the
/// data sheet (SBAS950B) in what a driver can see: answers come one frame late, a locked chip takes
/// no settings, two conversions are kept, a reset shows in the status. It misbehaves on demand.
///
/// Conversion n gives the code (8 n + channel) modulo 2^23, so that a test sees what was lost.

#include <stdbool.h>
#include <stdint.h>

#include "ads131m08_frame.h"

enum { ADS131M08_CHIP_QUEUE = 256 };

struct ads131m08_chip_read {
    uint32_t edge;
    uint64_t edge_us;
    uint8_t bytes[ADS131M08_FRAME_SIZE];
};

struct ads131m08_chip {
    uint32_t clock_hz;
    uint64_t now_ns;
    uint32_t conversions; ///< Since the start, seen or not.
    uint32_t edges;
    uint16_t reg[ADS131M08_REGISTERS];
    uint16_t answer; ///< Comes with the next frame, when
    bool has_answer; ///< there is one; otherwise the status does.
    bool is_locked;
    bool resynced; ///< The status says so with the next frame.
    bool map_changed;
    uint32_t kept[2]; ///< Conversions not read yet, oldest first.
    uint32_t kept_count;
    bool streams;
    struct ads131m08_chip_read queue[ADS131M08_CHIP_QUEUE];
    uint32_t put;
    uint32_t taken;
    bool is_dead;           ///< Converts nothing, and its output is stuck at 1.
    uint32_t reads_to_miss; ///< Edges at which the port will not read.
    uint32_t bits_to_turn;  ///< In the next frame.
};

/// A chip after power-up.
void ads131m08_chip_init(struct ads131m08_chip *chip, uint32_t clock_hz);

/// As the SYNC/RESET pin does, and as a brown-out does.
void ads131m08_chip_reset(struct ads131m08_chip *chip);

/// Exchanges one frame.
void ads131m08_chip_transfer(struct ads131m08_chip *chip, const uint8_t out[ADS131M08_FRAME_SIZE],
                             uint8_t in[ADS131M08_FRAME_SIZE]);

/// Lets the chip convert so many times, and the port read what it does not miss.
void ads131m08_chip_run(struct ads131m08_chip *chip, uint32_t conversions);

/// A register changes by itself.
void ads131m08_chip_upset(struct ads131m08_chip *chip, unsigned address, uint16_t value);

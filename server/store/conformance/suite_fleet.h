// SPDX-License-Identifier: MIT
#pragma once

/// One device of the suite and what it sends: a reading each second of its uptime, with registers
/// that follow from the second, so that every answer of the store can be foretold.

#include "ingest.h"

enum { SUITE_PAYLOAD_SIZE = 16384 };

enum { SUITE_EVENT_INDEX = 10 };

struct suite_batch {
    uint8_t journal; ///< Makes the journal_id.
    uint32_t boot_id;
    uint64_t first_seq;
    uint64_t oldest_seq;
    uint32_t count;
    uint64_t first_second;  ///< Uptime of the first reading.
    uint64_t register_zero; ///< Subtracted from the second, for registers that began again.
    bool with_anchor;       ///< The first record is an anchor.
    int64_t anchor_utc_ms;  ///< UTC at uptime 0.
};

/// Encodes a batch; returns its size.
size_t suite_encode(const struct suite_batch *batch, uint8_t payload[SUITE_PAYLOAD_SIZE]);

/// The same with an event in place of the reading that is record SUITE_EVENT_INDEX.
size_t suite_encode_with_event(const struct suite_batch *batch,
                               uint8_t payload[SUITE_PAYLOAD_SIZE]);

/// Energy of channel 0 per second of uptime.
enum { SUITE_IMPORT_MJ = 2000000, SUITE_EXPORT_MJ = 500000 };

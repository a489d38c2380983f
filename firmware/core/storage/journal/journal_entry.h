// SPDX-License-Identifier: MIT
#pragma once

/// The entries of a sector. Belongs to the journal alone; callers use journal.h.
///
///     0     4      6       7     8         12    16          20
///     +-----+------+-------+-----+---------+-----+-----------+-------------+------------------+
///     | crc | size | flags | 'J' | boot_id | seq | unreleased| record code | 0xFF to the unit |
///     +-----+------+-------+-----+---------+-----+-----------+-------------+------------------+
///
/// `size` is that of the record code; `seq` its lower 32 bits; `unreleased` how many records before
/// this one were not released. The CRC goes on from that of the sector's head, over all that
/// follows.

#include "journal.h"

enum { JOURNAL_ENTRY_HEAD_SIZE = 20 };

struct journal_entry {
    struct record record;
    uint64_t seq;
    uint64_t released_seq; ///< The watermark when it was written, 0 when not known.
    uint32_t boot_id;
    bool is_snapshot; ///< A copy of the newest reading, not a record of its own.
};

/// Lays out in `journal->buffer` what follows in the sector being filled: `record` under the next
/// number, or a snapshot. `*size` is a multiple of FLASH_PROGRAM_SIZE.
///
/// @return STATUS_INVALID  as record_code_encode().
MUST_CHECK enum status journal_entry_build(struct journal *journal, uint32_t boot_id,
                                           const struct record *record, bool is_snapshot,
                                           uint32_t *size);

/// Finds the next sound entry of the cursor's sector, snapshot or record `cursor->seq`, and steps
/// past it. What a power cut left torn is passed over.
///
/// @return STATUS_MISSING  there is none up to the sector's end;  STATUS_IO  as the region.
MUST_CHECK enum status journal_entry_next(struct journal *journal, struct journal_cursor *cursor,
                                          struct journal_entry *entry);

// SPDX-License-Identifier: MIT
#pragma once

/// The head of each sector of a journal. Belongs to the journal alone; callers use journal.h.
///
///     0      4         8            24           32          40          60     64
///     +------+---------+------------+------------+-----------+-----------+------+----------
///     | OHMJ | version | journal_id | generation | first_seq | (zeros)   | crc  | entries...
///     +------+---------+------------+------------+-----------+-----------+------+----------
///
/// Numbers are little endian; the CRC covers all before it. Sector i only ever holds generations
/// that are i modulo the number of sectors, so the newest head tells where all the others must be.

#include "journal.h"

enum { JOURNAL_SECTOR_HEAD_SIZE = 2 * FLASH_PROGRAM_SIZE };

struct journal_sector {
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t generation; ///< Counts the sectors begun since the flash was new.
    uint64_t first_seq;  ///< Number of the first record in it, once there is one.
    uint32_t crc;        ///< Of the head; entries carry it on, so none counts in another sector.
};

uint64_t journal_sector_count(const struct flash_region *region);

/// Where the sector of a generation begins in the region.
uint32_t journal_sector_offset(const struct flash_region *region, uint64_t generation);

/// Reads the head at sector `index`.
///
/// @return STATUS_MISSING  there is no sound head that belongs there;  STATUS_IO  as the region.
MUST_CHECK enum status journal_sector_read(const struct flash_region *region, uint64_t index,
                                           struct journal_sector *sector);

/// Erases a sector and programs the head into it. Neither is durable before the region's sync().
/// Fills in `sector->crc`.
MUST_CHECK enum status journal_sector_begin(const struct flash_region *region,
                                            struct journal_sector *sector);

// SPDX-License-Identifier: MIT
#pragma once

/// The journal: every record from the moment it is measured until the server has it.
///
/// A ring of append-only entries in flash. It promises, whatever the power does:
///   - a record whose append returned STATUS_OK is there after any power cut;
///   - the record whose append was cut short is there whole or not at all;
///   - a sequence number never names two different records that anybody could have seen;
///   - the newest reading survives release, overflow and reboot, for its energy registers;
///   - no unit of flash is programmed twice between two erases.
///
/// When the ring is full, the oldest sector makes room even if it was not released:
/// journal_oldest_seq() then moves on, and a batch that names it tells the server what it will
/// never get.
///
/// Sequence numbers count from 1 across boots. Layout and proof: docs/storage.md. Not thread-safe:
/// one task owns a journal, or a lock around it.

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "entropy.h"
#include "flash_region.h"
#include "record.h"
#include "status.h"

enum {
    JOURNAL_SECTOR_SIZE_MIN = 2560, ///< Smallest sector that a journal can live in.
    JOURNAL_SECTOR_COUNT_MIN = 2,
    JOURNAL_ENTRY_SIZE_LIMIT = 1152, ///< Largest entry; a multiple of FLASH_PROGRAM_SIZE.
};

/// One place in the ring: where to look for record `seq`, and the reading that it is told against.
struct journal_cursor {
    uint64_t generation;
    uint64_t seq;        ///< 0: nowhere.
    uint64_t end_seq;    ///< First record of the next sector; the newest sector has none.
    uint64_t beyond_seq; ///< Behind the last sound entry that had lost the one before it.
    struct reading base;
    uint32_t sector_crc;
    uint32_t position;
    bool has_base;
};

/// Storage for one journal, owned by the caller. Use it only through the functions below.
struct journal {
    const struct flash_region *region;
    const struct entropy *entropy;
    uint8_t id[JOURNAL_ID_SIZE];
    uint64_t generation; ///< Of the sector being filled; sector `generation % count` holds it.
    uint64_t oldest_generation;
    uint64_t sector_first_seq;
    uint64_t oldest_seq; ///< In flash, released or not.
    uint64_t next_seq;
    uint64_t released_seq;
    uint64_t overwritten;
    struct reading latest;
    struct journal_cursor cursor;
    uint32_t sector_crc;
    uint32_t
        position; ///< Of the next entry in its sector; at its end nothing more is written there.
    uint32_t last_boot_id; ///< Of the last entry found at open.
    bool is_resumed;       ///< Nothing was written yet since then.
    bool sector_has_base;
    bool has_latest;
    uint8_t buffer[JOURNAL_ENTRY_SIZE_LIMIT];
};

/// Finds the journal in `region`, or makes a new one where there is none. Both tables must outlive
/// it.
///
/// Reads the whole region once. A journal that is found is synchronised, so that nothing is shown
/// now that a power cut could still take back.
///
/// @return STATUS_INVALID  sectors are too small or too few for a journal;
///         STATUS_IO       flash or random numbers failed; `*journal` must not be used.
MUST_CHECK enum status journal_open(struct journal *journal, const struct flash_region *region,
                                    const struct entropy *entropy);

/// Forgets everything and begins again under a new identity, for a factory reset.
///
/// After a power cut the new journal is there, or still the old one, perhaps without its oldest
/// sector.
///
/// @return STATUS_IO  flash or random numbers failed. Open the journal again before using it.
MUST_CHECK enum status journal_format(struct journal *journal);

/// Stores a record durably and tells its sequence number. Blocks for as long as the flash does.
///
/// `boot_id` counts up with every boot. When it does not, the first append after an open takes a
/// new sector, which costs room but no record.
///
/// @return STATUS_INVALID  the record cannot be carried: see record_code_encode();
///         STATUS_IO       the flash failed. The record may be appended again, or another instead.
MUST_CHECK enum status journal_append(struct journal *journal, uint32_t boot_id,
                                      const struct record *record, uint64_t *seq);

/// Reads one record; one after the other is quickest. `boot_id` may be NULL.
///
/// @return STATUS_MISSING  `seq` is below journal_oldest_seq() or was not written yet;
///         STATUS_CORRUPT  the flash has lost what it held. The rest of that sector is given up:
///                         journal_oldest_seq() has moved behind it;
///         STATUS_IO       the flash could not be read.
MUST_CHECK enum status journal_read(struct journal *journal, uint64_t seq, struct record *record,
                                    uint32_t *boot_id);

/// Lets go of every record up to and including `watermark`; a lower one than before changes
/// nothing.
///
/// The watermark is stored with the next record, so that it costs no wear. One that a reboot
/// forgets only means that records are sent again.
///
/// @return STATUS_INVALID  no such record was written yet.
MUST_CHECK enum status journal_release(struct journal *journal, uint64_t watermark);

/// The newest reading ever appended, released or not.
///
/// @return STATUS_MISSING  there has been none since the journal was formatted.
MUST_CHECK enum status journal_latest_reading(const struct journal *journal,
                                              struct reading *reading);

/// JOURNAL_ID_SIZE random bytes that name this journal.
const uint8_t *journal_id(const struct journal *journal);

/// The oldest record that is still held; journal_next_seq() when all are released.
uint64_t journal_oldest_seq(const struct journal *journal);

/// The number that the next record will get.
uint64_t journal_next_seq(const struct journal *journal);

/// The highest watermark that was released, 0 for none.
uint64_t journal_released_seq(const struct journal *journal);

/// Records that were overwritten or lost since the journal was opened, without having been
/// released.
uint64_t journal_overwritten(const struct journal *journal);

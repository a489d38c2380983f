// SPDX-License-Identifier: MIT
#include "journal_resume.h"

#include <string.h>

#include "journal_entry.h"
#include "journal_sector.h"

/// Finds the sector with the highest generation.
static enum status find_newest(const struct flash_region *region, struct journal_sector *newest)
{
    bool found = false;
    for (uint64_t i = 0; i < journal_sector_count(region); i++) {
        struct journal_sector sector;
        const enum status status = journal_sector_read(region, i, &sector);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
        if (status == STATUS_OK && (!found || sector.generation > newest->generation)) {
            *newest = sector;
            found = true;
        }
    }
    return found ? STATUS_OK : STATUS_MISSING;
}

/// Walks one sector and takes over what it tells; `cursor` ends behind its last record before
/// `end_seq`, and `*used` behind its last sound entry.
static enum status survey_sector(struct journal *journal, const struct journal_sector *sector,
                                 uint64_t end_seq, struct journal_cursor *cursor, uint32_t *used)
{
    struct journal_entry entry;
    enum status status = STATUS_OK;

    *cursor = (struct journal_cursor){ .generation = sector->generation,
                                       .seq = sector->first_seq,
                                       .end_seq = end_seq,
                                       .sector_crc = sector->crc,
                                       .position = JOURNAL_SECTOR_HEAD_SIZE };
    *used = cursor->position;
    while (cursor->seq < end_seq) {
        status = journal_entry_next(journal, cursor, &entry);
        if (status != STATUS_OK) {
            break;
        }
        *used = cursor->position;
        journal->last_boot_id = entry.boot_id;
        if (entry.record.kind == RECORD_KIND_READING) {
            journal->latest = entry.record.reading;
            journal->has_latest = true;
        }
        if (entry.released_seq > journal->released_seq) {
            journal->released_seq = entry.released_seq;
        }
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

/// Goes back from the newest sector for as long as sectors belong to its journal.
static enum status find_oldest(struct journal *journal, const struct journal_sector *newest,
                               struct journal_sector *oldest)
{
    const uint64_t count = journal_sector_count(journal->region);
    *oldest = *newest;
    while (oldest->generation > 0 && newest->generation - oldest->generation < count - 1) {
        struct journal_sector sector;
        const enum status status =
            journal_sector_read(journal->region, oldest->generation - 1, &sector);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
        if (status == STATUS_MISSING || sector.generation != oldest->generation - 1 ||
            sector.first_seq >= oldest->first_seq ||
            memcmp(sector.journal_id, newest->journal_id, JOURNAL_ID_SIZE) != 0) {
            break;
        }
        *oldest = sector;
    }
    journal->oldest_generation = oldest->generation;
    journal->oldest_seq = oldest->first_seq;
    return STATUS_OK;
}

/// Walks all sectors from `sector` to the newest one; `cursor` and `*used` are left in that.
static enum status survey(struct journal *journal, struct journal_sector sector,
                          struct journal_cursor *cursor, uint32_t *used)
{
    for (;;) {
        struct journal_sector next = { .first_seq = UINT64_MAX };
        const bool is_newest = sector.generation == journal->generation;
        enum status status = STATUS_OK;
        if (!is_newest) {
            status = journal_sector_read(journal->region, sector.generation + 1, &next);
        }
        if (status == STATUS_OK) {
            status = survey_sector(journal, &sector, next.first_seq, cursor, used);
        }
        if (status != STATUS_OK || is_newest) {
            return status;
        }
        // The oldest sector is the one that a power cut may have caught half erased. Elsewhere a
        // hole is decay, and the records in front of it are still good.
        if (sector.generation == journal->oldest_generation && cursor->seq < next.first_seq) {
            journal->oldest_generation = next.generation;
            journal->oldest_seq = next.first_seq;
        }
        sector = next;
    }
}

/// Sets the position behind all that shows in the newest sector.
static enum status find_position(struct journal *journal, uint32_t used)
{
    const struct flash_region *region = journal->region;
    const uint32_t offset = journal_sector_offset(region, journal->generation);
    uint32_t end = used;
    for (uint32_t at = used; at < region->sector_size; at += FLASH_PROGRAM_SIZE) {
        uint8_t unit[FLASH_PROGRAM_SIZE];
        const enum status status = region->read(region->ctx, offset + at, unit, sizeof unit);
        if (status != STATUS_OK) {
            return status;
        }
        for (unsigned i = 0; i < sizeof unit; i++) {
            end = unit[i] != 0xFF ? at + FLASH_PROGRAM_SIZE : end;
        }
    }
    journal->position = end;
    return STATUS_OK;
}

static enum status resume_from(struct journal *journal, const struct journal_sector *newest)
{
    struct journal_sector oldest;
    struct journal_cursor cursor;
    uint32_t used;

    memcpy(journal->id, newest->journal_id, JOURNAL_ID_SIZE);
    journal->generation = newest->generation;
    journal->sector_first_seq = newest->first_seq;
    journal->sector_crc = newest->crc;
    enum status status = find_oldest(journal, newest, &oldest);
    if (status == STATUS_OK) {
        status = survey(journal, oldest, &cursor, &used);
    }
    if (status == STATUS_OK) {
        status = find_position(journal, used);
    }
    if (status != STATUS_OK) {
        return status;
    }
    journal->is_resumed = true;
    journal->next_seq = cursor.seq;
    journal->sector_has_base = cursor.has_base;
    if (cursor.beyond_seq > cursor.seq) {
        journal->next_seq = cursor.beyond_seq;
        journal->position = journal->region->sector_size;
    }
    if (journal->next_seq == journal->sector_first_seq) {
        journal->position = journal->region->sector_size; // Without a record it is begun anew.
    }
    return STATUS_OK;
}

enum status journal_resume(struct journal *journal)
{
    struct journal_sector newest;
    const enum status status = find_newest(journal->region, &newest);
    return status == STATUS_OK ? resume_from(journal, &newest) : status;
}

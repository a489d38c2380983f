// SPDX-License-Identifier: MIT
#include "journal.h"

#include "journal_entry.h"
#include "journal_sector.h"

/// Sets the cursor to the start of the sector that record `seq` is in.
static enum status find_sector(struct journal *journal, uint64_t seq)
{
    uint64_t end_seq = journal->next_seq;
    for (uint64_t g = journal->generation; g >= journal->oldest_generation; g--) {
        struct journal_sector sector;
        const enum status status = journal_sector_read(journal->region, g, &sector);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
        // The sector being begun may hold anything; a head that decayed hides its records.
        if (status == STATUS_OK && sector.generation == g) {
            if (sector.first_seq <= seq) {
                journal->cursor = (struct journal_cursor){ .generation = g,
                                                           .seq = sector.first_seq,
                                                           .end_seq = end_seq,
                                                           .sector_crc = sector.crc,
                                                           .position = JOURNAL_SECTOR_HEAD_SIZE };
                return STATUS_OK;
            }
            end_seq = sector.first_seq;
        }
        if (g == 0) {
            break;
        }
    }
    journal->cursor = (struct journal_cursor){ .end_seq = end_seq };
    return STATUS_CORRUPT;
}

/// Lets go of all before `seq`, which the flash does not give back.
static void give_up_before(struct journal *journal, uint64_t seq)
{
    journal->overwritten += seq - journal_oldest_seq(journal);
    journal->oldest_seq = seq;
    journal->cursor.seq = 0;
    if (seq == journal->next_seq) {
        // Nothing may follow behind a hole: after a restart it could not be told from the end.
        journal->position = journal->region->sector_size;
    }
}

/// The first record behind the cursor's sector; the newest sector grows.
static uint64_t end_of_sector(const struct journal *journal)
{
    const struct journal_cursor *cursor = &journal->cursor;
    return cursor->generation == journal->generation ? journal->next_seq : cursor->end_seq;
}

static bool cursor_leads_to(const struct journal *journal, uint64_t seq)
{
    const struct journal_cursor *cursor = &journal->cursor;
    return cursor->seq > 0 && cursor->seq <= seq && seq < end_of_sector(journal) &&
           cursor->generation >= journal->oldest_generation;
}

enum status journal_read(struct journal *journal, uint64_t seq, struct record *record,
                         uint32_t *boot_id)
{
    struct journal_entry entry = { .seq = 0 };
    enum status status = STATUS_OK;

    if (seq < journal_oldest_seq(journal) || seq >= journal->next_seq) {
        return STATUS_MISSING;
    }
    if (!cursor_leads_to(journal, seq)) {
        status = find_sector(journal, seq);
    }
    while (status == STATUS_OK && (entry.seq != seq || entry.is_snapshot)) {
        status = journal_entry_next(journal, &journal->cursor, &entry);
    }
    if (status == STATUS_MISSING || status == STATUS_CORRUPT) {
        give_up_before(journal,
                       status == STATUS_CORRUPT ? journal->cursor.end_seq : end_of_sector(journal));
        return STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        journal->cursor.seq = 0;
        return status;
    }
    *record = entry.record;
    if (boot_id != NULL) {
        *boot_id = entry.boot_id;
    }
    return STATUS_OK;
}

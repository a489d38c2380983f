// SPDX-License-Identifier: MIT
#include "journal_entry.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "journal_sector.h"
#include "record_code.h"

enum {
    AT_SIZE = 4,
    AT_FLAGS = 6,
    AT_MARK = 7,
    AT_BOOT_ID = 8,
    AT_SEQ = 12,
    AT_UNRELEASED = 16,
    MARK = 'J',
    FLAG_SNAPSHOT = 1u << 0,
    FLAG_ABSOLUTE = 1u << 1, ///< Told against nothing; else against the reading before it.
};

_Static_assert(JOURNAL_ENTRY_SIZE_LIMIT >= JOURNAL_ENTRY_HEAD_SIZE + RECORD_CODE_SIZE_LIMIT &&
                   JOURNAL_ENTRY_SIZE_LIMIT % FLASH_PROGRAM_SIZE == 0,
               "every record fits an entry, and entries are whole units");
_Static_assert(JOURNAL_SECTOR_SIZE_MIN >= JOURNAL_SECTOR_HEAD_SIZE + 2 * JOURNAL_ENTRY_SIZE_LIMIT,
               "a blank sector holds a snapshot and any record");

static const struct reading nothing;

static uint32_t round_up_to_unit(uint32_t size)
{
    return (size + FLASH_PROGRAM_SIZE - 1) / FLASH_PROGRAM_SIZE * FLASH_PROGRAM_SIZE;
}

enum status journal_entry_build(struct journal *journal, uint32_t boot_id,
                                const struct record *record, bool is_snapshot, uint32_t *size)
{
    uint8_t *out = journal->buffer;
    // An anchor may survive a cut that the snapshot in front of it did not.
    const bool absolute =
        is_snapshot || !journal->sector_has_base || record->kind != RECORD_KIND_READING;
    const struct reading *base = absolute ? &nothing : &journal->latest;
    size_t code_size;
    const enum status status =
        record_code_encode(record, base, out + JOURNAL_ENTRY_HEAD_SIZE, &code_size);
    if (status != STATUS_OK) {
        return status;
    }

    const uint32_t used = JOURNAL_ENTRY_HEAD_SIZE + (uint32_t)code_size;
    const uint64_t unreleased = journal->next_seq - 1 - journal->released_seq;
    *size = round_up_to_unit(used);
    memset(out + used, 0xFF, *size - used);
    bytes_store_le16(out + AT_SIZE, (uint16_t)code_size);
    out[AT_FLAGS] = (uint8_t)((is_snapshot ? FLAG_SNAPSHOT : 0u) | (absolute ? FLAG_ABSOLUTE : 0u));
    out[AT_MARK] = MARK;
    bytes_store_le32(out + AT_BOOT_ID, boot_id);
    bytes_store_le32(out + AT_SEQ, (uint32_t)journal->next_seq);
    bytes_store_le32(out + AT_UNRELEASED,
                     unreleased < UINT32_MAX ? (uint32_t)unreleased : UINT32_MAX);
    bytes_store_le32(out, crc32_extend(journal->sector_crc, out + AT_SIZE, used - AT_SIZE));
    return STATUS_OK;
}

/// Loads what looks like an entry at the cursor into the buffer; `*used` is its size without
/// padding.
static enum status load(struct journal *journal, const struct journal_cursor *cursor,
                        uint32_t *used)
{
    const struct flash_region *region = journal->region;
    const uint32_t offset = journal_sector_offset(region, cursor->generation) + cursor->position;
    uint8_t *in = journal->buffer;

    enum status status = region->read(region->ctx, offset, in, FLASH_PROGRAM_SIZE);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t code_size = bytes_load_le16(in + AT_SIZE);
    *used = JOURNAL_ENTRY_HEAD_SIZE + code_size;
    if (in[AT_MARK] != MARK || code_size > RECORD_CODE_SIZE_LIMIT ||
        *used > region->sector_size - cursor->position) {
        return STATUS_MISSING;
    }
    if (*used > FLASH_PROGRAM_SIZE) {
        status = region->read(region->ctx, offset + FLASH_PROGRAM_SIZE, in + FLASH_PROGRAM_SIZE,
                              *used - FLASH_PROGRAM_SIZE);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (crc32_extend(cursor->sector_crc, in + AT_SIZE, *used - AT_SIZE) != bytes_load_le32(in)) {
        return STATUS_MISSING;
    }
    return STATUS_OK;
}

/// Understands the entry in the buffer, if it is the one that must come next.
static bool take(const struct journal *journal, const struct journal_cursor *cursor, uint32_t used,
                 struct journal_entry *entry)
{
    const uint8_t *in = journal->buffer;
    const bool absolute = (in[AT_FLAGS] & FLAG_ABSOLUTE) != 0;
    const uint32_t unreleased = bytes_load_le32(in + AT_UNRELEASED);

    entry->is_snapshot = (in[AT_FLAGS] & FLAG_SNAPSHOT) != 0;
    entry->seq = cursor->seq;
    entry->boot_id = bytes_load_le32(in + AT_BOOT_ID);
    entry->released_seq =
        unreleased < UINT32_MAX && unreleased < cursor->seq ? cursor->seq - 1 - unreleased : 0;
    if (!absolute && !cursor->has_base) {
        return false;
    }
    if (!entry->is_snapshot && bytes_load_le32(in + AT_SEQ) != (uint32_t)cursor->seq) {
        return false;
    }
    return record_code_decode(in + JOURNAL_ENTRY_HEAD_SIZE, used - JOURNAL_ENTRY_HEAD_SIZE,
                              absolute ? &nothing : &cursor->base, &entry->record) == STATUS_OK;
}

/// Remembers the number of a sound entry that cannot be used, so that it is not given out again.
static void note_lost(const struct journal *journal, struct journal_cursor *cursor)
{
    const uint32_t ahead = bytes_load_le32(journal->buffer + AT_SEQ) - (uint32_t)cursor->seq;
    const uint64_t behind_it = cursor->seq + ahead + 1;
    if (ahead < journal->region->sector_size && behind_it > cursor->beyond_seq) {
        cursor->beyond_seq = behind_it;
    }
}

enum status journal_entry_next(struct journal *journal, struct journal_cursor *cursor,
                               struct journal_entry *entry)
{
    while (cursor->position < journal->region->sector_size) {
        uint32_t used;
        const enum status status = load(journal, cursor, &used);
        if (status == STATUS_MISSING) {
            cursor->position += FLASH_PROGRAM_SIZE;
            continue;
        }
        if (status != STATUS_OK) {
            return status;
        }
        cursor->position += round_up_to_unit(used);
        if (take(journal, cursor, used, entry)) {
            if (entry->record.kind == RECORD_KIND_READING) {
                cursor->base = entry->record.reading;
                cursor->has_base = true;
            }
            cursor->seq += entry->is_snapshot ? 0 : 1;
            return STATUS_OK;
        }
        note_lost(journal, cursor);
    }
    return STATUS_MISSING;
}

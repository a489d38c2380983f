// SPDX-License-Identifier: MIT
#include "journal.h"

#include <string.h>

#include "journal_entry.h"
#include "journal_sector.h"

/// Begins sector `generation` with the next record; whatever it held is gone.
static enum status begin_sector(struct journal *journal, uint64_t generation)
{
    struct journal_sector sector = { .generation = generation, .first_seq = journal->next_seq };
    memcpy(sector.journal_id, journal->id, JOURNAL_ID_SIZE);

    // Until all has worked, nothing is written behind this head.
    journal->generation = generation;
    journal->sector_first_seq = journal->next_seq;
    journal->position = journal->region->sector_size;
    journal->sector_has_base = false;
    journal->cursor.seq = 0;
    const enum status status = journal_sector_begin(journal->region, &sector);
    if (status == STATUS_OK) {
        journal->sector_crc = sector.crc;
        journal->position = JOURNAL_SECTOR_HEAD_SIZE;
    }
    return status;
}

/// Begins a journal without records under a new random identity.
static enum status begin_journal(struct journal *journal, uint64_t generation)
{
    uint8_t id[JOURNAL_ID_SIZE];
    const enum status status = journal->entropy->fill(journal->entropy->ctx, id, sizeof id);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(journal->id, id, sizeof id);
    journal->oldest_generation = generation;
    journal->oldest_seq = 1;
    journal->next_seq = 1;
    journal->released_seq = 0;
    journal->has_latest = false;
    return begin_sector(journal, generation);
}

static enum status sync_region(const struct journal *journal)
{
    return journal->region->sync(journal->region->ctx);
}

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

/// Sets the position behind all that was ever programmed in the newest sector.
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
    // One more unit may have been begun without a bit that shows it yet.
    end += FLASH_PROGRAM_SIZE;
    journal->position = end < region->sector_size ? end : region->sector_size;
    return STATUS_OK;
}

static enum status resume(struct journal *journal, const struct journal_sector *newest)
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
    journal->next_seq = cursor.seq;
    journal->sector_has_base = cursor.has_base;
    if (cursor.beyond_seq > cursor.seq) {
        journal->next_seq = cursor.beyond_seq;
        journal->position = journal->region->sector_size;
    }
    return sync_region(journal);
}

enum status journal_open(struct journal *journal, const struct flash_region *region,
                         const struct entropy *entropy)
{
    *journal = (struct journal){ .region = region, .entropy = entropy };
    if (region->sector_size < JOURNAL_SECTOR_SIZE_MIN ||
        region->sector_size % FLASH_PROGRAM_SIZE != 0 || region->size % region->sector_size != 0 ||
        journal_sector_count(region) < JOURNAL_SECTOR_COUNT_MIN) {
        return STATUS_INVALID;
    }

    struct journal_sector newest;
    enum status status = find_newest(region, &newest);
    if (status == STATUS_OK) {
        return resume(journal, &newest);
    }
    if (status == STATUS_MISSING) {
        status = begin_journal(journal, 0);
    }
    return status == STATUS_OK ? sync_region(journal) : status;
}

enum status journal_format(struct journal *journal)
{
    const struct flash_region *region = journal->region;
    const uint64_t count = journal_sector_count(region);
    enum status status = begin_journal(journal, journal->generation + 1);
    if (status == STATUS_OK) {
        status = sync_region(journal);
    }
    // The old journal is out of reach by now; wipe it all the same.
    for (uint64_t i = 1; i < count && status == STATUS_OK; i++) {
        status = region->erase(region->ctx, journal_sector_offset(region, journal->generation + i));
    }
    return status == STATUS_OK ? sync_region(journal) : status;
}

/// Gives up the oldest sector, whose place is needed.
static enum status drop_oldest_sector(struct journal *journal)
{
    uint64_t first_seq = journal->sector_first_seq;
    uint64_t generation = journal->oldest_generation + 1;
    for (; generation < journal->generation; generation++) {
        struct journal_sector sector;
        const enum status status = journal_sector_read(journal->region, generation, &sector);
        if (status == STATUS_OK && sector.generation == generation) {
            first_seq = sector.first_seq;
            break;
        }
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
    }
    const uint64_t oldest_seq = journal_oldest_seq(journal);
    journal->overwritten += first_seq > oldest_seq ? first_seq - oldest_seq : 0;
    journal->oldest_seq = first_seq > journal->oldest_seq ? first_seq : journal->oldest_seq;
    journal->oldest_generation = generation;
    return STATUS_OK;
}

/// Begins a sector to write in. One without records is begun anew, so that failures do not eat up
/// the ring, and so that every sector before it holds the newest reading of its time.
static enum status make_room(struct journal *journal)
{
    const bool is_empty = journal->next_seq == journal->sector_first_seq;
    const uint64_t generation = is_empty ? journal->generation : journal->generation + 1;

    if (generation - journal->oldest_generation >= journal_sector_count(journal->region)) {
        const enum status status = drop_oldest_sector(journal);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return begin_sector(journal, generation);
}

/// Programs what was built. After a failure the sector is closed: nobody knows what is in it.
static enum status program_entry(struct journal *journal, uint32_t size)
{
    const struct flash_region *region = journal->region;
    const uint32_t offset = journal_sector_offset(region, journal->generation) + journal->position;
    const enum status status = region->program(region->ctx, offset, journal->buffer, size);
    journal->position = status == STATUS_OK ? journal->position + size : region->sector_size;
    return status;
}

/// Copies the newest reading into the sector, so that the older sectors are not needed for it.
static enum status program_snapshot(struct journal *journal, uint32_t boot_id)
{
    const struct record record = { .kind = RECORD_KIND_READING, .reading = journal->latest };
    uint32_t size;
    enum status status = journal_entry_build(journal, boot_id, &record, true, &size);
    if (status == STATUS_OK) {
        status = program_entry(journal, size);
    }
    journal->sector_has_base = status == STATUS_OK;
    return status;
}

static void remember_latest(struct journal *journal, const struct reading *reading)
{
    journal->latest = *reading;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)reading->channels >> i & 1u) == 0) {
            journal->latest.channel[i] = (struct reading_channel){ 0 };
        }
    }
    journal->has_latest = true;
    journal->sector_has_base = true;
}

static bool needs_snapshot(const struct journal *journal, const struct record *record)
{
    return record->kind != RECORD_KIND_READING && journal->has_latest && !journal->sector_has_base;
}

enum status journal_append(struct journal *journal, uint32_t boot_id, const struct record *record,
                           uint64_t *seq)
{
    uint32_t size;
    enum status status = journal_entry_build(journal, boot_id, record, false, &size);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t needed = size + (needs_snapshot(journal, record) ? JOURNAL_ENTRY_SIZE_LIMIT : 0);
    if (needed > journal->region->sector_size - journal->position) {
        status = make_room(journal);
    }
    if (status == STATUS_OK && needs_snapshot(journal, record)) {
        status = program_snapshot(journal, boot_id);
    }
    // Built again, since a new sector has another base.
    if (status == STATUS_OK) {
        status = journal_entry_build(journal, boot_id, record, false, &size);
    }
    if (status == STATUS_OK) {
        status = program_entry(journal, size);
    }
    if (status == STATUS_OK) {
        status = sync_region(journal);
    }
    if (status != STATUS_OK) {
        journal->position = journal->region->sector_size;
        return status;
    }
    *seq = journal->next_seq++;
    if (record->kind == RECORD_KIND_READING) {
        remember_latest(journal, &record->reading);
    }
    return STATUS_OK;
}

enum status journal_release(struct journal *journal, uint64_t watermark)
{
    if (watermark >= journal->next_seq) {
        return STATUS_INVALID;
    }
    if (watermark > journal->released_seq) {
        journal->released_seq = watermark;
    }
    return STATUS_OK;
}

enum status journal_latest_reading(const struct journal *journal, struct reading *reading)
{
    if (!journal->has_latest) {
        return STATUS_MISSING;
    }
    *reading = journal->latest;
    return STATUS_OK;
}

const uint8_t *journal_id(const struct journal *journal)
{
    return journal->id;
}

uint64_t journal_oldest_seq(const struct journal *journal)
{
    return journal->released_seq >= journal->oldest_seq ? journal->released_seq + 1
                                                        : journal->oldest_seq;
}

uint64_t journal_next_seq(const struct journal *journal)
{
    return journal->next_seq;
}

uint64_t journal_released_seq(const struct journal *journal)
{
    return journal->released_seq;
}

uint64_t journal_overwritten(const struct journal *journal)
{
    return journal->overwritten;
}

// SPDX-License-Identifier: MIT
#include "journal.h"

#include <string.h>

#include "journal_entry.h"
#include "journal_resume.h"
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
    journal->is_resumed = false;
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

enum status journal_open(struct journal *journal, const struct flash_region *region,
                         const struct entropy *entropy)
{
    *journal = (struct journal){ .region = region, .entropy = entropy };
    if (region->sector_size < JOURNAL_SECTOR_SIZE_MIN ||
        region->sector_size % FLASH_PROGRAM_SIZE != 0 || region->size % region->sector_size != 0 ||
        journal_sector_count(region) < JOURNAL_SECTOR_COUNT_MIN) {
        return STATUS_INVALID;
    }

    enum status status = journal_resume(journal);
    if (status == STATUS_MISSING) {
        status = begin_journal(journal, 0);
    }
    // What is in a disk's cache is seen by everybody until the power fails.
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

/// Leaves as many units free behind what was found at open as boots have passed since.
///
/// A boot whose first append was cut at once may have begun a unit without a bit that shows it.
/// That unit must not be programmed again, so every boot starts at a place of its own.
static void step_past_begun_units(struct journal *journal, uint32_t boot_id)
{
    const uint32_t room = journal->region->sector_size - journal->position;
    const uint32_t boots = boot_id - journal->last_boot_id;
    const bool has_place = boot_id > journal->last_boot_id && boots <= room / FLASH_PROGRAM_SIZE;
    journal->position += has_place ? boots * FLASH_PROGRAM_SIZE : room;
    journal->is_resumed = false;
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
    if (journal->is_resumed) {
        step_past_begun_units(journal, boot_id);
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

// SPDX-License-Identifier: MIT
#include "journal_sector.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

enum {
    AT_VERSION = 4,
    AT_JOURNAL_ID = 8,
    AT_GENERATION = 24,
    AT_FIRST_SEQ = 32,
    AT_CRC = 60,
    VERSION = 1,
};

// No flash lives as long; higher numbers are noise.
static const uint64_t number_limit = UINT64_MAX / 2;

static const uint8_t magic[] = { 'O', 'H', 'M', 'J' };

uint64_t journal_sector_count(const struct flash_region *region)
{
    return region->size / region->sector_size;
}

uint32_t journal_sector_offset(const struct flash_region *region, uint64_t generation)
{
    return (uint32_t)(generation % journal_sector_count(region)) * region->sector_size;
}

enum status journal_sector_read(const struct flash_region *region, uint64_t index,
                                struct journal_sector *sector)
{
    uint8_t head[JOURNAL_SECTOR_HEAD_SIZE];
    const uint32_t offset = journal_sector_offset(region, index);
    const enum status status = region->read(region->ctx, offset, head, sizeof head);
    if (status != STATUS_OK) {
        return status;
    }

    sector->crc = crc32_extend(0, head, AT_CRC);
    if (memcmp(head, magic, sizeof magic) != 0 || bytes_load_le32(head + AT_VERSION) != VERSION ||
        sector->crc != bytes_load_le32(head + AT_CRC)) {
        return STATUS_MISSING;
    }
    memcpy(sector->journal_id, head + AT_JOURNAL_ID, JOURNAL_ID_SIZE);
    sector->generation = bytes_load_le64(head + AT_GENERATION);
    sector->first_seq = bytes_load_le64(head + AT_FIRST_SEQ);
    return journal_sector_offset(region, sector->generation) == offset &&
                   sector->generation < number_limit && sector->first_seq > 0 &&
                   sector->first_seq < number_limit
               ? STATUS_OK
               : STATUS_MISSING;
}

enum status journal_sector_begin(const struct flash_region *region, struct journal_sector *sector)
{
    const uint32_t offset = journal_sector_offset(region, sector->generation);
    uint8_t head[JOURNAL_SECTOR_HEAD_SIZE] = { 0 };
    memcpy(head, magic, sizeof magic);
    bytes_store_le32(head + AT_VERSION, VERSION);
    memcpy(head + AT_JOURNAL_ID, sector->journal_id, JOURNAL_ID_SIZE);
    bytes_store_le64(head + AT_GENERATION, sector->generation);
    bytes_store_le64(head + AT_FIRST_SEQ, sector->first_seq);
    sector->crc = crc32_extend(0, head, AT_CRC);
    bytes_store_le32(head + AT_CRC, sector->crc);

    // A disk may keep the head and lose the erase. That does no harm: entries of the sector's
    // former life do not go on from this head's CRC.
    enum status status = region->erase(region->ctx, offset);
    if (status == STATUS_OK) {
        status = region->program(region->ctx, offset, head, sizeof head);
    }
    return status;
}

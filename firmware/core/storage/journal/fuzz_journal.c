// SPDX-License-Identifier: MIT

/// Opens a journal in flash that holds anything, reads it all, and writes on. The first byte says
/// whether checksums are put right first, so that more than their refusal is explored.

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "flash_memory.h"
#include "journal.h"
#include "journal_entry.h"
#include "journal_sector.h"
#include "reading_example.h"

enum { SECTOR_SIZE = JOURNAL_SECTOR_SIZE_MIN, SECTOR_COUNT = 3, SEAL_CRC_AT = 60 };

static struct flash_memory flash;
static struct journal journal;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    memset(out, 0x5A, size);
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

static void seal(uint8_t *sector)
{
    const uint32_t head_crc = crc32_extend(0, sector, SEAL_CRC_AT);
    bytes_store_le32(sector + SEAL_CRC_AT, head_crc);
    for (uint32_t at = JOURNAL_SECTOR_HEAD_SIZE; at < SECTOR_SIZE; at += FLASH_PROGRAM_SIZE) {
        const uint32_t rest = 16u + bytes_load_le16(sector + at + 4);
        if (sector[at + 7] == 'J' && rest + 4 <= SECTOR_SIZE - at) {
            bytes_store_le32(sector + at, crc32_extend(head_crc, sector + at + 4, rest));
        }
    }
}

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    const size_t room = SECTOR_SIZE * SECTOR_COUNT;
    memcpy(flash.bytes, data + 1, size - 1 < room ? size - 1 : room);
    for (uint32_t i = 0; i < SECTOR_COUNT && (data[0] & 1u) != 0; i++) {
        seal(flash.bytes + i * SECTOR_SIZE);
    }
    for (uint32_t at = 0; at < room; at++) {
        flash.programmed[at / FLASH_PROGRAM_SIZE] |= flash.bytes[at] != 0xFF;
    }

    check(journal_open(&journal, &flash.region, &entropy) == STATUS_OK);
    uint64_t seq = journal_oldest_seq(&journal);
    check(seq <= journal_next_seq(&journal));
    for (unsigned i = 0; i < 1000 && seq < journal_next_seq(&journal); i++) {
        struct record record;
        const enum status status = journal_read(&journal, seq, &record, NULL);
        check(status == STATUS_OK || status == STATUS_CORRUPT);
        check(status == STATUS_OK || journal_oldest_seq(&journal) > seq);
        seq = status == STATUS_OK ? seq + 1 : journal_oldest_seq(&journal);
    }

    struct reading_example example;
    reading_example_init(&example, 1);
    for (unsigned i = 0; i < 8; i++) {
        const struct record record = reading_example_next(&example, 2);
        struct record back;
        check(journal_append(&journal, 1, &record, &seq) == STATUS_OK);
        check(journal_read(&journal, seq, &back, NULL) == STATUS_OK);
        check(reading_example_is_same(&record, &back));
    }
    check(journal_open(&journal, &flash.region, &entropy) == STATUS_OK);
    check(journal_next_seq(&journal) == seq + 1);
    check(flash.breaches == 0);
    return 0;
}

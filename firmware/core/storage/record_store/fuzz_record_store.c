// SPDX-License-Identifier: MIT

/// Opens a store in flash that holds anything, reads it and writes on. The first byte says whether
/// checksums are put right first, so that more than their refusal is explored.

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "flash_memory.h"
#include "record_store.h"

enum { SECTOR_SIZE = 1024, SECTOR_COUNT = 2, HEAD_CRC_AT = 28 };

static struct flash_memory flash;
static struct record_store store;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(uint8_t *half)
{
    const uint32_t head_crc = crc32_extend(0, half, HEAD_CRC_AT);
    bytes_store_le32(half + HEAD_CRC_AT, head_crc);
    for (uint32_t at = FLASH_PROGRAM_SIZE; at < SECTOR_SIZE; at += FLASH_PROGRAM_SIZE) {
        const uint32_t rest = 4u + bytes_load_le16(half + at + 4) + half[at + 6];
        if (half[at + 7] == 'K' && rest + 4 <= SECTOR_SIZE - at) {
            bytes_store_le32(half + at, crc32_extend(head_crc, half + at + 4, rest));
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

    check(record_store_open(&store, &flash.region) == STATUS_OK);
    const struct key_value values = record_store_key_value(&store);
    uint8_t value[KEY_VALUE_SIZE_LIMIT];
    size_t value_size;
    for (unsigned i = 0; i < store.slot_count; i++) {
        check(values.get(values.ctx, store.slot[i].key, value, sizeof value, &value_size) ==
              STATUS_OK);
    }
    const enum status status = values.set(values.ctx, "new", "value", 5);
    check(status == STATUS_OK || status == STATUS_FULL);
    check(record_store_open(&store, &flash.region) == STATUS_OK);
    if (status == STATUS_OK) {
        check(values.get(values.ctx, "new", value, sizeof value, &value_size) == STATUS_OK);
        check(value_size == 5 && memcmp(value, "value", 5) == 0);
    }
    check(values.erase_all(values.ctx) == STATUS_OK);
    check(values.get(values.ctx, "new", value, sizeof value, &value_size) == STATUS_MISSING);
    check(flash.breaches == 0);
    return 0;
}

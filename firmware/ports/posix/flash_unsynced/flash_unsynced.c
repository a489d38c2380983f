// SPDX-License-Identifier: MIT
#include "flash_unsynced.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct flash_unsynced {
    struct flash_region region;
    const struct flash_region *below;
    bool *erased;     ///< Sectors to erase below, at the next sync.
    bool *programmed; ///< Units to program below, after that.
    uint8_t *bytes;   ///< What the region reads as.
};

static bool is_inside(const struct flash_unsynced *flash, uint32_t offset, size_t size)
{
    return offset <= flash->region.size && size <= flash->region.size - offset;
}

static enum status unsynced_read(void *ctx, uint32_t offset, void *out, size_t size)
{
    const struct flash_unsynced *flash = ctx;
    if (!is_inside(flash, offset, size)) {
        return STATUS_INVALID;
    }
    memcpy(out, flash->bytes + offset, size);
    return STATUS_OK;
}

static enum status unsynced_program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    struct flash_unsynced *flash = ctx;
    if (!is_inside(flash, offset, size) || offset % FLASH_PROGRAM_SIZE != 0 ||
        size % FLASH_PROGRAM_SIZE != 0) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < size; i++) {
        if (flash->bytes[offset + i] != 0xFF) {
            return STATUS_INVALID;
        }
    }
    memcpy(flash->bytes + offset, data, size);
    for (size_t at = 0; at < size; at += FLASH_PROGRAM_SIZE) {
        flash->programmed[(offset + at) / FLASH_PROGRAM_SIZE] = true;
    }
    return STATUS_OK;
}

static enum status unsynced_erase(void *ctx, uint32_t offset)
{
    struct flash_unsynced *flash = ctx;
    const uint32_t size = flash->region.sector_size;
    if (!is_inside(flash, offset, size) || offset % size != 0) {
        return STATUS_INVALID;
    }
    memset(flash->bytes + offset, 0xFF, size);
    memset(flash->programmed + offset / FLASH_PROGRAM_SIZE, 0,
           size / FLASH_PROGRAM_SIZE * sizeof *flash->programmed);
    flash->erased[offset / size] = true;
    return STATUS_OK;
}

static enum status unsynced_sync(void *ctx)
{
    struct flash_unsynced *flash = ctx;
    const struct flash_region *below = flash->below;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < below->size / below->sector_size && status == STATUS_OK; i++) {
        if (flash->erased[i]) {
            status = below->erase(below->ctx, i * below->sector_size);
            flash->erased[i] = status != STATUS_OK;
        }
    }
    for (uint32_t i = 0; i < below->size / FLASH_PROGRAM_SIZE && status == STATUS_OK; i++) {
        if (flash->programmed[i]) {
            const uint32_t offset = i * FLASH_PROGRAM_SIZE;
            status = below->program(below->ctx, offset, flash->bytes + offset, FLASH_PROGRAM_SIZE);
            flash->programmed[i] = false;
        }
    }
    return status == STATUS_OK ? below->sync(below->ctx) : status;
}

enum status flash_unsynced_open(struct flash_unsynced **opened, const struct flash_region *below)
{
    struct flash_unsynced *flash = calloc(1, sizeof *flash);
    *opened = NULL;
    if (flash == NULL) {
        return STATUS_IO;
    }
    flash->below = below;
    flash->erased = calloc(below->size / below->sector_size, sizeof *flash->erased);
    flash->programmed = calloc(below->size / FLASH_PROGRAM_SIZE, sizeof *flash->programmed);
    flash->bytes = malloc(below->size);
    if (flash->erased == NULL || flash->programmed == NULL || flash->bytes == NULL ||
        below->read(below->ctx, 0, flash->bytes, below->size) != STATUS_OK) {
        flash_unsynced_close(flash);
        return STATUS_IO;
    }
    flash->region = (struct flash_region){ .size = below->size,
                                           .sector_size = below->sector_size,
                                           .read = unsynced_read,
                                           .program = unsynced_program,
                                           .erase = unsynced_erase,
                                           .sync = unsynced_sync,
                                           .ctx = flash };
    *opened = flash;
    return STATUS_OK;
}

const struct flash_region *flash_unsynced_region(struct flash_unsynced *flash)
{
    return &flash->region;
}

void flash_unsynced_close(struct flash_unsynced *flash)
{
    if (flash != NULL) {
        free(flash->erased);
        free(flash->programmed);
        free(flash->bytes);
        free(flash);
    }
}

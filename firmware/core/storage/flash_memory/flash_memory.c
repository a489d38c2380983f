// SPDX-License-Identifier: MIT
#include "flash_memory.h"

#include <stddef.h>
#include <string.h>

static uint64_t draw(struct flash_memory *flash)
{
    flash->random ^= flash->random >> 12;
    flash->random ^= flash->random << 25;
    flash->random ^= flash->random >> 27;
    return flash->random * 0x2545F4914F6CDD1Du;
}

static bool is_cached(const struct flash_memory *flash)
{
    return flash->cut == FLASH_MEMORY_CUT_CACHE || flash->cut == FLASH_MEMORY_CUT_CACHE_MIX;
}

static bool is_blank(const uint8_t *unit)
{
    unsigned blank = 0;
    for (unsigned i = 0; i < FLASH_PROGRAM_SIZE; i++) {
        blank += unit[i] == 0xFF;
    }
    return blank == FLASH_PROGRAM_SIZE;
}

static void die(struct flash_memory *flash)
{
    flash->is_dead = true;
    flash->cuts++;
    if (!is_cached(flash)) {
        return;
    }
    for (uint32_t unit = 0; unit < flash->region.size / FLASH_PROGRAM_SIZE; unit++) {
        const uint32_t at = unit * FLASH_PROGRAM_SIZE;
        if (flash->cut == FLASH_MEMORY_CUT_CACHE || draw(flash) % 2 == 0) {
            memcpy(flash->bytes + at, flash->kept + at, FLASH_PROGRAM_SIZE);
        }
        // A file knows of no charge that does not show.
        flash->programmed[unit] = !is_blank(flash->bytes + at);
    }
}

/// Takes `wanted` steps; returns how many the power lasted for.
static uint32_t take_steps(struct flash_memory *flash, uint32_t wanted)
{
    const uint32_t taken = flash->steps_left < wanted ? (uint32_t)flash->steps_left : wanted;
    flash->steps += taken;
    if (flash->steps_left != UINT64_MAX) {
        flash->steps_left -= taken;
    }
    return taken;
}

/// A byte on its way from `from` to `to` when the power went.
static uint8_t torn(struct flash_memory *flash, uint8_t from, uint8_t to)
{
    const uint8_t arrived = (uint8_t)draw(flash);
    return (uint8_t)((to & arrived) | (from & ~arrived));
}

/// Changes `size` bytes to those of `to`, or to 0xFF without it, cut short after `done` of `total`.
static void change_in_part(struct flash_memory *flash, uint8_t *bytes, const uint8_t *to,
                           uint32_t size, uint32_t done, uint32_t total)
{
    const uint32_t whole = (uint32_t)((uint64_t)size * done / total);
    for (uint32_t i = 0; i < size; i++) {
        const uint8_t target = to != NULL ? to[i] : 0xFF;
        const uint32_t rank = flash->cut == FLASH_MEMORY_CUT_BACKWARD ? size - 1 - i : i;
        if (flash->cut == FLASH_MEMORY_CUT_AT_RANDOM || rank == whole) {
            bytes[i] = torn(flash, bytes[i], target);
        } else if (rank < whole) {
            bytes[i] = target;
        }
    }
}

static enum status flash_read(void *ctx, uint32_t offset, void *out, size_t size)
{
    struct flash_memory *flash = ctx;
    if (flash->is_dead || flash->fails) {
        return STATUS_IO;
    }
    if (offset > flash->region.size || size > flash->region.size - offset) {
        flash->breaches++;
        return STATUS_INVALID;
    }
    memcpy(out, flash->bytes + offset, size);
    return STATUS_OK;
}

static enum status program_unit(struct flash_memory *flash, uint32_t offset, const uint8_t *data)
{
    const uint32_t taken = take_steps(flash, FLASH_PROGRAM_SIZE);
    flash->programmed[offset / FLASH_PROGRAM_SIZE] = true;
    if (taken < FLASH_PROGRAM_SIZE) {
        change_in_part(flash, flash->bytes + offset, data, FLASH_PROGRAM_SIZE, taken,
                       FLASH_PROGRAM_SIZE);
        die(flash);
        return STATUS_IO;
    }
    memcpy(flash->bytes + offset, data, FLASH_PROGRAM_SIZE);
    return STATUS_OK;
}

static bool may_program(const struct flash_memory *flash, uint32_t offset, const uint8_t *data,
                        size_t size)
{
    if (offset % FLASH_PROGRAM_SIZE != 0 || size % FLASH_PROGRAM_SIZE != 0 ||
        offset > flash->region.size || size > flash->region.size - offset) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (flash->programmed[(offset + i) / FLASH_PROGRAM_SIZE] ||
            (data[i] & ~flash->bytes[offset + i]) != 0) {
            return false;
        }
    }
    return true;
}

static enum status flash_program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    struct flash_memory *flash = ctx;
    if (flash->is_dead || flash->fails) {
        return STATUS_IO;
    }
    if (!may_program(flash, offset, data, size)) {
        flash->breaches++;
        return STATUS_INVALID;
    }
    flash->operations++;
    enum status status = STATUS_OK;
    for (uint32_t at = 0; at < size && status == STATUS_OK; at += FLASH_PROGRAM_SIZE) {
        status = program_unit(flash, offset + at, (const uint8_t *)data + at);
    }
    return status;
}

static enum status flash_erase(void *ctx, uint32_t offset)
{
    struct flash_memory *flash = ctx;
    const uint32_t size = flash->region.sector_size;
    if (flash->is_dead || flash->fails) {
        return STATUS_IO;
    }
    if (offset % size != 0 || offset >= flash->region.size) {
        flash->breaches++;
        return STATUS_INVALID;
    }
    flash->operations++;
    const uint32_t taken = take_steps(flash, FLASH_MEMORY_ERASE_STEPS);
    if (taken < FLASH_MEMORY_ERASE_STEPS) {
        change_in_part(flash, flash->bytes + offset, NULL, size, taken, FLASH_MEMORY_ERASE_STEPS);
        // Half erased is not blank, whatever it reads as.
        memset(flash->programmed + offset / FLASH_PROGRAM_SIZE, 1, size / FLASH_PROGRAM_SIZE);
        die(flash);
        return STATUS_IO;
    }
    memset(flash->bytes + offset, 0xFF, size);
    memset(flash->programmed + offset / FLASH_PROGRAM_SIZE, 0, size / FLASH_PROGRAM_SIZE);
    flash->erases[offset / size]++;
    return STATUS_OK;
}

static enum status flash_sync(void *ctx)
{
    struct flash_memory *flash = ctx;
    if (flash->is_dead || flash->fails || flash->sync_fails) {
        return STATUS_IO;
    }
    flash->operations++;
    flash->syncs++;
    if (is_cached(flash)) {
        if (take_steps(flash, 1) == 0) {
            die(flash);
            return STATUS_IO;
        }
        memcpy(flash->kept, flash->bytes, flash->region.size);
    }
    return STATUS_OK;
}

void flash_memory_init(struct flash_memory *flash, uint32_t sector_size, uint32_t sector_count,
                       enum flash_memory_cut cut, uint64_t seed)
{
    const uint32_t size = sector_size * sector_count;
    flash->region = (struct flash_region){
        .size = size,
        .sector_size = sector_size,
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
        .sync = flash_sync,
        .ctx = flash,
    };
    flash->cut = cut;
    flash->random = seed * 2 + 1;
    flash->steps = 0;
    flash->steps_left = UINT64_MAX;
    flash->is_dead = false;
    flash->fails = false;
    flash->sync_fails = false;
    flash->operations = 0;
    flash->cuts = 0;
    flash->breaches = 0;
    flash->syncs = 0;
    memset(flash->erases, 0, sector_count * sizeof *flash->erases);
    memset(flash->programmed, 0, size / FLASH_PROGRAM_SIZE * sizeof *flash->programmed);
    memset(flash->bytes, 0xFF, size);
    memset(flash->kept, 0xFF, size);
}

void flash_memory_cut_after(struct flash_memory *flash, uint64_t steps)
{
    flash->steps_left = steps;
}

void flash_memory_cut_now(struct flash_memory *flash)
{
    die(flash);
}

void flash_memory_power_up(struct flash_memory *flash)
{
    flash->is_dead = false;
    flash->steps_left = UINT64_MAX;
    if (is_cached(flash)) {
        memcpy(flash->kept, flash->bytes, flash->region.size);
    }
}

void flash_memory_copy(struct flash_memory *copy, const struct flash_memory *flash)
{
    const uint32_t size = flash->region.size;
    const uint32_t units = size / FLASH_PROGRAM_SIZE;
    memcpy(copy, flash, offsetof(struct flash_memory, erases));
    memcpy(copy->erases, flash->erases, size / flash->region.sector_size * sizeof *copy->erases);
    memcpy(copy->programmed, flash->programmed, units * sizeof *copy->programmed);
    memcpy(copy->bytes, flash->bytes, size);
    memcpy(copy->kept, flash->kept, size);
    copy->region.ctx = copy;
}

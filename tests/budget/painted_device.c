// SPDX-License-Identifier: MIT
#include "painted_device.h"

#include <string.h>

static enum status read_bytes(void *ctx, uint32_t offset, void *out, size_t size)
{
    memcpy(out, (const uint8_t *)ctx + offset, size);
    return STATUS_OK;
}

static enum status program_bytes(void *ctx, uint32_t offset, const void *data, size_t size)
{
    uint8_t *flash = (uint8_t *)ctx + offset;
    for (size_t i = 0; i < size; i++) {
        flash[i] &= ((const uint8_t *)data)[i];
    }
    return STATUS_OK;
}

static enum status erase_sector(void *ctx, uint32_t offset)
{
    memset((uint8_t *)ctx + offset, 0xFF, PAINTED_SECTOR);
    return STATUS_OK;
}

static enum status sync_nothing(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

static struct flash_region flash_of(uint8_t bytes[PAINTED_FLASH])
{
    memset(bytes, 0xFF, PAINTED_FLASH);
    return (struct flash_region){ .size = PAINTED_FLASH,
                                  .sector_size = PAINTED_SECTOR,
                                  .read = read_bytes,
                                  .program = program_bytes,
                                  .erase = erase_sector,
                                  .sync = sync_nothing,
                                  .ctx = bytes };
}

static uint64_t tell_uptime(void *ctx)
{
    return ((const struct painted_device *)ctx)->now_us;
}

static bool tell_utc(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms)
{
    *utc_ms = PAINTED_EPOCH_MS + (int64_t)(tell_uptime(ctx) / 1000);
    *uncertainty_ms = 50;
    return true;
}

static enum status fill_random(void *ctx, void *out, size_t size)
{
    struct painted_device *device = ctx;
    for (size_t i = 0; i < size; i++) {
        device->random = device->random * 1664525u + 1013904223u;
        ((uint8_t *)out)[i] = (uint8_t)(device->random >> 24);
    }
    return STATUS_OK;
}

static bool take_lock(void *ctx)
{
    (void)ctx;
    return true;
}

static void wait_for_lock(void *ctx)
{
    (void)ctx;
}

static void release_lock(void *ctx)
{
    (void)ctx;
}

enum status painted_device_init(struct painted_device *device)
{
    memset(device, 0, sizeof *device);
    device->now_us = PAINTED_TICK_US;
    device->journal_flash = flash_of(device->journal_bytes);
    device->value_flash = flash_of(device->value_bytes);
    device->clock = (struct clock){ .uptime_us = tell_uptime, .utc_ms = tell_utc, .ctx = device };
    device->entropy = (struct entropy){ .fill = fill_random, .ctx = device };
    device->lock = (struct lock){ .acquire = wait_for_lock,
                                  .try_acquire = take_lock,
                                  .release = release_lock };
    settings_init(&device->settings);
    static const char *const values[][2] = {
        { "device_id", "meter-1" },
        { "tariff", "1 mon-fri 07:00-21:00; 2 11-01..03-31 17:00-20:00; holidays 01-01, easter+1" },
        { "time_zone", "CET-1CEST,M3.5.0,M10.5.0/3" },
    };
    enum status status = STATUS_OK;
    for (size_t n = 0; n < sizeof values / sizeof values[0] && status == STATUS_OK; n++) {
        status = settings_set(&device->settings, values[n][0], values[n][1]);
    }
    if (status == STATUS_OK) {
        status = journal_open(&device->journal, &device->journal_flash, &device->entropy);
    }
    if (status == STATUS_OK) {
        status = record_store_open(&device->store, &device->value_flash);
    }
    device->values = record_store_key_value(&device->store);
    if (status == STATUS_OK) {
        status = painted_meter_init(device);
    }
    return status == STATUS_OK ? painted_fleet_init(device) : status;
}

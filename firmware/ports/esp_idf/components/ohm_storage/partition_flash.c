// SPDX-License-Identifier: MIT
#include "partition_flash.h"

#include <string.h>

enum { ERASED = 0xFF };

static enum status outcome(esp_err_t error)
{
    return error == ESP_OK ? STATUS_OK : STATUS_IO;
}

static bool is_erased(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != ERASED) {
            return false;
        }
    }
    return true;
}

/// Turns the noise of units that are erased into ones, in what was read from `offset` on.
static esp_err_t show_erased(const esp_partition_t *partition, uint32_t offset, uint8_t *out,
                             size_t size)
{
    uint8_t raw[FLASH_PROGRAM_SIZE];
    const uint32_t end = offset + (uint32_t)size;

    for (uint32_t unit = offset - offset % FLASH_PROGRAM_SIZE; unit < end; unit += sizeof raw) {
        const esp_err_t error = esp_partition_read_raw(partition, unit, raw, sizeof raw);
        if (error != ESP_OK) {
            return error;
        }
        if (is_erased(raw, sizeof raw)) {
            const uint32_t from = unit > offset ? unit : offset;
            const uint32_t to = unit + sizeof raw < end ? unit + (uint32_t)sizeof raw : end;
            memset(out + (from - offset), ERASED, to - from);
        }
    }
    return ESP_OK;
}

static enum status read(void *ctx, uint32_t offset, void *out, size_t size)
{
    const struct partition_flash *flash = ctx;
    esp_err_t error = esp_partition_read(flash->partition, offset, out, size);

    if (error == ESP_OK && flash->partition->encrypted) {
        error = show_erased(flash->partition, offset, out, size);
    }
    return outcome(error);
}

static enum status program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    const struct partition_flash *flash = ctx;
    return outcome(esp_partition_write(flash->partition, offset, data, size));
}

static enum status erase(void *ctx, uint32_t offset)
{
    const struct partition_flash *flash = ctx;
    return outcome(esp_partition_erase_range(flash->partition, offset, flash->region.sector_size));
}

/// esp_partition_write() returns when the part has written.
static enum status sync(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

enum status partition_flash_open(struct partition_flash *flash, const char *label)
{
    const esp_partition_t *partition =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);

    if (partition == NULL) {
        return STATUS_MISSING;
    }
    *flash = (struct partition_flash){ .partition = partition,
                                       .region = { .size = partition->size,
                                                   .sector_size = partition->erase_size,
                                                   .read = read,
                                                   .program = program,
                                                   .erase = erase,
                                                   .sync = sync,
                                                   .ctx = flash } };
    return partition->size % partition->erase_size == 0 ? STATUS_OK : STATUS_INVALID;
}

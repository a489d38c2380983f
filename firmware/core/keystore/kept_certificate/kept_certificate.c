// SPDX-License-Identifier: MIT
#include "kept_certificate.h"

#include <string.h>

#include "crc32.h"

enum { NAME_SIZE = KEPT_CERTIFICATE_STEM_LIMIT + 3 };

static void name_part(char name[NAME_SIZE], const char *stem, unsigned bank, unsigned part)
{
    const size_t length = strlen(stem);
    memcpy(name, stem, length);
    name[length] = (char)('a' + (int)bank);
    name[length + 1] = (char)('0' + (int)part);
    name[length + 2] = '\0';
}

static size_t part_size(size_t left)
{
    return left < KEY_VALUE_SIZE_LIMIT ? left : KEY_VALUE_SIZE_LIMIT;
}

enum status kept_certificate_read(const struct key_value *values, const char *stem,
                                  const struct kept_certificate *kept, uint8_t *der,
                                  size_t capacity, size_t *size)
{
    enum status status = STATUS_OK;
    size_t done = 0;

    if (kept->size == 0) {
        return STATUS_MISSING;
    }
    if (kept->size > capacity) {
        return STATUS_FULL;
    }
    for (unsigned part = 0; status == STATUS_OK && done < kept->size; part++) {
        char name[NAME_SIZE];
        size_t got = 0;
        const size_t wanted = part_size(kept->size - done);
        name_part(name, stem, kept->bank, part);
        status = values->get(values->ctx, name, der + done, wanted, &got);
        if (status == STATUS_MISSING || status == STATUS_FULL ||
            (status == STATUS_OK && got != wanted)) {
            status = STATUS_CORRUPT;
        }
        done += wanted;
    }
    if (status == STATUS_OK && crc32_extend(0, der, done) != kept->crc) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        *size = done;
    }
    return status;
}

enum status kept_certificate_write(const struct key_value *values, const char *stem,
                                   struct kept_certificate *kept, const uint8_t *der, size_t size)
{
    const uint8_t bank = kept->bank ^ 1U;
    enum status status = STATUS_OK;
    size_t done = 0;

    if (size == 0 || size > KEYSTORE_CERTIFICATE_LIMIT) {
        return STATUS_INVALID;
    }
    for (unsigned part = 0; status == STATUS_OK && done < size; part++) {
        char name[NAME_SIZE];
        const size_t count = part_size(size - done);
        name_part(name, stem, bank, part);
        status = values->set(values->ctx, name, der + done, count);
        done += count;
    }
    if (status == STATUS_OK) {
        *kept = (struct kept_certificate){ bank, (uint16_t)size, crc32_extend(0, der, size) };
    }
    return status;
}

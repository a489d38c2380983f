// SPDX-License-Identifier: MIT
#include <string.h>

#include "bytes.h"
#include "identity_format.h"
#include "identity_list.h"

bool identity_name_is_good(const char *name, size_t size)
{
    if (size < 1 || size >= IDENTITY_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

size_t identity_list_size(size_t count)
{
    return count > IDENTITY_LIST_LIMIT
               ? 0
               : IDENTITY_HEAD_SIZE + count * IDENTITY_RECORD_SIZE + IDENTITY_END_SIZE;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static bool record_is_good(const uint8_t *record)
{
    const size_t name_size = record[IDENTITY_RECORD_NAME_SIZE];
    const uint8_t *name = record + IDENTITY_RECORD_NAME;
    return identity_state_is_known(record[IDENTITY_RECORD_STATE]) &&
           identity_role_is_known(record[IDENTITY_RECORD_ROLE]) &&
           record[IDENTITY_RECORD_NAME_SIZE + 1] == 0 &&
           identity_name_is_good((const char *)name, name_size) &&
           is_zero(name + name_size, IDENTITY_RECORD_SIZE - IDENTITY_RECORD_NAME - name_size);
}

static bool records_are_good(const uint8_t *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *record = records + i * IDENTITY_RECORD_SIZE;
        if (!record_is_good(record)) {
            return false;
        }
        if (i > 0 && memcmp(record - IDENTITY_RECORD_SIZE, record, CRYPTO_SHA256_SIZE) >= 0) {
            return false;
        }
    }
    return true;
}

static bool frame_is_good(const uint8_t *data, size_t size, size_t *count)
{
    const size_t framing = IDENTITY_HEAD_SIZE + IDENTITY_END_SIZE;
    if (size < framing || (size - framing) % IDENTITY_RECORD_SIZE != 0) {
        return false;
    }
    *count = (size - framing) / IDENTITY_RECORD_SIZE;
    const uint8_t *end = data + size - IDENTITY_END_SIZE;
    return *count <= IDENTITY_LIST_LIMIT &&
           memcmp(data, identity_head_magic, IDENTITY_MAGIC_SIZE) == 0 &&
           bytes_load_le16(data + IDENTITY_HEAD_VERSION) == IDENTITY_VERSION &&
           bytes_load_le16(data + IDENTITY_HEAD_RECORD_SIZE) == IDENTITY_RECORD_SIZE &&
           bytes_load_le32(data + IDENTITY_HEAD_ZERO) == 0 &&
           memcmp(end, identity_end_magic, IDENTITY_MAGIC_SIZE) == 0 &&
           bytes_load_le32(end + IDENTITY_END_COUNT) == *count &&
           bytes_load_le32(end + IDENTITY_END_ZERO) == 0;
}

enum status identity_list_open(struct identity_list *list, const uint8_t *data, size_t size,
                               const struct crypto *crypto)
{
    size_t count = 0;
    uint8_t digest[CRYPTO_SHA256_SIZE];

    if (!frame_is_good(data, size, &count)) {
        return STATUS_CORRUPT;
    }
    const struct crypto_part part = { data, size - CRYPTO_SHA256_SIZE };
    const enum status status = crypto->sha256(crypto->ctx, &part, 1, digest);
    if (status != STATUS_OK) {
        return status;
    }
    // The digest is no secret: it finds damage, and whoever can write the file can write it too.
    if (memcmp(digest, data + part.size, CRYPTO_SHA256_SIZE) != 0 ||
        !records_are_good(data + IDENTITY_HEAD_SIZE, count)) {
        return STATUS_CORRUPT;
    }
    *list = (struct identity_list){
        .records = data + IDENTITY_HEAD_SIZE,
        .count = count,
        .made_at_s = bytes_load_le64(data + IDENTITY_HEAD_MADE_AT),
    };
    return STATUS_OK;
}

enum status identity_list_at(const struct identity_list *list, size_t index,
                             struct identity_entry *entry)
{
    if (index >= list->count) {
        return STATUS_MISSING;
    }
    const uint8_t *record = list->records + index * IDENTITY_RECORD_SIZE;
    *entry = (struct identity_entry){
        .state = (enum identity_state)record[IDENTITY_RECORD_STATE],
        .role = (enum identity_role)record[IDENTITY_RECORD_ROLE],
    };
    memcpy(entry->certificate_sha256, record, CRYPTO_SHA256_SIZE);
    memcpy(entry->name, record + IDENTITY_RECORD_NAME, record[IDENTITY_RECORD_NAME_SIZE]);
    return STATUS_OK;
}

enum status identity_list_find(const struct identity_list *list,
                               const uint8_t certificate_sha256[CRYPTO_SHA256_SIZE],
                               struct identity_entry *entry)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(certificate_sha256, list->records + middle * IDENTITY_RECORD_SIZE,
                                 CRYPTO_SHA256_SIZE);
        if (order == 0) {
            return identity_list_at(list, middle, entry);
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return STATUS_MISSING;
}

// SPDX-License-Identifier: MIT
#include <string.h>

#include "bytes.h"
#include "identity_format.h"
#include "identity_list.h"

static uint8_t *record_at(const struct identity_list_writer *writer, size_t index)
{
    return writer->out + IDENTITY_HEAD_SIZE + index * IDENTITY_RECORD_SIZE;
}

enum status identity_list_begin(struct identity_list_writer *writer, uint8_t *out, size_t capacity,
                                uint64_t made_at_s)
{
    if (capacity < identity_list_size(0)) {
        return STATUS_FULL;
    }
    *writer = (struct identity_list_writer){ .out = out, .capacity = capacity };
    memset(out, 0, IDENTITY_HEAD_SIZE);
    memcpy(out, identity_head_magic, IDENTITY_MAGIC_SIZE);
    bytes_store_le16(out + IDENTITY_HEAD_VERSION, IDENTITY_VERSION);
    bytes_store_le16(out + IDENTITY_HEAD_RECORD_SIZE, IDENTITY_RECORD_SIZE);
    bytes_store_le64(out + IDENTITY_HEAD_MADE_AT, made_at_s);
    return STATUS_OK;
}

enum status identity_list_add(struct identity_list_writer *writer,
                              const struct identity_entry *entry)
{
    const char *terminator = memchr(entry->name, '\0', sizeof entry->name);
    const size_t name_size = terminator != NULL ? (size_t)(terminator - entry->name) : 0;
    if (!identity_state_is_known(entry->state) || !identity_role_is_known(entry->role) ||
        !identity_name_is_good(entry->name, name_size)) {
        return STATUS_INVALID;
    }
    if (writer->count == IDENTITY_LIST_LIMIT ||
        writer->capacity < identity_list_size(writer->count + 1)) {
        return STATUS_FULL;
    }
    uint8_t *record = record_at(writer, writer->count);
    memset(record, 0, IDENTITY_RECORD_SIZE);
    memcpy(record, entry->certificate_sha256, CRYPTO_SHA256_SIZE);
    record[IDENTITY_RECORD_STATE] = (uint8_t)entry->state;
    record[IDENTITY_RECORD_ROLE] = (uint8_t)entry->role;
    record[IDENTITY_RECORD_NAME_SIZE] = (uint8_t)name_size;
    memcpy(record + IDENTITY_RECORD_NAME, entry->name, name_size);
    writer->count++;
    return STATUS_OK;
}

static int order_of(const struct identity_list_writer *writer, size_t a, size_t b)
{
    return memcmp(record_at(writer, a), record_at(writer, b), CRYPTO_SHA256_SIZE);
}

static void swap(const struct identity_list_writer *writer, size_t a, size_t b)
{
    uint8_t kept[IDENTITY_RECORD_SIZE];
    memcpy(kept, record_at(writer, a), sizeof kept);
    memcpy(record_at(writer, a), record_at(writer, b), sizeof kept);
    memcpy(record_at(writer, b), kept, sizeof kept);
}

/// Lets the record at `at` sink to its place in the heap of the first `count`.
static void sink(const struct identity_list_writer *writer, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && order_of(writer, child, child + 1) < 0) {
            child++;
        }
        if (order_of(writer, at, child) >= 0) {
            return;
        }
        swap(writer, at, child);
        at = child;
    }
}

/// Heapsort: in place, without recursion, and no order of the input is bad for it.
static void sort(const struct identity_list_writer *writer)
{
    for (size_t i = writer->count / 2; i > 0; i--) {
        sink(writer, i - 1, writer->count);
    }
    for (size_t left = writer->count; left > 1; left--) {
        swap(writer, 0, left - 1);
        sink(writer, 0, left - 1);
    }
}

enum status identity_list_end(struct identity_list_writer *writer, const struct crypto *crypto,
                              size_t *size)
{
    sort(writer);
    for (size_t i = 1; i < writer->count; i++) {
        if (order_of(writer, i - 1, i) == 0) {
            return STATUS_INVALID;
        }
    }
    uint8_t *end = record_at(writer, writer->count);
    memset(end, 0, IDENTITY_END_SIZE);
    memcpy(end, identity_end_magic, IDENTITY_MAGIC_SIZE);
    bytes_store_le32(end + IDENTITY_END_COUNT, (uint32_t)writer->count);
    *size = identity_list_size(writer->count);
    const struct crypto_part part = { writer->out, *size - CRYPTO_SHA256_SIZE };
    return crypto->sha256(crypto->ctx, &part, 1, end + IDENTITY_END_DIGEST);
}

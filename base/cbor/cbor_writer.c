// SPDX-License-Identifier: MIT
#include "cbor_writer.h"

#include <string.h>

#include "bytes.h"
#include "cbor_major.h"

static void write_raw(struct cbor_writer *writer, const void *data, size_t size)
{
    if (writer->size <= writer->capacity && size <= writer->capacity - writer->size && size > 0) {
        memcpy(writer->out + writer->size, data, size);
    }
    writer->size += size;
}

static void write_head(struct cbor_writer *writer, enum cbor_major major, uint64_t argument)
{
    uint8_t head[9];
    size_t size = 1;
    uint8_t info;

    if (argument < CBOR_INFO_8) {
        info = (uint8_t)argument;
    } else if (argument <= UINT8_MAX) {
        info = CBOR_INFO_8;
        head[1] = (uint8_t)argument;
        size = 2;
    } else if (argument <= UINT16_MAX) {
        info = CBOR_INFO_16;
        bytes_store_be16(head + 1, (uint16_t)argument);
        size = 3;
    } else if (argument <= UINT32_MAX) {
        info = CBOR_INFO_32;
        bytes_store_be32(head + 1, (uint32_t)argument);
        size = 5;
    } else {
        info = CBOR_INFO_64;
        bytes_store_be64(head + 1, argument);
        size = 9;
    }
    head[0] = (uint8_t)(((unsigned)major << 5) | info);
    write_raw(writer, head, size);
}

void cbor_writer_init(struct cbor_writer *writer, uint8_t *out, size_t capacity)
{
    *writer = (struct cbor_writer){ .out = out, .capacity = capacity };
}

void cbor_write_uint(struct cbor_writer *writer, uint64_t value)
{
    write_head(writer, CBOR_MAJOR_UINT, value);
}

void cbor_write_int(struct cbor_writer *writer, int64_t value)
{
    if (value < 0) {
        // The argument is -1 - value, which is the complement and cannot overflow.
        write_head(writer, CBOR_MAJOR_NEGATIVE, ~(uint64_t)value);
    } else {
        write_head(writer, CBOR_MAJOR_UINT, (uint64_t)value);
    }
}

void cbor_write_bytes(struct cbor_writer *writer, const uint8_t *data, size_t size)
{
    write_head(writer, CBOR_MAJOR_BYTES, size);
    write_raw(writer, data, size);
}

void cbor_write_text(struct cbor_writer *writer, const char *text, size_t size)
{
    write_head(writer, CBOR_MAJOR_TEXT, size);
    write_raw(writer, text, size);
}

void cbor_write_boolean(struct cbor_writer *writer, bool value)
{
    write_head(writer, CBOR_MAJOR_SIMPLE, value ? CBOR_SIMPLE_TRUE : CBOR_SIMPLE_FALSE);
}

void cbor_write_tag(struct cbor_writer *writer, uint64_t tag)
{
    write_head(writer, CBOR_MAJOR_TAG, tag);
}

void cbor_write_array(struct cbor_writer *writer, size_t count)
{
    write_head(writer, CBOR_MAJOR_ARRAY, count);
}

void cbor_write_map(struct cbor_writer *writer, size_t count)
{
    write_head(writer, CBOR_MAJOR_MAP, count);
}

enum status cbor_writer_finish(const struct cbor_writer *writer, size_t *size)
{
    *size = writer->size;
    return writer->size <= writer->capacity ? STATUS_OK : STATUS_FULL;
}

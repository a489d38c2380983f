// SPDX-License-Identifier: MIT
#include "der_writer.h"

#include <string.h>

enum { SHORT_LIMIT = 0x7F, ONE_BYTE = 0x81, TWO_BYTES = 0x82 };

void der_writer_open(struct der_writer *writer, uint8_t *storage, size_t capacity)
{
    *writer = (struct der_writer){ .storage = storage, .capacity = capacity };
}

size_t der_writer_mark(const struct der_writer *writer)
{
    return writer->size;
}

void der_writer_bytes(struct der_writer *writer, const void *bytes, size_t size)
{
    if (size > writer->capacity - writer->size) {
        writer->is_full = true;
    }
    if (!writer->is_full && size > 0) {
        writer->size += size;
        memcpy(writer->storage + writer->capacity - writer->size, bytes, size);
    }
}

void der_writer_wrap(struct der_writer *writer, enum der_tag tag, size_t mark)
{
    const size_t size = writer->size - mark;
    const uint8_t low = (uint8_t)size;

    if (size <= SHORT_LIMIT) {
        const uint8_t head[] = { (uint8_t)tag, low };
        der_writer_bytes(writer, head, sizeof head);
    } else if (size <= UINT8_MAX) {
        const uint8_t head[] = { (uint8_t)tag, ONE_BYTE, low };
        der_writer_bytes(writer, head, sizeof head);
    } else {
        const uint8_t head[] = { (uint8_t)tag, TWO_BYTES, (uint8_t)(size >> 8), low };
        der_writer_bytes(writer, head, sizeof head);
    }
}

void der_writer_element(struct der_writer *writer, enum der_tag tag, const void *content,
                        size_t size)
{
    const size_t mark = der_writer_mark(writer);
    der_writer_bytes(writer, content, size);
    der_writer_wrap(writer, tag, mark);
}

enum status der_writer_finish(struct der_writer *writer, size_t *size)
{
    if (writer->is_full) {
        return STATUS_FULL;
    }
    memmove(writer->storage, writer->storage + writer->capacity - writer->size, writer->size);
    *size = writer->size;
    return STATUS_OK;
}

// SPDX-License-Identifier: MIT
#include "cbor_reader.h"

#include "bytes.h"
#include "cbor_major.h"

struct head {
    enum cbor_major major;
    uint64_t argument;
    size_t size; ///< Bytes of the head itself.
};

static size_t bytes_left(const struct cbor_reader *reader)
{
    return reader->size - reader->offset;
}

static enum status peek_head(const struct cbor_reader *reader, struct head *head)
{
    // Smallest argument that needs 1, 2, 4 and 8 more bytes; anything below has a shorter form.
    static const uint64_t smallest[] = { CBOR_INFO_8, UINT8_MAX + 1u, UINT16_MAX + 1u,
                                         (uint64_t)UINT32_MAX + 1u };

    if (bytes_left(reader) == 0) {
        return STATUS_CORRUPT;
    }
    const uint8_t *in = reader->data + reader->offset;
    const unsigned info = in[0] & 0x1Fu;
    head->major = (enum cbor_major)(in[0] >> 5);
    if (info < CBOR_INFO_8) {
        head->argument = info;
        head->size = 1;
        return STATUS_OK;
    }
    if (info > CBOR_INFO_64) {
        return STATUS_CORRUPT;
    }

    const unsigned form = info - CBOR_INFO_8;
    head->size = 1 + ((size_t)1 << form);
    if (bytes_left(reader) < head->size) {
        return STATUS_CORRUPT;
    }
    switch (form) {
    case 0:
        head->argument = in[1];
        break;
    case 1:
        head->argument = bytes_load_be16(in + 1);
        break;
    case 2:
        head->argument = bytes_load_be32(in + 1);
        break;
    default:
        head->argument = bytes_load_be64(in + 1);
        break;
    }
    return head->argument >= smallest[form] ? STATUS_OK : STATUS_CORRUPT;
}

/// Accepts a head of `major` whose argument announces content of at least `argument * width` bytes.
static enum status read_container(struct cbor_reader *reader, enum cbor_major major, size_t width,
                                  size_t *count)
{
    struct head head;
    if (peek_head(reader, &head) != STATUS_OK || head.major != major ||
        head.argument > (bytes_left(reader) - head.size) / width) {
        return STATUS_CORRUPT;
    }
    reader->offset += head.size;
    *count = (size_t)head.argument;
    return STATUS_OK;
}

void cbor_reader_init(struct cbor_reader *reader, const uint8_t *data, size_t size)
{
    *reader = (struct cbor_reader){ .data = data, .size = size };
}

enum status cbor_read_uint(struct cbor_reader *reader, uint64_t *value)
{
    struct head head;
    if (peek_head(reader, &head) != STATUS_OK || head.major != CBOR_MAJOR_UINT) {
        return STATUS_CORRUPT;
    }
    reader->offset += head.size;
    *value = head.argument;
    return STATUS_OK;
}

enum status cbor_read_int(struct cbor_reader *reader, int64_t *value)
{
    struct head head;
    if (peek_head(reader, &head) != STATUS_OK || head.argument > INT64_MAX ||
        (head.major != CBOR_MAJOR_UINT && head.major != CBOR_MAJOR_NEGATIVE)) {
        return STATUS_CORRUPT;
    }
    reader->offset += head.size;
    const int64_t argument = (int64_t)head.argument;
    *value = head.major == CBOR_MAJOR_NEGATIVE ? -1 - argument : argument;
    return STATUS_OK;
}

enum status cbor_read_bytes(struct cbor_reader *reader, const uint8_t **data, size_t *size)
{
    const enum status status = read_container(reader, CBOR_MAJOR_BYTES, 1, size);
    if (status == STATUS_OK) {
        *data = reader->data + reader->offset;
        reader->offset += *size;
    }
    return status;
}

enum status cbor_read_text(struct cbor_reader *reader, const char **text, size_t *size)
{
    const enum status status = read_container(reader, CBOR_MAJOR_TEXT, 1, size);
    if (status == STATUS_OK) {
        *text = (const char *)(reader->data + reader->offset);
        reader->offset += *size;
    }
    return status;
}

enum status cbor_read_boolean(struct cbor_reader *reader, bool *value)
{
    struct head head;
    if (peek_head(reader, &head) != STATUS_OK || head.major != CBOR_MAJOR_SIMPLE ||
        (head.argument != CBOR_SIMPLE_FALSE && head.argument != CBOR_SIMPLE_TRUE)) {
        return STATUS_CORRUPT;
    }
    reader->offset += head.size;
    *value = head.argument == CBOR_SIMPLE_TRUE;
    return STATUS_OK;
}

enum status cbor_read_tag(struct cbor_reader *reader, uint64_t tag)
{
    struct head head;
    if (peek_head(reader, &head) != STATUS_OK || head.major != CBOR_MAJOR_TAG ||
        head.argument != tag) {
        return STATUS_CORRUPT;
    }
    reader->offset += head.size;
    return STATUS_OK;
}

enum status cbor_read_array(struct cbor_reader *reader, size_t *count)
{
    return read_container(reader, CBOR_MAJOR_ARRAY, 1, count);
}

enum status cbor_read_map(struct cbor_reader *reader, size_t *count)
{
    return read_container(reader, CBOR_MAJOR_MAP, 2, count);
}

/// Passes over one item without its content; `*items` is how many items that content is.
static enum status skip_head(struct cbor_reader *reader, size_t *items)
{
    struct head head;
    const uint8_t *data;
    const char *text;
    size_t size;

    *items = 0;
    if (peek_head(reader, &head) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    switch (head.major) {
    case CBOR_MAJOR_UINT:
    case CBOR_MAJOR_NEGATIVE:
        reader->offset += head.size;
        return STATUS_OK;
    case CBOR_MAJOR_BYTES:
        return cbor_read_bytes(reader, &data, &size);
    case CBOR_MAJOR_TEXT:
        return cbor_read_text(reader, &text, &size);
    case CBOR_MAJOR_ARRAY:
        return cbor_read_array(reader, items);
    case CBOR_MAJOR_MAP:
        if (cbor_read_map(reader, items) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        *items *= 2;
        return STATUS_OK;
    case CBOR_MAJOR_TAG:
    case CBOR_MAJOR_SIMPLE:
        break;
    }
    return STATUS_CORRUPT;
}

enum status cbor_skip(struct cbor_reader *reader)
{
    const size_t start = reader->offset;
    size_t left[CBOR_DEPTH_LIMIT + 1] = { 1 }; // Items still to pass at each depth.
    unsigned depth = 0;

    for (;;) {
        while (left[depth] == 0) {
            if (depth == 0) {
                return STATUS_OK;
            }
            depth--;
        }
        left[depth]--;

        size_t items;
        const enum status status = skip_head(reader, &items);
        if (status != STATUS_OK || (items > 0 && depth == CBOR_DEPTH_LIMIT)) {
            reader->offset = start;
            return STATUS_CORRUPT;
        }
        if (items > 0) {
            left[++depth] = items;
        }
    }
}

bool cbor_reader_is_at_end(const struct cbor_reader *reader)
{
    return reader->offset == reader->size;
}

// SPDX-License-Identifier: MIT
#include "batch.h"

#include <string.h>

#include "batch_column.h"
#include "batch_key.h"
#include "cbor_reader.h"

/// What is left to read once the header is known.
struct body {
    struct cbor_reader reader;
    size_t pairs; ///< Of the map.
};

/// The readings among the records, in order.
struct slots {
    struct reading *reading[BATCH_RECORD_LIMIT];
    unsigned count;
};

static enum status read_key(struct cbor_reader *reader, enum batch_key key)
{
    uint64_t value;
    return cbor_read_uint(reader, &value) == STATUS_OK && value == (uint64_t)key ? STATUS_OK
                                                                                 : STATUS_CORRUPT;
}

static enum status read_number(struct cbor_reader *reader, enum batch_key key, uint64_t *value)
{
    return read_key(reader, key) == STATUS_OK ? cbor_read_uint(reader, value) : STATUS_CORRUPT;
}

static enum status read_header(const uint8_t *data, size_t size, struct batch_header *header,
                               struct body *body)
{
    struct cbor_reader *reader = &body->reader;
    const uint8_t *journal_id;
    size_t journal_id_size;
    uint64_t version;
    uint64_t boot_id;
    uint64_t count;

    cbor_reader_init(reader, data, size);
    if (size > BATCH_SIZE_LIMIT || cbor_read_map(reader, &body->pairs) != STATUS_OK ||
        read_number(reader, BATCH_KEY_VERSION, &version) != STATUS_OK || version != BATCH_VERSION ||
        read_key(reader, BATCH_KEY_JOURNAL_ID) != STATUS_OK ||
        cbor_read_bytes(reader, &journal_id, &journal_id_size) != STATUS_OK ||
        journal_id_size != JOURNAL_ID_SIZE ||
        read_number(reader, BATCH_KEY_BOOT_ID, &boot_id) != STATUS_OK || boot_id > UINT32_MAX ||
        read_number(reader, BATCH_KEY_FIRST_SEQ, &header->first_seq) != STATUS_OK ||
        read_number(reader, BATCH_KEY_OLDEST_SEQ, &header->oldest_seq) != STATUS_OK ||
        read_number(reader, BATCH_KEY_COUNT, &count) != STATUS_OK || count < 1 ||
        count > BATCH_RECORD_LIMIT || header->first_seq > UINT64_MAX - count ||
        header->oldest_seq > header->first_seq) {
        return STATUS_CORRUPT;
    }
    memcpy(header->journal_id, journal_id, JOURNAL_ID_SIZE);
    header->boot_id = (uint32_t)boot_id;
    header->count = (uint32_t)count;
    return STATUS_OK;
}

static enum status read_anchor(struct cbor_reader *reader, uint64_t *index, struct anchor *anchor)
{
    size_t fields;
    uint64_t uncertainty_ms;
    uint64_t source;

    if (cbor_read_array(reader, &fields) != STATUS_OK || fields != BATCH_ANCHOR_FIELDS ||
        cbor_read_uint(reader, index) != STATUS_OK ||
        cbor_read_uint(reader, &anchor->uptime_ms) != STATUS_OK || anchor->uptime_ms > INT64_MAX ||
        cbor_read_int(reader, &anchor->utc_ms) != STATUS_OK ||
        cbor_read_uint(reader, &uncertainty_ms) != STATUS_OK || uncertainty_ms > UINT32_MAX ||
        cbor_read_uint(reader, &source) != STATUS_OK || source > ANCHOR_SOURCE_SNTP) {
        return STATUS_CORRUPT;
    }
    anchor->uncertainty_ms = (uint32_t)uncertainty_ms;
    anchor->source = (uint8_t)source;
    return STATUS_OK;
}

static enum status read_anchors(struct cbor_reader *reader, struct record *records, unsigned count)
{
    size_t anchor_count;
    uint64_t lowest_index = 0;

    if (read_key(reader, BATCH_KEY_ANCHORS) != STATUS_OK ||
        cbor_read_array(reader, &anchor_count) != STATUS_OK || anchor_count < 1) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < anchor_count; i++) {
        uint64_t index;
        struct anchor anchor;
        if (read_anchor(reader, &index, &anchor) != STATUS_OK || index < lowest_index ||
            index >= count) {
            return STATUS_CORRUPT;
        }
        records[index] = (struct record){ .kind = RECORD_KIND_ANCHOR, .anchor = anchor };
        lowest_index = index + 1;
    }
    return STATUS_OK;
}

/// Reads one column into all readings; `channel` as in the encoder.
static enum status read_column(struct cbor_reader *reader, const struct column *column,
                               unsigned channel, const struct slots *slots)
{
    size_t count;
    uint64_t value = 0; // Sums are taken modulo 2^64, as the encoder does.
    uint64_t difference = 0;

    if (cbor_read_array(reader, &count) != STATUS_OK || count > slots->count) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < slots->count; i++) {
        int64_t coded = 0;
        if (i < count && cbor_read_int(reader, &coded) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        if (column->steady && i >= 1) {
            difference += (uint64_t)coded;
            value += difference;
        } else {
            value += (uint64_t)coded;
        }

        struct reading *reading = slots->reading[i];
        if (channel == BATCH_NO_CHANNEL) {
            if (!batch_column_store(column, reading, (int64_t)value)) {
                return STATUS_CORRUPT;
            }
        } else if ((((unsigned)reading->channels >> channel) & 1u) != 0) {
            if (!batch_column_store(column, &reading->channel[channel], (int64_t)value)) {
                return STATUS_CORRUPT;
            }
        } else if (value != 0) {
            return STATUS_CORRUPT; // A channel that was not measured has no values.
        }
    }
    return STATUS_OK;
}

static enum status read_readings(struct cbor_reader *reader, const struct slots *slots)
{
    size_t column_count;
    if (read_key(reader, BATCH_KEY_READINGS) != STATUS_OK ||
        cbor_read_array(reader, &column_count) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < READING_COLUMN_COUNT; i++) {
        if (read_column(reader, &batch_reading_columns[i], BATCH_NO_CHANNEL, slots) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
    }

    uint8_t channels = 0;
    for (unsigned i = 0; i < slots->count; i++) {
        channels |= slots->reading[i]->channels;
    }
    size_t columns_read = READING_COLUMN_COUNT;
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        if ((((unsigned)channels >> channel) & 1u) == 0) {
            continue;
        }
        for (unsigned i = 0; i < CHANNEL_COLUMN_COUNT; i++) {
            if (read_column(reader, &batch_channel_columns[i], channel, slots) != STATUS_OK) {
                return STATUS_CORRUPT;
            }
        }
        columns_read += CHANNEL_COLUMN_COUNT;
    }
    return columns_read == column_count ? STATUS_OK : STATUS_CORRUPT;
}

enum status batch_decode_header(const uint8_t *data, size_t size, struct batch_header *header)
{
    struct body body;
    return read_header(data, size, header, &body);
}

enum status batch_decode(const uint8_t *data, size_t size, struct batch_header *header,
                         struct record *records)
{
    struct body body;
    struct slots slots = { .count = 0 };
    if (read_header(data, size, header, &body) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < header->count; i++) {
        records[i] = (struct record){ .kind = RECORD_KIND_READING };
    }

    // The header's six pairs come first; the next key tells whether there are anchors.
    size_t pairs = BATCH_KEY_ANCHORS;
    struct cbor_reader peek = body.reader;
    if (read_key(&peek, BATCH_KEY_ANCHORS) == STATUS_OK) {
        if (read_anchors(&body.reader, records, header->count) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        pairs++;
    }
    for (unsigned i = 0; i < header->count; i++) {
        if (records[i].kind == RECORD_KIND_READING) {
            slots.reading[slots.count++] = &records[i].reading;
        }
    }
    if (slots.count > 0) {
        if (read_readings(&body.reader, &slots) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        pairs++;
    }
    return pairs == body.pairs && cbor_reader_is_at_end(&body.reader) ? STATUS_OK : STATUS_CORRUPT;
}

// SPDX-License-Identifier: MIT
#include "batch.h"

#include <string.h>

#include "batch_key.h"
#include "cbor_reader.h"
#include "record_fields.h"

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

static enum status read_tail(struct cbor_reader *reader, struct record *record)
{
    struct batch_row row = { 0 };
    const bool smooth = record_tail_is_smooth(record->kind);
    const unsigned tail_count = record_tail_count(record);
    size_t count;
    if (cbor_read_array(reader, &count) != STATUS_OK || count > tail_count) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < tail_count; i++) {
        int64_t value = 0;
        if (i < count && cbor_read_int(reader, &value) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        value = smooth ? batch_row_value(&row, true, value) : value;
        if (!record_tail_store(record, i, value)) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

/// Reads a record that is no reading, behind its index.
static enum status read_record(struct cbor_reader *reader, struct record *record, unsigned kind)
{
    const struct record_field_table head = record_head_fields(kind);
    *record = (struct record){ .kind = (uint8_t)kind };
    for (unsigned i = 0; i < head.count; i++) {
        int64_t value;
        if (cbor_read_int(reader, &value) != STATUS_OK ||
            !record_field_store(&head.field[i], record, value)) {
            return STATUS_CORRUPT;
        }
    }
    if (record_has_tail(kind) && read_tail(reader, record) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    return record_is_valid(record) ? STATUS_OK : STATUS_CORRUPT;
}

/// Reads all records of one kind into their places, each of which is a reading until then.
static enum status read_kind(struct cbor_reader *reader, struct record *records, unsigned count,
                             unsigned kind)
{
    const size_t fields = 1u + record_head_fields(kind).count + (record_has_tail(kind) ? 1u : 0u);
    size_t kind_count;
    uint64_t lowest_index = 0;

    if (read_key(reader, (enum batch_key)batch_key_of(kind)) != STATUS_OK ||
        cbor_read_array(reader, &kind_count) != STATUS_OK || kind_count < 1) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < kind_count; i++) {
        uint64_t index;
        size_t size;
        if (cbor_read_array(reader, &size) != STATUS_OK || size != fields ||
            cbor_read_uint(reader, &index) != STATUS_OK || index < lowest_index || index >= count ||
            records[index].kind != RECORD_KIND_READING ||
            read_record(reader, &records[index], kind) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        lowest_index = index + 1;
    }
    return STATUS_OK;
}

/// Reads one column into all readings; `channel` as in the encoder.
static enum status read_column(struct cbor_reader *reader, const struct record_field *field,
                               unsigned channel, const struct slots *slots)
{
    struct batch_row row = { 0 };
    size_t count;

    if (cbor_read_array(reader, &count) != STATUS_OK || count > slots->count) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < slots->count; i++) {
        int64_t coded = 0;
        if (i < count && cbor_read_int(reader, &coded) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        const int64_t value = batch_row_value(&row, field->steady, coded);
        struct reading *reading = slots->reading[i];
        if (channel == BATCH_NO_CHANNEL) {
            if (!record_field_store(field, reading, value)) {
                return STATUS_CORRUPT;
            }
        } else if ((((unsigned)reading->channels >> channel) & 1u) != 0) {
            if (!record_field_store(field, &reading->channel[channel], value)) {
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
    for (unsigned i = 0; i < RECORD_READING_FIELDS; i++) {
        if (read_column(reader, &record_reading_fields[i], BATCH_NO_CHANNEL, slots) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
    }

    uint8_t channels = 0;
    for (unsigned i = 0; i < slots->count; i++) {
        channels |= slots->reading[i]->channels;
    }
    size_t columns_read = RECORD_READING_FIELDS;
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        if ((((unsigned)channels >> channel) & 1u) == 0) {
            continue;
        }
        for (unsigned i = 0; i < RECORD_CHANNEL_FIELDS; i++) {
            if (read_column(reader, &record_channel_fields[i], channel, slots) != STATUS_OK) {
                return STATUS_CORRUPT;
            }
        }
        columns_read += RECORD_CHANNEL_FIELDS;
    }
    return columns_read == column_count ? STATUS_OK : STATUS_CORRUPT;
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

    // The header's six pairs come first; the next key tells which kinds there are.
    size_t pairs = BATCH_KEY_ANCHORS;
    for (unsigned kind = RECORD_KIND_ANCHOR; kind < RECORD_KIND_COUNT; kind++) {
        struct cbor_reader peek = body.reader;
        if (read_key(&peek, (enum batch_key)batch_key_of(kind)) != STATUS_OK) {
            continue;
        }
        if (read_kind(&body.reader, records, header->count, kind) != STATUS_OK) {
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

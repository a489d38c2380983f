// SPDX-License-Identifier: MIT
#include "batch.h"

#include "batch_key.h"
#include "cbor_writer.h"
#include "record_fields.h"

/// The readings among the records, the channels that any of them measures, and how many there are
/// of each kind.
struct outline {
    const struct reading *reading[BATCH_RECORD_LIMIT];
    unsigned count[RECORD_KIND_COUNT];
    uint8_t channels;
};

static enum status outline_records(const struct record *records, unsigned count,
                                   struct outline *outline)
{
    *outline = (struct outline){ 0 };
    for (unsigned i = 0; i < count; i++) {
        if (!record_is_valid(&records[i])) {
            return STATUS_INVALID;
        }
        if (records[i].kind == RECORD_KIND_READING) {
            outline->reading[outline->count[RECORD_KIND_READING]] = &records[i].reading;
            outline->channels |= records[i].reading.channels;
        }
        outline->count[records[i].kind]++;
    }
    return STATUS_OK;
}

/// Writes numbers as an array; zeros at its end go without saying.
static void write_row(struct cbor_writer *writer, const int64_t *coded, unsigned count)
{
    while (count > 0 && coded[count - 1] == 0) {
        count--;
    }
    cbor_write_array(writer, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_write_int(writer, coded[i]);
    }
}

static void write_tail(struct cbor_writer *writer, const struct record *record)
{
    int64_t coded[RECORD_TAIL_LIMIT];
    struct batch_row row = { 0 };
    const bool smooth = record_tail_is_smooth(record->kind);
    const unsigned count = record_tail_count(record);
    for (unsigned i = 0; i < count; i++) {
        const int64_t value = record_tail_load(record, i);
        coded[i] = smooth ? batch_row_code(&row, true, value) : value;
    }
    write_row(writer, coded, count);
}

/// Writes all records of one kind, which is not that of readings.
static void write_kind(struct cbor_writer *writer, const struct record *records,
                       uint32_t record_count, unsigned kind, unsigned kind_count)
{
    const struct record_field_table head = record_head_fields(kind);
    const bool has_tail = record_has_tail(kind);

    cbor_write_uint(writer, batch_key_of(kind));
    cbor_write_array(writer, kind_count);
    for (unsigned i = 0; i < record_count; i++) {
        if (records[i].kind != kind) {
            continue;
        }
        cbor_write_array(writer, 1u + head.count + (has_tail ? 1u : 0u));
        cbor_write_uint(writer, i);
        for (unsigned f = 0; f < head.count; f++) {
            cbor_write_int(writer, record_field_load(&head.field[f], &records[i]));
        }
        if (has_tail) {
            write_tail(writer, &records[i]);
        }
    }
}

/// Writes one column; `channel` is the channel that it belongs to, or BATCH_NO_CHANNEL.
static void write_column(struct cbor_writer *writer, const struct outline *outline,
                         const struct record_field *field, unsigned channel)
{
    int64_t coded[BATCH_RECORD_LIMIT];
    struct batch_row row = { 0 };
    const unsigned count = outline->count[RECORD_KIND_READING];

    for (unsigned i = 0; i < count; i++) {
        const struct reading *reading = outline->reading[i];
        int64_t value = 0;
        if (channel == BATCH_NO_CHANNEL) {
            value = record_field_load(field, reading);
        } else if ((((unsigned)reading->channels >> channel) & 1u) != 0) {
            value = record_field_load(field, &reading->channel[channel]);
        }
        coded[i] = batch_row_code(&row, field->steady, value);
    }
    write_row(writer, coded, count);
}

static void write_readings(struct cbor_writer *writer, const struct outline *outline)
{
    unsigned column_count = RECORD_READING_FIELDS;
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        column_count += (((unsigned)outline->channels >> channel) & 1u) * RECORD_CHANNEL_FIELDS;
    }

    cbor_write_uint(writer, BATCH_KEY_READINGS);
    cbor_write_array(writer, column_count);
    for (unsigned i = 0; i < RECORD_READING_FIELDS; i++) {
        write_column(writer, outline, &record_reading_fields[i], BATCH_NO_CHANNEL);
    }
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        if ((((unsigned)outline->channels >> channel) & 1u) == 0) {
            continue;
        }
        for (unsigned i = 0; i < RECORD_CHANNEL_FIELDS; i++) {
            write_column(writer, outline, &record_channel_fields[i], channel);
        }
    }
}

static void write_header(struct cbor_writer *writer, const struct batch_header *header)
{
    cbor_write_uint(writer, BATCH_KEY_VERSION);
    cbor_write_uint(writer, BATCH_VERSION);
    cbor_write_uint(writer, BATCH_KEY_JOURNAL_ID);
    cbor_write_bytes(writer, header->journal_id, JOURNAL_ID_SIZE);
    cbor_write_uint(writer, BATCH_KEY_BOOT_ID);
    cbor_write_uint(writer, header->boot_id);
    cbor_write_uint(writer, BATCH_KEY_FIRST_SEQ);
    cbor_write_uint(writer, header->first_seq);
    cbor_write_uint(writer, BATCH_KEY_OLDEST_SEQ);
    cbor_write_uint(writer, header->oldest_seq);
    cbor_write_uint(writer, BATCH_KEY_COUNT);
    cbor_write_uint(writer, header->count);
}

enum status batch_encode(const struct batch_header *header, const struct record *records,
                         uint8_t *out, size_t capacity, size_t *size)
{
    struct outline outline;
    if (header->count < 1 || header->count > BATCH_RECORD_LIMIT ||
        header->first_seq > UINT64_MAX - header->count || header->oldest_seq > header->first_seq ||
        outline_records(records, header->count, &outline) != STATUS_OK) {
        return STATUS_INVALID;
    }

    struct cbor_writer writer;
    size_t pairs = BATCH_KEY_ANCHORS;
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        pairs += outline.count[kind] > 0 ? 1u : 0u;
    }
    cbor_writer_init(&writer, out, capacity < BATCH_SIZE_LIMIT ? capacity : BATCH_SIZE_LIMIT);
    cbor_write_map(&writer, pairs);
    write_header(&writer, header);
    for (unsigned kind = RECORD_KIND_ANCHOR; kind < RECORD_KIND_COUNT; kind++) {
        if (outline.count[kind] > 0) {
            write_kind(&writer, records, header->count, kind, outline.count[kind]);
        }
    }
    if (outline.count[RECORD_KIND_READING] > 0) {
        write_readings(&writer, &outline);
    }
    return cbor_writer_finish(&writer, size);
}

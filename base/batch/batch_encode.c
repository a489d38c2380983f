// SPDX-License-Identifier: MIT
#include "batch.h"

#include "batch_column.h"
#include "batch_key.h"
#include "cbor_writer.h"

/// The readings among the records, and the channels that any of them measures.
struct outline {
    const struct reading *reading[BATCH_RECORD_LIMIT];
    unsigned reading_count;
    unsigned anchor_count;
    uint8_t channels;
};

/// Values as the column holds them: the first as it is, then differences. Modulo 2^64, so that the
/// difference of two differences needs no more room than the values themselves.
struct column_coder {
    uint64_t value;
    uint64_t difference;
    unsigned count;
};

static int64_t code_next(struct column_coder *coder, bool steady, int64_t value)
{
    const uint64_t difference = (uint64_t)value - coder->value;
    const uint64_t bend = difference - coder->difference;
    const bool twice = steady && coder->count >= 2;

    coder->value = (uint64_t)value;
    coder->difference = coder->count >= 1 ? difference : 0;
    coder->count++;
    return (int64_t)(twice ? bend : difference);
}

static enum status outline_records(const struct record *records, unsigned count,
                                   struct outline *outline)
{
    *outline = (struct outline){ 0 };
    for (unsigned i = 0; i < count; i++) {
        if (records[i].kind == RECORD_KIND_READING) {
            outline->reading[outline->reading_count++] = &records[i].reading;
            outline->channels |= records[i].reading.channels;
        } else if (records[i].kind == RECORD_KIND_ANCHOR &&
                   records[i].anchor.uptime_ms <= INT64_MAX &&
                   records[i].anchor.source <= ANCHOR_SOURCE_SNTP) {
            outline->anchor_count++;
        } else {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static void write_anchors(struct cbor_writer *writer, const struct record *records, unsigned count,
                          unsigned anchor_count)
{
    cbor_write_uint(writer, BATCH_KEY_ANCHORS);
    cbor_write_array(writer, anchor_count);
    for (unsigned i = 0; i < count; i++) {
        if (records[i].kind == RECORD_KIND_ANCHOR) {
            const struct anchor *anchor = &records[i].anchor;
            cbor_write_array(writer, BATCH_ANCHOR_FIELDS);
            cbor_write_uint(writer, i);
            cbor_write_uint(writer, anchor->uptime_ms);
            cbor_write_int(writer, anchor->utc_ms);
            cbor_write_uint(writer, anchor->uncertainty_ms);
            cbor_write_uint(writer, anchor->source);
        }
    }
}

/// Writes one column; `channel` is the channel that it belongs to, or BATCH_NO_CHANNEL.
static enum status write_column(struct cbor_writer *writer, const struct outline *outline,
                                const struct column *column, unsigned channel)
{
    int64_t coded[BATCH_RECORD_LIMIT];
    struct column_coder coder = { 0 };
    unsigned count = 0;

    for (unsigned i = 0; i < outline->reading_count; i++) {
        const struct reading *reading = outline->reading[i];
        int64_t value = 0;
        if (channel == BATCH_NO_CHANNEL) {
            value = batch_column_load(column, reading);
        } else if ((((unsigned)reading->channels >> channel) & 1u) != 0) {
            value = batch_column_load(column, &reading->channel[channel]);
        }
        if (value < 0 && (column->type == COLUMN_U64 || column->type == COLUMN_I64)) {
            return STATUS_INVALID;
        }
        coded[i] = code_next(&coder, column->steady, value);
        if (coded[i] != 0) {
            count = i + 1;
        }
    }

    cbor_write_array(writer, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_write_int(writer, coded[i]);
    }
    return STATUS_OK;
}

static enum status write_readings(struct cbor_writer *writer, const struct outline *outline)
{
    unsigned column_count = READING_COLUMN_COUNT;
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        column_count += (((unsigned)outline->channels >> channel) & 1u) * CHANNEL_COLUMN_COUNT;
    }

    cbor_write_uint(writer, BATCH_KEY_READINGS);
    cbor_write_array(writer, column_count);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < READING_COLUMN_COUNT && status == STATUS_OK; i++) {
        status = write_column(writer, outline, &batch_reading_columns[i], BATCH_NO_CHANNEL);
    }
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        if ((((unsigned)outline->channels >> channel) & 1u) == 0) {
            continue;
        }
        for (unsigned i = 0; i < CHANNEL_COLUMN_COUNT && status == STATUS_OK; i++) {
            status = write_column(writer, outline, &batch_channel_columns[i], channel);
        }
    }
    return status;
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
    cbor_writer_init(&writer, out, capacity < BATCH_SIZE_LIMIT ? capacity : BATCH_SIZE_LIMIT);
    cbor_write_map(&writer, BATCH_KEY_ANCHORS + (outline.anchor_count > 0 ? 1u : 0u) +
                                (outline.reading_count > 0 ? 1u : 0u));
    cbor_write_uint(&writer, BATCH_KEY_VERSION);
    cbor_write_uint(&writer, BATCH_VERSION);
    cbor_write_uint(&writer, BATCH_KEY_JOURNAL_ID);
    cbor_write_bytes(&writer, header->journal_id, JOURNAL_ID_SIZE);
    cbor_write_uint(&writer, BATCH_KEY_BOOT_ID);
    cbor_write_uint(&writer, header->boot_id);
    cbor_write_uint(&writer, BATCH_KEY_FIRST_SEQ);
    cbor_write_uint(&writer, header->first_seq);
    cbor_write_uint(&writer, BATCH_KEY_OLDEST_SEQ);
    cbor_write_uint(&writer, header->oldest_seq);
    cbor_write_uint(&writer, BATCH_KEY_COUNT);
    cbor_write_uint(&writer, header->count);
    if (outline.anchor_count > 0) {
        write_anchors(&writer, records, header->count, outline.anchor_count);
    }
    if (outline.reading_count > 0 && write_readings(&writer, &outline) != STATUS_OK) {
        return STATUS_INVALID;
    }
    return cbor_writer_finish(&writer, size);
}

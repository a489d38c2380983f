// SPDX-License-Identifier: MIT
#pragma once

/// What a record consists of, as tables: every field with its place and its range, in the order in
/// which the codecs write it. The batch and the journal share them, so neither can carry what the
/// other refuses.
///
/// A reading has three tables: its own fields, and those of each measured channel. Any other record
/// has one table and perhaps a *tail*, a row of numbers: the samples of a waveform, the harmonics
/// of a spectrum, the measured channels of an interval one after the other.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

enum field_type {
    FIELD_U8,
    FIELD_U16,
    FIELD_I16,
    FIELD_U32,
    FIELD_I32,
    FIELD_U63, ///< An unsigned or signed field of 64 bits; 0 to INT64_MAX.
    FIELD_I64,
};

struct record_field {
    uint16_t offset; ///< In struct record, in struct reading, or in the channel's struct.
    uint8_t type;    ///< enum field_type.
    uint8_t most;    ///< Highest value of a FIELD_U8.
    bool steady;     ///< Grows at a steady pace: differences of differences are small.
};

struct record_field_table {
    const struct record_field *field;
    unsigned count;
};

enum {
    RECORD_READING_FIELDS = 19,
    RECORD_CHANNEL_FIELDS = 16,
    RECORD_HEAD_LIMIT = 14,  ///< Most fields of a record that is no reading.
    RECORD_TAIL_LIMIT = 192, ///< Most numbers of a tail.
};

/// Of struct reading and of struct reading_channel.
extern const struct record_field record_reading_fields[RECORD_READING_FIELDS];
extern const struct record_field record_channel_fields[RECORD_CHANNEL_FIELDS];

/// The fields of a record of `kind`, which is none of a reading; offsets are in struct record. For
/// any other kind the table is empty.
struct record_field_table record_head_fields(unsigned kind);

/// The field as an integer. `base` is what its offset counts from.
int64_t record_field_load(const struct record_field *field, const void *base);

/// Stores the field, or returns false and leaves it when `value` is out of its range.
bool record_field_store(const struct record_field *field, void *base, int64_t value);

/// Tells whether every field of `record` is within its range, so that any codec can carry it. What
/// does not count is not looked at: unmeasured channels, samples behind the last one.
bool record_is_valid(const struct record *record);

/// The uptime at the record's end: at the end of its window or of the event, at the first sample of
/// a waveform. `record` is valid.
uint64_t record_uptime_ms(const struct record *record);

/// Tells whether records of `kind` have a tail, which may be empty all the same.
bool record_has_tail(unsigned kind);

/// How many numbers the tail has, once the head is known.
unsigned record_tail_count(const struct record *record);

/// Tells whether differences of differences of the tail are small, as of a waveform.
bool record_tail_is_smooth(unsigned kind);

/// Number `index` of the tail, below record_tail_count().
int64_t record_tail_load(const struct record *record, unsigned index);

/// Stores it, or returns false and leaves it when `value` is out of its range.
bool record_tail_store(struct record *record, unsigned index, int64_t value);

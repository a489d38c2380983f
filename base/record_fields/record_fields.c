// SPDX-License-Identifier: MIT
#include "record_fields.h"

#include <string.h>

// clang-format off
#define FIELD(struct_, member, type_) { .offset = offsetof(struct_, member), .type = (type_) }
#define STEADY(struct_, member) { .offset = offsetof(struct_, member), .type = FIELD_U63, .steady = true }
#define SMALL(struct_, member, most_) { .offset = offsetof(struct_, member), .type = FIELD_U8, .most = (most_) }
// clang-format on

enum { INTERVAL_FLAGS_ALL = 2 * INTERVAL_CLOCK_STEP - 1 };

const struct record_field record_reading_fields[RECORD_READING_FIELDS] = {
    STEADY(struct reading, uptime_ms),
    FIELD(struct reading, window_us, FIELD_U32),
    FIELD(struct reading, frequency_mhz, FIELD_U32),
    FIELD(struct reading, quality, FIELD_U16),
    SMALL(struct reading, channels, UINT8_MAX),
    SMALL(struct reading, connected, UINT8_MAX),
    SMALL(struct reading, rate, READING_RATE_COUNT - 1),
    STEADY(struct reading, total.import_mj[0]),
    STEADY(struct reading, total.import_mj[1]),
    STEADY(struct reading, total.import_mj[2]),
    STEADY(struct reading, total.import_mj[3]),
    STEADY(struct reading, total.export_mj[0]),
    STEADY(struct reading, total.export_mj[1]),
    STEADY(struct reading, total.export_mj[2]),
    STEADY(struct reading, total.export_mj[3]),
    STEADY(struct reading, total.reactive_mvars[0]),
    STEADY(struct reading, total.reactive_mvars[1]),
    STEADY(struct reading, total.reactive_mvars[2]),
    STEADY(struct reading, total.reactive_mvars[3]),
};

const struct record_field record_channel_fields[RECORD_CHANNEL_FIELDS] = {
    FIELD(struct reading_channel, voltage_10mv, FIELD_U32),
    FIELD(struct reading_channel, current_100ua, FIELD_U32),
    FIELD(struct reading_channel, active_power_10mw, FIELD_I32),
    FIELD(struct reading_channel, reactive_power_10mvar, FIELD_I32),
    FIELD(struct reading_channel, apparent_power_10mva, FIELD_U32),
    FIELD(struct reading_channel, power_factor_1e4, FIELD_I16),
    FIELD(struct reading_channel, quality, FIELD_U16),
    FIELD(struct reading_channel, fundamental_voltage_10mv, FIELD_U32),
    FIELD(struct reading_channel, fundamental_current_100ua, FIELD_U32),
    FIELD(struct reading_channel, fundamental_power_10mw, FIELD_I32),
    STEADY(struct reading_channel, import_mj),
    STEADY(struct reading_channel, export_mj),
    STEADY(struct reading_channel, reactive_mvars[0]),
    STEADY(struct reading_channel, reactive_mvars[1]),
    STEADY(struct reading_channel, reactive_mvars[2]),
    STEADY(struct reading_channel, reactive_mvars[3]),
};

static const struct record_field anchor_fields[] = {
    FIELD(struct record, anchor.uptime_ms, FIELD_U63),
    FIELD(struct record, anchor.utc_ms, FIELD_I64),
    FIELD(struct record, anchor.uncertainty_ms, FIELD_U32),
    SMALL(struct record, anchor.source, ANCHOR_SOURCE_SNTP),
};

static const struct record_field event_fields[] = {
    FIELD(struct record, event.started_us, FIELD_U63),
    FIELD(struct record, event.duration_us, FIELD_U63),
    FIELD(struct record, event.id, FIELD_U32),
    SMALL(struct record, event.kind, POWER_EVENT_KIND_COUNT - 1),
    SMALL(struct record, event.channel, READING_CHANNEL_COUNT - 1),
    FIELD(struct record, event.extreme_10mv, FIELD_U32),
    FIELD(struct record, event.declared_10mv, FIELD_U32),
    FIELD(struct record, event.quality, FIELD_U16),
};

static const struct record_field waveform_fields[] = {
    FIELD(struct record, waveform.started_us, FIELD_U63),
    FIELD(struct record, waveform.event_id, FIELD_U32),
    FIELD(struct record, waveform.interval_ns, FIELD_U32),
    FIELD(struct record, waveform.unit_per_1e6, FIELD_U32),
    SMALL(struct record, waveform.channel, READING_CHANNEL_COUNT - 1),
    SMALL(struct record, waveform.signal, SIGNAL_KIND_COUNT - 1),
    FIELD(struct record, waveform.count, FIELD_U16),
};

static const struct record_field spectrum_fields[] = {
    FIELD(struct record, spectrum.uptime_ms, FIELD_U63),
    FIELD(struct record, spectrum.span_ms, FIELD_U32),
    FIELD(struct record, spectrum.windows, FIELD_U32),
    FIELD(struct record, spectrum.frequency_mhz, FIELD_U32),
    FIELD(struct record, spectrum.fundamental_rms, FIELD_U32),
    FIELD(struct record, spectrum.distortion_ppm, FIELD_U32),
    SMALL(struct record, spectrum.channel, READING_CHANNEL_COUNT - 1),
    SMALL(struct record, spectrum.signal, SIGNAL_KIND_COUNT - 1),
    FIELD(struct record, spectrum.quality, FIELD_U16),
};

static const struct record_field interval_fields[] = {
    FIELD(struct record, interval.uptime_ms, FIELD_U63),
    FIELD(struct record, interval.length_ms, FIELD_U32),
    FIELD(struct record, interval.measured_ms, FIELD_U32),
    SMALL(struct record, interval.kind, INTERVAL_KIND_COUNT - 1),
    SMALL(struct record, interval.flags, INTERVAL_FLAGS_ALL),
    FIELD(struct record, interval.quality, FIELD_U16),
    SMALL(struct record, interval.rate, READING_RATE_COUNT - 1),
    FIELD(struct record, interval.frequency_mhz, FIELD_U32),
    FIELD(struct record, interval.frequency_low_mhz, FIELD_U32),
    FIELD(struct record, interval.frequency_high_mhz, FIELD_U32),
    FIELD(struct record, interval.demand_mw, FIELD_I64),
    FIELD(struct record, interval.maximum_demand_mw, FIELD_I64),
    FIELD(struct record, interval.maximum_demand_at_ms, FIELD_I64),
    SMALL(struct record, interval.channels, UINT8_MAX),
};

#define TABLE(fields)                                                                              \
    (struct record_field_table)                                                                    \
    {                                                                                              \
        .field = (fields), .count = sizeof(fields) / sizeof *(fields)                              \
    }

struct record_field_table record_head_fields(unsigned kind)
{
    switch ((enum record_kind)kind) {
    case RECORD_KIND_ANCHOR:
        return TABLE(anchor_fields);
    case RECORD_KIND_EVENT:
        return TABLE(event_fields);
    case RECORD_KIND_WAVEFORM:
        return TABLE(waveform_fields);
    case RECORD_KIND_SPECTRUM:
        return TABLE(spectrum_fields);
    case RECORD_KIND_INTERVAL:
        return TABLE(interval_fields);
    case RECORD_KIND_READING:
    case RECORD_KIND_COUNT:
        break;
    }
    return (struct record_field_table){ .count = 0 };
}

static bool is_in_range(const struct record_field *field, int64_t value)
{
    switch ((enum field_type)field->type) {
    case FIELD_U8:
        return value >= 0 && value <= field->most;
    case FIELD_U16:
        return value >= 0 && value <= UINT16_MAX;
    case FIELD_I16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case FIELD_U32:
        return value >= 0 && value <= UINT32_MAX;
    case FIELD_I32:
        return value >= INT32_MIN && value <= INT32_MAX;
    case FIELD_U63:
        return value >= 0;
    case FIELD_I64:
        return true;
    }
    return false;
}

// Copying through a variable of the field's own type keeps the machine's byte order out of this.
int64_t record_field_load(const struct record_field *field, const void *base)
{
    const uint8_t *place = (const uint8_t *)base + field->offset;
    union {
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        int64_t i64;
    } value;

    switch ((enum field_type)field->type) {
    case FIELD_U8:
        return *place;
    case FIELD_U16:
        memcpy(&value.u16, place, sizeof value.u16);
        return value.u16;
    case FIELD_I16:
        memcpy(&value.i16, place, sizeof value.i16);
        return value.i16;
    case FIELD_U32:
        memcpy(&value.u32, place, sizeof value.u32);
        return value.u32;
    case FIELD_I32:
        memcpy(&value.i32, place, sizeof value.i32);
        return value.i32;
    case FIELD_U63:
    case FIELD_I64:
        break;
    }
    memcpy(&value.i64, place, sizeof value.i64);
    return value.i64;
}

bool record_field_store(const struct record_field *field, void *base, int64_t value)
{
    uint8_t *place = (uint8_t *)base + field->offset;
    if (!is_in_range(field, value)) {
        return false;
    }

    // A signed field has the same bytes as the unsigned number that is congruent to it.
    const uint16_t value16 = (uint16_t)value;
    const uint32_t value32 = (uint32_t)value;
    switch ((enum field_type)field->type) {
    case FIELD_U8:
        *place = (uint8_t)value;
        break;
    case FIELD_U16:
    case FIELD_I16:
        memcpy(place, &value16, sizeof value16);
        break;
    case FIELD_U32:
    case FIELD_I32:
        memcpy(place, &value32, sizeof value32);
        break;
    case FIELD_U63:
    case FIELD_I64:
        memcpy(place, &value, sizeof value);
        break;
    }
    return true;
}

static bool are_in_range(const struct record_field *fields, unsigned count, const void *base)
{
    bool valid = true;
    for (unsigned i = 0; i < count; i++) {
        valid = valid && is_in_range(&fields[i], record_field_load(&fields[i], base));
    }
    return valid;
}

static bool is_reading_valid(const struct reading *reading)
{
    bool valid = are_in_range(record_reading_fields, RECORD_READING_FIELDS, reading);
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const bool measured = ((unsigned)reading->channels >> i & 1u) != 0;
        valid = valid && (!measured || are_in_range(record_channel_fields, RECORD_CHANNEL_FIELDS,
                                                    &reading->channel[i]));
    }
    return valid;
}

static bool is_interval_valid(const struct metering_interval *interval)
{
    bool valid = true;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const struct interval_channel *channel = &interval->channel[i];
        const bool measured = ((unsigned)interval->channels >> i & 1u) != 0;
        valid = valid && (!measured || (channel->import_mj >= 0 && channel->export_mj >= 0));
    }
    return valid;
}

bool record_is_valid(const struct record *record)
{
    const struct record_field_table head = record_head_fields(record->kind);
    if (!are_in_range(head.field, head.count, record)) {
        return false;
    }
    switch ((enum record_kind)record->kind) {
    case RECORD_KIND_READING:
        return is_reading_valid(&record->reading);
    case RECORD_KIND_ANCHOR:
    case RECORD_KIND_EVENT:
        return true;
    case RECORD_KIND_WAVEFORM:
        return record->waveform.unit_per_1e6 > 0 && record->waveform.count > 0 &&
               record->waveform.count <= WAVEFORM_CHUNK_SAMPLES;
    case RECORD_KIND_SPECTRUM:
        return record->spectrum.harmonic_ppm[0] == 0 || record->spectrum.harmonic_ppm[0] == 1000000;
    case RECORD_KIND_INTERVAL:
        return is_interval_valid(&record->interval);
    case RECORD_KIND_COUNT:
        break;
    }
    return false;
}

uint64_t record_uptime_ms(const struct record *record)
{
    enum { US_PER_MS = 1000 };
    switch ((enum record_kind)record->kind) {
    case RECORD_KIND_READING:
        return record->reading.uptime_ms;
    case RECORD_KIND_ANCHOR:
        return record->anchor.uptime_ms;
    case RECORD_KIND_EVENT:
        return (record->event.started_us + record->event.duration_us) / US_PER_MS;
    case RECORD_KIND_WAVEFORM:
        return record->waveform.started_us / US_PER_MS;
    case RECORD_KIND_SPECTRUM:
        return record->spectrum.uptime_ms;
    case RECORD_KIND_INTERVAL:
        return record->interval.uptime_ms;
    case RECORD_KIND_COUNT:
        break;
    }
    return 0;
}

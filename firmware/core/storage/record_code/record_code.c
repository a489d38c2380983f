// SPDX-License-Identifier: MIT
#include "record_code.h"

#include <stdbool.h>
#include <string.h>

enum {
    READING_FIELDS = 3, ///< Of a reading: uptime, window and frequency. The rest stands in front.
    CHANNEL_FIELDS = 9, ///< Of one channel.
    FIELD_LIMIT = READING_FIELDS + CHANNEL_FIELDS * READING_CHANNEL_COUNT,
    FRONT_SIZE = 5, ///< Kind, channels, connected and two bytes of quality.
    VARINT_SIZE_LIMIT = 10,
    US_PER_MS = 1000,
};

// Power times time: steps of 10 mW times microseconds, in millijoule.
static const int64_t steps_us_per_mj = 100000;

struct fields {
    int64_t value[FIELD_LIMIT];
    unsigned count;
};

// Differences and sums are taken modulo 2^64: any two values have one.
static int64_t subtract(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static bool is_measured(uint8_t channels, unsigned channel)
{
    return (((unsigned)channels >> channel) & 1u) != 0;
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t size = 0;
    while (value > 0x7F) {
        out[size++] = (uint8_t)(value | 0x80u);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

static bool get_varint(const uint8_t *data, size_t size, size_t *offset, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *offset < size; shift += 7) {
        const uint8_t byte = data[(*offset)++];
        const uint64_t bits = byte & 0x7Fu;
        if (bits << shift >> shift != bits) {
            return false;
        }
        *value |= bits << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/// Small numbers of either sign become small numbers: 0, -1, 1, -2 as 0, 1, 2, 3.
static uint64_t fold(int64_t value)
{
    return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static int64_t unfold(uint64_t value)
{
    return (int64_t)((value & 1u) != 0 ? ~(value >> 1) : value >> 1);
}

static void channel_to_fields(const struct reading_channel *channel, int64_t *field)
{
    field[0] = channel->voltage_10mv;
    field[1] = channel->current_100ua;
    field[2] = channel->active_power_10mw;
    field[3] = channel->reactive_power_10mvar;
    field[4] = channel->apparent_power_10mva;
    field[5] = channel->power_factor_1e4;
    field[6] = channel->quality;
    field[7] = channel->import_mj;
    field[8] = channel->export_mj;
}

/// Returns false when a field does not fit its place.
static bool channel_from_fields(const int64_t *field, struct reading_channel *channel)
{
    *channel = (struct reading_channel){
        .voltage_10mv = (uint32_t)field[0],
        .current_100ua = (uint32_t)field[1],
        .active_power_10mw = (int32_t)field[2],
        .reactive_power_10mvar = (int32_t)field[3],
        .apparent_power_10mva = (uint32_t)field[4],
        .power_factor_1e4 = (int16_t)field[5],
        .quality = (uint16_t)field[6],
        .import_mj = field[7],
        .export_mj = field[8],
    };
    int64_t back[CHANNEL_FIELDS];
    channel_to_fields(channel, back);
    return memcmp(back, field, sizeof back) == 0 && field[7] >= 0 && field[8] >= 0;
}

/// Predictions multiply the first five fields, so what these cannot hold must be stopped at once.
static bool is_in_range(unsigned index, int64_t value)
{
    if (index == 2 || index == 3) {
        return value >= INT32_MIN && value <= INT32_MAX;
    }
    return index > 4 || (value >= 0 && value <= UINT32_MAX);
}

/// Predicts field `index` of a channel from its earlier fields and from the base.
static int64_t predict(const int64_t *field, const int64_t *base, unsigned index,
                       int64_t voltage_step, int64_t window_us)
{
    const int64_t power = field[2];
    switch (index) {
    case 0: // One mains feeds all channels, so all voltages move together.
        return add(base[0], voltage_step);
    case 4: // 10 mV times 0.1 mA is 1e-6 VA; the field counts 1e-2 VA.
        return (int64_t)((uint64_t)field[0] * (uint64_t)field[1] / 10000u);
    case 5:
        return field[4] > 0 ? power * 10000 / field[4] : 0;
    case 7:
        return power > 0 ? add(base[7], power * window_us / steps_us_per_mj) : base[7];
    case 8:
        return power < 0 ? add(base[8], -power * window_us / steps_us_per_mj) : base[8];
    default:
        return base[index];
    }
}

static int64_t predict_uptime(const struct reading *base, int64_t window_us)
{
    return add((int64_t)base->uptime_ms, (window_us + US_PER_MS / 2) / US_PER_MS);
}

/// Fills in how every field differs from its prediction; the window comes first, as others need it.
static void take_residuals(const struct reading *reading, const struct reading *base,
                           struct fields *residual)
{
    const int64_t window_us = reading->window_us;
    int64_t voltage_step = 0;
    bool first = true;

    residual->value[0] = subtract(window_us, base->window_us);
    residual->value[1] = subtract((int64_t)reading->uptime_ms, predict_uptime(base, window_us));
    residual->value[2] = subtract(reading->frequency_mhz, base->frequency_mhz);
    residual->count = READING_FIELDS;
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        if (!is_measured(reading->channels, c)) {
            continue;
        }
        int64_t field[CHANNEL_FIELDS];
        int64_t before[CHANNEL_FIELDS];
        channel_to_fields(&reading->channel[c], field);
        channel_to_fields(&base->channel[c], before);
        for (unsigned i = 0; i < CHANNEL_FIELDS; i++) {
            residual->value[residual->count++] =
                subtract(field[i], predict(field, before, i, voltage_step, window_us));
        }
        if (first) {
            voltage_step = subtract(field[0], before[0]);
            first = false;
        }
    }
}

/// The reverse of take_residuals(); `reading->channels` is known already.
static enum status apply_residuals(const struct fields *residual, const struct reading *base,
                                   struct reading *reading)
{
    const int64_t window_us = add(base->window_us, residual->value[0]);
    const int64_t uptime_ms = add(predict_uptime(base, window_us & UINT32_MAX), residual->value[1]);
    const int64_t frequency_mhz = add(base->frequency_mhz, residual->value[2]);
    unsigned used = READING_FIELDS;
    int64_t voltage_step = 0;
    bool first = true;

    if (window_us < 0 || window_us > UINT32_MAX || uptime_ms < 0 || frequency_mhz < 0 ||
        frequency_mhz > UINT32_MAX) {
        return STATUS_CORRUPT;
    }
    reading->window_us = (uint32_t)window_us;
    reading->uptime_ms = (uint64_t)uptime_ms;
    reading->frequency_mhz = (uint32_t)frequency_mhz;
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        if (!is_measured(reading->channels, c)) {
            continue;
        }
        int64_t field[CHANNEL_FIELDS] = { 0 };
        int64_t before[CHANNEL_FIELDS];
        channel_to_fields(&base->channel[c], before);
        for (unsigned i = 0; i < CHANNEL_FIELDS; i++) {
            field[i] =
                add(predict(field, before, i, voltage_step, window_us), residual->value[used++]);
            if (!is_in_range(i, field[i])) {
                return STATUS_CORRUPT;
            }
        }
        if (!channel_from_fields(field, &reading->channel[c])) {
            return STATUS_CORRUPT;
        }
        if (first) {
            voltage_step = subtract(field[0], before[0]);
            first = false;
        }
    }
    return STATUS_OK;
}

static enum status encode_reading(const struct reading *reading, const struct reading *base,
                                  uint8_t *out, size_t *size)
{
    if (reading->uptime_ms > INT64_MAX) {
        return STATUS_INVALID;
    }
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        if (is_measured(reading->channels, c) &&
            (reading->channel[c].import_mj < 0 || reading->channel[c].export_mj < 0)) {
            return STATUS_INVALID;
        }
    }

    struct fields residual;
    take_residuals(reading, base, &residual);
    out[0] = RECORD_KIND_READING;
    out[1] = reading->channels;
    out[2] = reading->connected;
    out[3] = (uint8_t)reading->quality;
    out[4] = (uint8_t)(reading->quality >> 8);
    uint8_t *bitmap = out + FRONT_SIZE;
    size_t used = FRONT_SIZE + (residual.count + 7) / 8;
    memset(bitmap, 0, used - FRONT_SIZE);
    for (unsigned i = 0; i < residual.count; i++) {
        if (residual.value[i] != 0) {
            bitmap[i / 8] = (uint8_t)(bitmap[i / 8] | (1u << (i % 8)));
            used += put_varint(out + used, fold(residual.value[i]));
        }
    }
    *size = used;
    return STATUS_OK;
}

static enum status decode_reading(const uint8_t *data, size_t size, const struct reading *base,
                                  struct reading *reading)
{
    if (size < FRONT_SIZE) {
        return STATUS_CORRUPT;
    }
    *reading = (struct reading){
        .channels = data[1],
        .connected = data[2],
        .quality = (uint16_t)(data[3] | (data[4] << 8)),
    };
    struct fields residual = { .count = READING_FIELDS };
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        residual.count += is_measured(reading->channels, c) ? CHANNEL_FIELDS : 0u;
    }

    const uint8_t *bitmap = data + FRONT_SIZE;
    size_t offset = FRONT_SIZE + (residual.count + 7) / 8;
    if (offset > size) {
        return STATUS_CORRUPT;
    }
    for (unsigned i = 0; i < residual.count; i++) {
        uint64_t folded;
        if (((unsigned)bitmap[i / 8] >> (i % 8) & 1u) == 0) {
            continue;
        }
        if (!get_varint(data, size, &offset, &folded)) {
            return STATUS_CORRUPT;
        }
        residual.value[i] = unfold(folded);
    }
    return offset == size ? apply_residuals(&residual, base, reading) : STATUS_CORRUPT;
}

static enum status encode_anchor(const struct anchor *anchor, uint8_t *out, size_t *size)
{
    if (anchor->uptime_ms > INT64_MAX || anchor->source > ANCHOR_SOURCE_SNTP) {
        return STATUS_INVALID;
    }
    size_t used = 0;
    out[used++] = RECORD_KIND_ANCHOR;
    out[used++] = anchor->source;
    used += put_varint(out + used, anchor->uptime_ms);
    used += put_varint(out + used, fold(anchor->utc_ms));
    used += put_varint(out + used, anchor->uncertainty_ms);
    *size = used;
    return STATUS_OK;
}

static enum status decode_anchor(const uint8_t *data, size_t size, struct anchor *anchor)
{
    size_t offset = 2;
    uint64_t uptime_ms;
    uint64_t utc_ms;
    uint64_t uncertainty_ms;

    if (size < 2 || data[1] > ANCHOR_SOURCE_SNTP || !get_varint(data, size, &offset, &uptime_ms) ||
        uptime_ms > INT64_MAX || !get_varint(data, size, &offset, &utc_ms) ||
        !get_varint(data, size, &offset, &uncertainty_ms) || uncertainty_ms > UINT32_MAX ||
        offset != size) {
        return STATUS_CORRUPT;
    }
    *anchor = (struct anchor){
        .uptime_ms = uptime_ms,
        .utc_ms = unfold(utc_ms),
        .uncertainty_ms = (uint32_t)uncertainty_ms,
        .source = data[1],
    };
    return STATUS_OK;
}

enum status record_code_encode(const struct record *record, const struct reading *base,
                               uint8_t *out, size_t *size)
{
    switch (record->kind) {
    case RECORD_KIND_READING:
        return encode_reading(&record->reading, base, out, size);
    case RECORD_KIND_ANCHOR:
        return encode_anchor(&record->anchor, out, size);
    default:
        return STATUS_INVALID;
    }
}

enum status record_code_decode(const uint8_t *data, size_t size, const struct reading *base,
                               struct record *record)
{
    if (size < 1) {
        return STATUS_CORRUPT;
    }
    *record = (struct record){ .kind = data[0] };
    switch (record->kind) {
    case RECORD_KIND_READING:
        return decode_reading(data, size, base, &record->reading);
    case RECORD_KIND_ANCHOR:
        return decode_anchor(data, size, &record->anchor);
    default:
        return STATUS_CORRUPT;
    }
}

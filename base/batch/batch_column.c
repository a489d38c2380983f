// SPDX-License-Identifier: MIT
#include "batch_column.h"

#include <string.h>

#define OF_READING(field, kind, grows)                                                             \
    {                                                                                              \
        .offset = offsetof(struct reading, field), .type = (kind), .steady = (grows)               \
    }
#define OF_CHANNEL(field, kind, grows)                                                             \
    {                                                                                              \
        .offset = offsetof(struct reading_channel, field), .type = (kind), .steady = (grows)       \
    }

const struct column batch_reading_columns[READING_COLUMN_COUNT] = {
    OF_READING(uptime_ms, COLUMN_U64, true),      OF_READING(window_us, COLUMN_U32, false),
    OF_READING(frequency_mhz, COLUMN_U32, false), OF_READING(quality, COLUMN_U16, false),
    OF_READING(channels, COLUMN_U8, false),       OF_READING(connected, COLUMN_U8, false),
};

const struct column batch_channel_columns[CHANNEL_COLUMN_COUNT] = {
    OF_CHANNEL(voltage_10mv, COLUMN_U32, false),
    OF_CHANNEL(current_100ua, COLUMN_U32, false),
    OF_CHANNEL(active_power_10mw, COLUMN_I32, false),
    OF_CHANNEL(reactive_power_10mvar, COLUMN_I32, false),
    OF_CHANNEL(apparent_power_10mva, COLUMN_U32, false),
    OF_CHANNEL(power_factor_1e4, COLUMN_I16, false),
    OF_CHANNEL(quality, COLUMN_U16, false),
    OF_CHANNEL(import_mj, COLUMN_I64, true),
    OF_CHANNEL(export_mj, COLUMN_I64, true),
};

static bool is_in_range(enum column_type type, int64_t value)
{
    switch (type) {
    case COLUMN_U8:
        return value >= 0 && value <= UINT8_MAX;
    case COLUMN_U16:
        return value >= 0 && value <= UINT16_MAX;
    case COLUMN_I16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case COLUMN_U32:
        return value >= 0 && value <= UINT32_MAX;
    case COLUMN_I32:
        return value >= INT32_MIN && value <= INT32_MAX;
    case COLUMN_U64:
    case COLUMN_I64:
        return value >= 0;
    }
    return false;
}

// Copying through a variable of the field's own type keeps the machine's byte order out of this.
int64_t batch_column_load(const struct column *column, const void *base)
{
    const uint8_t *field = (const uint8_t *)base + column->offset;
    union {
        uint8_t u8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        int64_t i64;
    } value;

    switch ((enum column_type)column->type) {
    case COLUMN_U8:
        return *field;
    case COLUMN_U16:
        memcpy(&value.u16, field, sizeof value.u16);
        return value.u16;
    case COLUMN_I16:
        memcpy(&value.i16, field, sizeof value.i16);
        return value.i16;
    case COLUMN_U32:
        memcpy(&value.u32, field, sizeof value.u32);
        return value.u32;
    case COLUMN_I32:
        memcpy(&value.i32, field, sizeof value.i32);
        return value.i32;
    case COLUMN_U64:
    case COLUMN_I64:
        break;
    }
    memcpy(&value.i64, field, sizeof value.i64);
    return value.i64;
}

bool batch_column_store(const struct column *column, void *base, int64_t value)
{
    uint8_t *field = (uint8_t *)base + column->offset;
    const enum column_type type = (enum column_type)column->type;
    if (!is_in_range(type, value)) {
        return false;
    }

    // A signed field has the same bytes as the unsigned number that is congruent to it.
    const uint16_t value16 = (uint16_t)value;
    const uint32_t value32 = (uint32_t)value;
    switch (type) {
    case COLUMN_U8:
        *field = (uint8_t)value;
        break;
    case COLUMN_U16:
    case COLUMN_I16:
        memcpy(field, &value16, sizeof value16);
        break;
    case COLUMN_U32:
    case COLUMN_I32:
        memcpy(field, &value32, sizeof value32);
        break;
    case COLUMN_U64:
    case COLUMN_I64:
        memcpy(field, &value, sizeof value);
        break;
    }
    return true;
}

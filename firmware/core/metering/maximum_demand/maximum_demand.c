// SPDX-License-Identifier: MIT
#include "maximum_demand.h"

#include "bytes.h"
#include "crc32.h"

// crc, version, five times eight bytes, resets, name.
enum {
    AT_CRC = 0,
    AT_VERSION = 4,
    AT_DEMAND = 5,
    AT_TIME = 13,
    AT_PREVIOUS = 21,
    AT_PREVIOUS_TIME = 29,
    AT_RESET_TIME = 37,
    AT_RESETS = 45,
    AT_WHO = 49,
    RECORD_SIZE = AT_WHO + MAXIMUM_DEMAND_WHO_SIZE,
    RECORD_VERSION = 1,
};

static const char KEY[] = "max_demand";

static void encode(const struct maximum_demand_value *value, uint8_t out[RECORD_SIZE])
{
    out[AT_VERSION] = RECORD_VERSION;
    bytes_store_le64(out + AT_DEMAND, (uint64_t)value->demand_mw);
    bytes_store_le64(out + AT_TIME, (uint64_t)value->at_ms);
    bytes_store_le64(out + AT_PREVIOUS, (uint64_t)value->previous_mw);
    bytes_store_le64(out + AT_PREVIOUS_TIME, (uint64_t)value->previous_at_ms);
    bytes_store_le64(out + AT_RESET_TIME, (uint64_t)value->reset_at_ms);
    bytes_store_le32(out + AT_RESETS, value->resets);
    for (unsigned n = 0; n < MAXIMUM_DEMAND_WHO_SIZE; n++) {
        out[AT_WHO + n] = (uint8_t)value->reset_by[n];
    }
    bytes_store_le32(out + AT_CRC, crc32_extend(0, out + AT_VERSION, RECORD_SIZE - AT_VERSION));
}

static bool decode(const uint8_t in[RECORD_SIZE], struct maximum_demand_value *value)
{
    if (bytes_load_le32(in + AT_CRC) !=
            crc32_extend(0, in + AT_VERSION, RECORD_SIZE - AT_VERSION) ||
        in[AT_VERSION] != RECORD_VERSION) {
        return false;
    }
    struct maximum_demand_value found = {
        .demand_mw = (int64_t)bytes_load_le64(in + AT_DEMAND),
        .at_ms = (int64_t)bytes_load_le64(in + AT_TIME),
        .previous_mw = (int64_t)bytes_load_le64(in + AT_PREVIOUS),
        .previous_at_ms = (int64_t)bytes_load_le64(in + AT_PREVIOUS_TIME),
        .reset_at_ms = (int64_t)bytes_load_le64(in + AT_RESET_TIME),
        .resets = bytes_load_le32(in + AT_RESETS),
    };
    for (unsigned n = 0; n < MAXIMUM_DEMAND_WHO_SIZE; n++) {
        found.reset_by[n] = (char)in[AT_WHO + n];
    }
    *value = found;
    return found.demand_mw >= 0 && found.previous_mw >= 0;
}

enum status maximum_demand_load(struct maximum_demand *maximum, const struct key_value *values)
{
    uint8_t record[RECORD_SIZE];
    size_t size = 0;
    *maximum = (struct maximum_demand){ .values = values };
    const enum status status = values->get(values->ctx, KEY, record, sizeof record, &size);
    if (status != STATUS_OK) {
        return status == STATUS_FULL ? STATUS_CORRUPT : status;
    }
    if (size != sizeof record || !decode(record, &maximum->value)) {
        maximum->value = (struct maximum_demand_value){ .demand_mw = 0 };
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

void maximum_demand_offer(struct maximum_demand *maximum, int64_t demand_mw, int64_t at_ms)
{
    if (demand_mw > maximum->value.demand_mw && demand_mw > maximum->offered_mw) {
        maximum->offered_mw = demand_mw;
        maximum->offered_at_ms = at_ms;
    }
}

static enum status store(struct maximum_demand *maximum, const struct maximum_demand_value *value)
{
    const struct key_value *values = maximum->values;
    uint8_t record[RECORD_SIZE];
    encode(value, record);
    const enum status status = values->set(values->ctx, KEY, record, sizeof record);
    if (status == STATUS_OK) {
        maximum->value = *value;
        maximum->offered_mw = 0;
    }
    return status;
}

/// The value as it is once what was offered counts.
static struct maximum_demand_value settled(const struct maximum_demand *maximum)
{
    struct maximum_demand_value value = maximum->value;
    if (maximum->offered_mw > value.demand_mw) {
        value.demand_mw = maximum->offered_mw;
        value.at_ms = maximum->offered_at_ms;
    }
    return value;
}

enum status maximum_demand_settle(struct maximum_demand *maximum)
{
    if (maximum->offered_mw <= maximum->value.demand_mw) {
        return STATUS_OK;
    }
    const struct maximum_demand_value value = settled(maximum);
    return store(maximum, &value);
}

enum status maximum_demand_reset(struct maximum_demand *maximum, int64_t now_ms, const char *who)
{
    const struct maximum_demand_value ended = settled(maximum);
    struct maximum_demand_value value = {
        .previous_mw = ended.demand_mw,
        .previous_at_ms = ended.at_ms,
        .reset_at_ms = now_ms,
        .resets = ended.resets < UINT32_MAX ? ended.resets + 1 : UINT32_MAX,
    };
    for (unsigned n = 0; n < MAXIMUM_DEMAND_WHO_SIZE && who[n] != '\0'; n++) {
        value.reset_by[n] = who[n];
    }
    return store(maximum, &value);
}

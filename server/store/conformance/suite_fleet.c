// SPDX-License-Identifier: MIT
#include "suite_fleet.h"

#include <stdlib.h>
#include <string.h>

static struct record reading_at(uint64_t second, uint64_t register_zero)
{
    struct record record = { .kind = RECORD_KIND_READING };
    const int64_t units = (int64_t)(second - register_zero);
    record.reading.uptime_ms = second * 1000;
    record.reading.window_us = 1000000;
    record.reading.frequency_mhz = 50000 + (uint32_t)(second % 7);
    record.reading.channels = 0x21;
    record.reading.connected = 0x01;
    record.reading.quality = second % 50 == 0 ? READING_QUALITY_GAP : 0;
    record.reading.channel[0] = (struct reading_channel){
        .voltage_10mv = 23000 + (uint32_t)(second % 11),
        .current_100ua = 87000,
        .active_power_10mw = 200000 + (int32_t)(second % 13),
        .apparent_power_10mva = 200100,
        .power_factor_1e4 = 9995,
        .import_mj = units * SUITE_IMPORT_MJ,
    };
    record.reading.channel[5] = (struct reading_channel){
        .voltage_10mv = 23000 + (uint32_t)(second % 11),
        .current_100ua = 21000,
        .active_power_10mw = -50000,
        .apparent_power_10mva = 50000,
        .power_factor_1e4 = -10000,
        .export_mj = units * SUITE_EXPORT_MJ,
    };
    return record;
}

static size_t encode(const struct suite_batch *batch, bool with_event,
                     uint8_t payload[SUITE_PAYLOAD_SIZE])
{
    struct record records[BATCH_RECORD_LIMIT];
    struct batch_header header = { .boot_id = batch->boot_id,
                                   .first_seq = batch->first_seq,
                                   .oldest_seq = batch->oldest_seq,
                                   .count = batch->count };
    memset(header.journal_id, batch->journal, sizeof header.journal_id);
    uint64_t second = batch->first_second;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (i == 0 && batch->with_anchor) {
            records[i] = (struct record){ .kind = RECORD_KIND_ANCHOR,
                                          .anchor = { .uptime_ms = second * 1000,
                                                      .utc_ms = batch->anchor_utc_ms +
                                                                (int64_t)second * 1000,
                                                      .uncertainty_ms = 20,
                                                      .source = ANCHOR_SOURCE_SNTP } };
        } else if (i == SUITE_EVENT_INDEX && with_event) {
            records[i] = (struct record){ .kind = RECORD_KIND_EVENT,
                                          .event = { .started_us = second++ * 1000000,
                                                     .duration_us = 10000,
                                                     .id = (uint32_t)batch->first_seq } };
        } else {
            records[i] = reading_at(second++, batch->register_zero);
        }
    }
    size_t size = 0;
    if (batch_encode(&header, records, payload, SUITE_PAYLOAD_SIZE, &size) != STATUS_OK) {
        abort();
    }
    return size;
}

size_t suite_encode(const struct suite_batch *batch, uint8_t payload[SUITE_PAYLOAD_SIZE])
{
    return encode(batch, false, payload);
}

size_t suite_encode_with_event(const struct suite_batch *batch, uint8_t payload[SUITE_PAYLOAD_SIZE])
{
    return encode(batch, true, payload);
}

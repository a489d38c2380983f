// SPDX-License-Identifier: MIT
#include "batch_vector.h"

#include "reading_example.h"

static struct batch_header make_header(uint64_t first_seq, uint32_t count)
{
    struct batch_header header = {
        .boot_id = 7, .first_seq = first_seq, .oldest_seq = 12, .count = count
    };
    for (unsigned i = 0; i < JOURNAL_ID_SIZE; i++) {
        header.journal_id[i] = (uint8_t)(0xA0 + i);
    }
    return header;
}

static struct record make_anchor(uint64_t uptime_ms)
{
    return (struct record){ .kind = RECORD_KIND_ANCHOR,
                            .anchor = { .uptime_ms = uptime_ms,
                                        .utc_ms = 1763690000000,
                                        .uncertainty_ms = 25,
                                        .source = ANCHOR_SOURCE_SNTP } };
}

/// A meter with nothing connected, whose mains has failed.
static struct record make_idle(uint64_t uptime_ms)
{
    return (struct record){ .kind = RECORD_KIND_READING,
                            .reading = { .uptime_ms = uptime_ms,
                                         .window_us = 1000000,
                                         .quality = READING_QUALITY_NO_REFERENCE } };
}

/// Every field at one end of its range.
static struct record make_extreme(bool high)
{
    struct record record = {
        .kind = RECORD_KIND_READING,
        .reading = { .uptime_ms = high ? INT64_MAX : 0,
                     .window_us = high ? UINT32_MAX : 0,
                     .frequency_mhz = high ? UINT32_MAX : 0,
                     .quality = high ? UINT16_MAX : 0,
                     .channels = 0x81,
                     .connected = high ? UINT8_MAX : 0,
                     .rate = high ? READING_RATE_COUNT - 1 : 0,
                     .total = { .import_mj = { high ? INT64_MAX : 0, 3, 4, 5 },
                                .export_mj = { 6, 7, 8, high ? 0 : INT64_MAX },
                                .reactive_mvars = { 9, high ? INT64_MAX : 0, 10, 11 } } },
    };
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i += READING_CHANNEL_COUNT - 1) {
        record.reading.channel[i] = (struct reading_channel){
            .voltage_10mv = high ? UINT32_MAX : 0,
            .current_100ua = high ? UINT32_MAX : 0,
            .active_power_10mw = high ? INT32_MAX : INT32_MIN,
            .reactive_power_10mvar = high ? INT32_MAX : INT32_MIN,
            .apparent_power_10mva = high ? UINT32_MAX : 0,
            .power_factor_1e4 = high ? INT16_MAX : INT16_MIN,
            .quality = high ? UINT16_MAX : 0,
            .import_mj = high ? INT64_MAX : 0,
            .export_mj = high ? 0 : INT64_MAX,
            .fundamental_voltage_10mv = high ? UINT32_MAX : 0,
            .fundamental_current_100ua = high ? UINT32_MAX : 0,
            .fundamental_power_10mw = high ? INT32_MAX : INT32_MIN,
            .reactive_mvars = { high ? INT64_MAX : 0, 1, 2, high ? 0 : INT64_MAX },
        };
    }
    return record;
}

void batch_vector_fill(struct batch_vector *vector, unsigned index)
{
    struct reading_example example;
    reading_example_init(&example, index);
    *vector = (struct batch_vector){ .header = make_header(1000, 60) };

    switch (index) {
    case 0:
        vector->name = "batch_one_anchor";
        vector->header = make_header(12, 1);
        vector->records[0] = make_anchor(1234);
        break;
    case 1:
        vector->name = "batch_idle_meter";
        vector->header = make_header(13, 3);
        for (unsigned i = 0; i < vector->header.count; i++) {
            vector->records[i] = make_idle(2000 + 1000 * (uint64_t)i);
        }
        break;
    case 2:
        vector->name = "batch_extremes";
        vector->header = make_header(UINT64_MAX - 5, 5);
        for (unsigned i = 0; i < vector->header.count; i++) {
            vector->records[i] = make_extreme(i % 2 == 1);
        }
        break;
    case 3:
        vector->name = "batch_household_minute";
        for (unsigned i = 0; i < vector->header.count; i++) {
            vector->records[i] = reading_example_next(&example, READING_CHANNEL_COUNT);
        }
        break;
    case 4:
        vector->name = "batch_channels_come_and_go";
        vector->header = make_header(500, BATCH_RECORD_LIMIT);
        for (unsigned i = 0; i < vector->header.count; i++) {
            vector->records[i] =
                i % 16 == 5 ? make_anchor(10000 + i) : reading_example_next(&example, i / 8);
        }
        break;
    default:
        vector->name = "batch_every_kind";
        vector->header = make_header(20, 3 * RECORD_KIND_COUNT);
        for (unsigned i = 0; i < vector->header.count; i++) {
            vector->records[i] = i % 3 == 2 ? reading_example_wild(&example)
                                            : reading_example_extreme(i / 3, i % 3 == 1);
        }
        break;
    }
}

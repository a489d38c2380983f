// SPDX-License-Identifier: MIT
#include "reading_example.h"

enum { WINDOW_US = 1000000, NOMINAL_VOLTAGE_10MV = 23000 };

uint64_t reading_example_random(struct reading_example *example)
{
    // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.
    example->random ^= example->random >> 12;
    example->random ^= example->random << 25;
    example->random ^= example->random >> 27;
    return example->random * 0x2545F4914F6CDD1Du;
}

/// A number between -spread and +spread.
static int32_t noise(struct reading_example *example, int32_t spread)
{
    const uint64_t draw = (reading_example_random(example) >> 32) % (2u * (uint32_t)spread + 1u);
    return (int32_t)draw - spread;
}

void reading_example_init(struct reading_example *example, uint64_t seed)
{
    *example = (struct reading_example){ .random = seed * 2 + 1 };
    example->last.uptime_ms = 5000;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        example->last.channel[i].import_mj = 1000000 * (int64_t)(i + 1);
    }
}

static void advance_channel(struct reading_example *example, unsigned index, uint32_t voltage_10mv)
{
    static const int32_t load_10mw[READING_CHANNEL_COUNT] = { 200000, 8500, 13000,   4200,
                                                              61000,  900,  -150000, 2500 };
    struct reading_channel *channel = &example->last.channel[index];
    const int32_t load = load_10mw[index];
    const int32_t spread = (load < 0 ? -load : load) / 100 + 3;
    const int32_t power = load + noise(example, spread);
    const uint32_t magnitude = (uint32_t)(power < 0 ? -power : power);

    channel->voltage_10mv = voltage_10mv;
    channel->active_power_10mw = power;
    channel->reactive_power_10mvar = load / 5 + noise(example, spread / 2 + 1);
    channel->apparent_power_10mva = magnitude + magnitude / 50 + (uint32_t)(2 + noise(example, 2));
    channel->current_100ua =
        (uint32_t)((uint64_t)channel->apparent_power_10mva * 10000u / voltage_10mv);
    channel->power_factor_1e4 =
        (int16_t)((int64_t)power * 10000 / (int64_t)channel->apparent_power_10mva);
    const int64_t energy_mj = (int64_t)magnitude * 10 + noise(example, 5);
    if (power >= 0) {
        channel->import_mj += energy_mj;
    } else {
        channel->export_mj += energy_mj;
    }
}

struct record reading_example_next(struct reading_example *example, unsigned channel_count)
{
    struct reading *last = &example->last;
    const uint32_t voltage_10mv = (uint32_t)(NOMINAL_VOLTAGE_10MV + noise(example, 40));

    last->uptime_ms += 1000 + (uint64_t)(noise(example, 9) == 0);
    last->window_us = (uint32_t)(WINDOW_US + noise(example, 300));
    last->frequency_mhz = (uint32_t)(50000 + noise(example, 15));
    last->channels = (uint8_t)((1u << channel_count) - 1u);
    last->connected = last->channels;
    for (unsigned i = 0; i < channel_count; i++) {
        advance_channel(example, i, voltage_10mv);
    }
    return (struct record){ .kind = RECORD_KIND_READING, .reading = *last };
}

/// A number of at most `bits` bits: often an extreme, often small, else anything.
static uint64_t wild(struct reading_example *example, unsigned bits)
{
    const uint64_t draw = reading_example_random(example);
    const uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    switch (reading_example_random(example) % 5) {
    case 0:
        return 0;
    case 1:
        return mask;
    case 2:
        return draw % 40;
    case 3:
        return mask >> 1;
    default:
        return draw & mask;
    }
}

static struct record wild_anchor(struct reading_example *example)
{
    return (struct record){
        .kind = RECORD_KIND_ANCHOR,
        .anchor = { .uptime_ms = wild(example, 63),
                    .utc_ms = (int64_t)wild(example, 64),
                    .uncertainty_ms = (uint32_t)wild(example, 32),
                    .source = (uint8_t)(wild(example, 32) % (ANCHOR_SOURCE_SNTP + 1)) },
    };
}

struct record reading_example_wild(struct reading_example *example)
{
    if (reading_example_random(example) % 4 == 0) {
        return wild_anchor(example);
    }
    struct record record = { .kind = RECORD_KIND_READING };
    struct reading *reading = &record.reading;
    reading->uptime_ms = wild(example, 63);
    reading->window_us = (uint32_t)wild(example, 32);
    reading->frequency_mhz = (uint32_t)wild(example, 32);
    reading->quality = (uint16_t)wild(example, 16);
    reading->channels = (uint8_t)wild(example, 8);
    reading->connected = (uint8_t)wild(example, 8);
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if ((((unsigned)reading->channels >> i) & 1u) == 0) {
            continue;
        }
        reading->channel[i] = (struct reading_channel){
            .voltage_10mv = (uint32_t)wild(example, 32),
            .current_100ua = (uint32_t)wild(example, 32),
            .active_power_10mw = (int32_t)wild(example, 32),
            .reactive_power_10mvar = (int32_t)wild(example, 32),
            .apparent_power_10mva = (uint32_t)wild(example, 32),
            .power_factor_1e4 = (int16_t)wild(example, 16),
            .quality = (uint16_t)wild(example, 16),
            .import_mj = (int64_t)wild(example, 63),
            .export_mj = (int64_t)wild(example, 63),
        };
    }
    return record;
}

static bool is_same_channel(const struct reading_channel *a, const struct reading_channel *b)
{
    return a->voltage_10mv == b->voltage_10mv && a->current_100ua == b->current_100ua &&
           a->active_power_10mw == b->active_power_10mw &&
           a->reactive_power_10mvar == b->reactive_power_10mvar &&
           a->apparent_power_10mva == b->apparent_power_10mva &&
           a->power_factor_1e4 == b->power_factor_1e4 && a->quality == b->quality &&
           a->import_mj == b->import_mj && a->export_mj == b->export_mj;
}

bool reading_example_is_same(const struct record *a, const struct record *b)
{
    static const struct reading_channel nothing;
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == RECORD_KIND_ANCHOR) {
        return a->anchor.uptime_ms == b->anchor.uptime_ms && a->anchor.utc_ms == b->anchor.utc_ms &&
               a->anchor.uncertainty_ms == b->anchor.uncertainty_ms &&
               a->anchor.source == b->anchor.source;
    }

    const struct reading *x = &a->reading;
    const struct reading *y = &b->reading;
    bool same = x->uptime_ms == y->uptime_ms && x->window_us == y->window_us &&
                x->frequency_mhz == y->frequency_mhz && x->quality == y->quality &&
                x->channels == y->channels && x->connected == y->connected;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const bool measured = (((unsigned)x->channels >> i) & 1u) != 0;
        same = same && is_same_channel(measured ? &x->channel[i] : &nothing,
                                       measured ? &y->channel[i] : &nothing);
    }
    return same;
}

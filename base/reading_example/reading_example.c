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

/// A few percent of distortion in the current, and almost none in the voltage.
static void add_fundamental(struct reading_example *example, struct reading_channel *channel)
{
    const int32_t power = channel->active_power_10mw;
    channel->fundamental_voltage_10mv =
        channel->voltage_10mv - channel->voltage_10mv / 5000 + (uint32_t)(1 + noise(example, 1));
    channel->fundamental_current_100ua =
        channel->current_100ua - channel->current_100ua / 300 + (uint32_t)(2 + noise(example, 2));
    channel->fundamental_power_10mw = power - power / 400 + noise(example, 3);
}

static void advance_channel(struct reading_example *example, unsigned index, uint32_t voltage_10mv)
{
    static const int32_t load_10mw[READING_CHANNEL_COUNT] = { 200000, 8500, 13000,   4200,
                                                              61000,  900,  -150000, 2500 };
    struct reading_channel *channel = &example->last.channel[index];
    struct reading_total *total = &example->last.total;
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
    add_fundamental(example, channel);
    const int64_t energy_mj = (int64_t)magnitude * 10 + noise(example, 5);
    (power >= 0 ? &channel->import_mj : &channel->export_mj)[0] += energy_mj;
    (power >= 0 ? total->import_mj : total->export_mj)[example->last.rate] += energy_mj;

    const bool inductive = channel->reactive_power_10mvar >= 0;
    const unsigned quadrant = power >= 0 ? (inductive ? 0 : 3) : (inductive ? 1 : 2);
    const int64_t reactive_mvars =
        (int64_t)(inductive ? channel->reactive_power_10mvar : -channel->reactive_power_10mvar) *
        10;
    channel->reactive_mvars[quadrant] += reactive_mvars;
    total->reactive_mvars[quadrant] += reactive_mvars;
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

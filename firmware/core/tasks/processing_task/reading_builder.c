// SPDX-License-Identifier: MIT
#include "reading_builder.h"

#include "portable_math.h"

static const double SLIVER_S = 0.1; // A fragment so short has no root mean square of its own.

void reading_builder_next(struct reading_builder *builder)
{
    const struct reading_part steady = builder->cycles > 0 ? builder->whole : builder->steady;
    *builder = (struct reading_builder){ .steady = steady, .ended_us = builder->ended_us };
}

static void add_share(struct reading_sums *sums, const struct reading_share *share, double seconds)
{
    const struct power_measures *m = &share->measures;
    sums->voltage_square += m->voltage_v * m->voltage_v * seconds;
    sums->current_square += m->current_a * m->current_a * seconds;
    sums->noise_square += share->noise_a * share->noise_a * seconds;
    sums->voltage1_square += m->voltage1_v * m->voltage1_v * seconds;
    sums->current1_square += m->current1_a * m->current1_a * seconds;
    sums->active += m->active_w * seconds;
    sums->active1 += m->active1_w * seconds;
    sums->reactive1 += m->reactive1_var * seconds;
}

void reading_builder_add(struct reading_builder *builder, const struct cycle_window *window,
                         double seconds, const struct reading_share share[READING_CHANNEL_COUNT])
{
    struct reading_part *part = window->whole ? &builder->whole : &builder->fragment;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        add_share(&part->channel[n], &share[n], seconds);
        if (share[n].creeps) {
            builder->creeping = (uint8_t)(builder->creeping | 1u << n);
        }
    }
    part->seconds += seconds;
    builder->seconds += seconds;
    builder->cycles += window->whole ? window->cycles : 0;
    builder->cycles_seen += window->cycles;
    builder->clipped |= window->clipped;
    builder->drifted |= window->drifted;
    builder->ended_us = window->ended_us > builder->ended_us ? window->ended_us : builder->ended_us;
}

static bool has_no_reference(const struct reading_builder *builder)
{
    return builder->cycles == 0 && (builder->quality & READING_QUALITY_NO_REFERENCE) != 0;
}

static const struct reading_part *part_of(const struct reading_builder *builder)
{
    if (builder->cycles > 0) {
        return &builder->whole;
    }
    const bool is_sliver = builder->seconds < SLIVER_S && !has_no_reference(builder);
    return is_sliver && builder->steady.seconds > 0.0 ? &builder->steady : &builder->fragment;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static struct power_measures means_of(const struct reading_sums *sums, double seconds,
                                      bool has_reference)
{
    const double current_a = portable_sqrt(sums->current_square / seconds);
    struct power_measures m = {
        .voltage_v = portable_sqrt(sums->voltage_square / seconds),
        .current_a = portable_sqrt((sums->current_square - sums->noise_square) / seconds),
    };
    if (!has_reference) {
        return m;
    }
    m.voltage1_v = smaller(portable_sqrt(sums->voltage1_square / seconds), m.voltage_v);
    m.current1_a = smaller(portable_sqrt(sums->current1_square / seconds), current_a);
    // Noise that is taken off may leave a hair less than the fundamental is.
    m.current_a = larger(m.current_a, m.current1_a);
    m.active_w = sums->active / seconds;
    m.active1_w = sums->active1 / seconds;
    m.reactive1_var = sums->reactive1 / seconds;
    return m;
}

static int64_t limited(double value, int64_t low, int64_t high)
{
    const int64_t rounded = portable_round(value);
    return rounded < low ? low : rounded > high ? high : rounded;
}

static uint32_t to_u32(double value)
{
    return (uint32_t)limited(value, 0, UINT32_MAX);
}

static int32_t to_i32(double value)
{
    return (int32_t)limited(value, INT32_MIN, INT32_MAX);
}

static double size(double x)
{
    return x < 0.0 ? -x : x;
}

static struct reading_channel channel_of(const struct power_measures *m, uint16_t quality)
{
    // Power is known better than root mean squares are: rather than cut it, S gives way.
    const double apparent = larger(m->voltage_v * m->current_a, size(m->active_w));
    const double factor = apparent > 0.0 ? m->active_w / apparent : 0.0;
    return (struct reading_channel){
        .voltage_10mv = to_u32(m->voltage_v * 100.0),
        .current_100ua = to_u32(m->current_a * 10000.0),
        .active_power_10mw = to_i32(m->active_w * 100.0),
        .reactive_power_10mvar = to_i32(m->reactive1_var * 100.0),
        .apparent_power_10mva = to_u32(apparent * 100.0),
        .power_factor_1e4 = (int16_t)limited(factor * 10000.0, -10000, 10000),
        .quality = quality,
        .fundamental_voltage_10mv = to_u32(m->voltage1_v * 100.0),
        .fundamental_current_100ua = to_u32(m->current1_a * 10000.0),
        .fundamental_power_10mw = to_i32(m->active1_w * 100.0),
    };
}

static uint16_t quality_of(const struct reading_builder *builder, const struct wiring *wiring,
                           unsigned channel)
{
    const struct wiring_channel *wired = &wiring->channel[channel];
    const unsigned inputs = (1u << wired->voltage_input) | (1u << wired->current_input);
    const unsigned clipped = (builder->clipped & inputs) != 0 ? READING_QUALITY_CLIPPED : 0u;
    const unsigned drifts = (builder->drifted & inputs) != 0 ? READING_QUALITY_DRIFT : 0u;
    const unsigned creeps = ((builder->creeping >> channel) & 1u) != 0 ? READING_QUALITY_CREEP : 0u;
    return (uint16_t)(clipped | drifts | creeps);
}

struct reading reading_builder_report(const struct reading_builder *builder,
                                      const struct wiring *wiring,
                                      const double connected_a[READING_CHANNEL_COUNT])
{
    struct reading reading = {
        .uptime_ms = builder->ended_us / 1000u,
        .window_us = to_u32(builder->seconds * 1e6),
        .quality = builder->quality,
        .channels = wiring_channels(wiring),
    };
    if (builder->cycles > 0) {
        reading.frequency_mhz = to_u32(1000.0 * builder->cycles / builder->whole.seconds);
    }
    const struct reading_part *part = part_of(builder);
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if ((reading.channels & (1u << n)) == 0) {
            continue;
        }
        const struct power_measures m =
            means_of(&part->channel[n], part->seconds, !has_no_reference(builder));
        reading.channel[n] = channel_of(&m, quality_of(builder, wiring, n));
        reading.quality |=
            reading.channel[n].quality & (READING_QUALITY_CLIPPED | READING_QUALITY_DRIFT);
        if (m.current_a >= connected_a[n]) {
            reading.connected = (uint8_t)(reading.connected | 1u << n);
        }
    }
    return reading;
}

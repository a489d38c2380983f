// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "reading_example.h"

/// Where the numbers of a record come from.
struct draw {
    struct reading_example *example; ///< NULL: every number is at one end of its range.
    bool high;                       ///< Which end.
};

/// A number of at most `bits` bits: often an extreme, often small, else anything.
static uint64_t draw_bits(const struct draw *draw, unsigned bits)
{
    const uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    if (draw->example == NULL) {
        return draw->high ? mask : 0;
    }
    const uint64_t number = reading_example_random(draw->example);
    switch (reading_example_random(draw->example) % 5) {
    case 0:
        return 0;
    case 1:
        return mask;
    case 2:
        return number % 40 & mask;
    case 3:
        return mask >> 1;
    default:
        return number & mask;
    }
}

static uint8_t draw_u8(const struct draw *draw, unsigned most)
{
    const unsigned number = (unsigned)draw_bits(draw, 8);
    return (uint8_t)(draw->example == NULL && draw->high ? most : number % (most + 1));
}

static uint16_t draw_u16(const struct draw *draw)
{
    return (uint16_t)draw_bits(draw, 16);
}

static uint32_t draw_u32(const struct draw *draw)
{
    return (uint32_t)draw_bits(draw, 32);
}

/// A signed number whose ends are those of its type.
static int32_t draw_i32(const struct draw *draw)
{
    if (draw->example == NULL) {
        return draw->high ? INT32_MAX : INT32_MIN;
    }
    return (int32_t)draw_bits(draw, 32);
}

static int16_t draw_i16(const struct draw *draw)
{
    if (draw->example == NULL) {
        return draw->high ? INT16_MAX : INT16_MIN;
    }
    return (int16_t)draw_bits(draw, 16);
}

static int64_t draw_i64(const struct draw *draw)
{
    if (draw->example == NULL) {
        return draw->high ? INT64_MAX : INT64_MIN;
    }
    return (int64_t)draw_bits(draw, 64);
}

static int64_t draw_register(const struct draw *draw)
{
    return (int64_t)draw_bits(draw, 63);
}

static struct record make_anchor(const struct draw *draw)
{
    return (struct record){
        .kind = RECORD_KIND_ANCHOR,
        .anchor = { .uptime_ms = draw_bits(draw, 63),
                    .utc_ms = draw_i64(draw),
                    .uncertainty_ms = draw_u32(draw),
                    .source = draw_u8(draw, ANCHOR_SOURCE_SNTP) },
    };
}

static struct record make_event(const struct draw *draw)
{
    return (struct record){
        .kind = RECORD_KIND_EVENT,
        .event = { .started_us = draw_bits(draw, 63),
                   .duration_us = draw_bits(draw, 63),
                   .id = draw_u32(draw),
                   .extreme_10mv = draw_u32(draw),
                   .declared_10mv = draw_u32(draw),
                   .kind = draw_u8(draw, POWER_EVENT_KIND_COUNT - 1),
                   .channel = draw_u8(draw, READING_CHANNEL_COUNT - 1),
                   .quality = draw_u16(draw) },
    };
}

static struct record make_waveform(const struct draw *draw)
{
    struct record record = {
        .kind = RECORD_KIND_WAVEFORM,
        .waveform = { .started_us = draw_bits(draw, 63),
                      .event_id = draw_u32(draw),
                      .interval_ns = draw_u32(draw),
                      .unit_per_1e6 = draw_u32(draw),
                      .channel = draw_u8(draw, READING_CHANNEL_COUNT - 1),
                      .signal = draw_u8(draw, SIGNAL_KIND_COUNT - 1) },
    };
    struct waveform_chunk *waveform = &record.waveform;
    waveform->unit_per_1e6 += waveform->unit_per_1e6 == 0 ? 1u : 0u;
    waveform->count = draw->example == NULL
                          ? WAVEFORM_CHUNK_SAMPLES
                          : (uint16_t)(1u + draw_bits(draw, 32) % WAVEFORM_CHUNK_SAMPLES);
    struct draw sample = *draw;
    for (unsigned i = 0; i < waveform->count; i++) {
        waveform->sample[i] = draw_i16(&sample);
        sample.high = !sample.high; // As far from the sample before as can be.
    }
    return record;
}

static struct record make_spectrum(const struct draw *draw)
{
    struct record record = {
        .kind = RECORD_KIND_SPECTRUM,
        .spectrum = { .uptime_ms = draw_bits(draw, 63),
                      .span_ms = draw_u32(draw),
                      .windows = draw_u32(draw),
                      .frequency_mhz = draw_u32(draw),
                      .fundamental_rms = draw_u32(draw),
                      .distortion_ppm = draw_u32(draw),
                      .channel = draw_u8(draw, READING_CHANNEL_COUNT - 1),
                      .signal = draw_u8(draw, SIGNAL_KIND_COUNT - 1),
                      .quality = draw_u16(draw) },
    };
    for (unsigned i = 1; i < SPECTRUM_HARMONIC_COUNT; i++) {
        record.spectrum.harmonic_ppm[i] = draw_u32(draw);
    }
    record.spectrum.harmonic_ppm[0] = draw_u32(draw) > UINT32_MAX / 2 ? 1000000 : 0;
    return record;
}

static struct interval_channel make_interval_channel(const struct draw *draw)
{
    return (struct interval_channel){
        .voltage_10mv = draw_u32(draw),
        .voltage_low_10mv = draw_u32(draw),
        .voltage_high_10mv = draw_u32(draw),
        .current_100ua = draw_u32(draw),
        .current_high_100ua = draw_u32(draw),
        .active_power_10mw = draw_i32(draw),
        .reactive_power_10mvar = draw_i32(draw),
        .voltage_distortion_ppm = draw_u32(draw),
        .current_distortion_ppm = draw_u32(draw),
        .import_mj = draw_register(draw),
        .export_mj = draw_register(draw),
    };
}

static struct record make_interval(const struct draw *draw)
{
    struct record record = {
        .kind = RECORD_KIND_INTERVAL,
        .interval = { .uptime_ms = draw_bits(draw, 63),
                      .length_ms = draw_u32(draw),
                      .measured_ms = draw_u32(draw),
                      .frequency_mhz = draw_u32(draw),
                      .frequency_low_mhz = draw_u32(draw),
                      .frequency_high_mhz = draw_u32(draw),
                      .maximum_demand_mw = draw_i64(draw),
                      .maximum_demand_at_ms = draw_i64(draw),
                      .demand_mw = draw_i64(draw),
                      .quality = draw_u16(draw),
                      .kind = draw_u8(draw, INTERVAL_KIND_COUNT - 1),
                      .flags = draw_u8(draw, 2 * INTERVAL_CLOCK_STEP - 1),
                      .channels = draw->example == NULL ? UINT8_MAX : draw_u8(draw, UINT8_MAX),
                      .rate = draw_u8(draw, READING_RATE_COUNT - 1) },
    };
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)record.interval.channels >> i & 1u) != 0) {
            record.interval.channel[i] = make_interval_channel(draw);
        }
    }
    return record;
}

static struct reading_channel make_channel(const struct draw *draw)
{
    struct reading_channel channel = {
        .voltage_10mv = draw_u32(draw),
        .current_100ua = draw_u32(draw),
        .active_power_10mw = draw_i32(draw),
        .reactive_power_10mvar = draw_i32(draw),
        .apparent_power_10mva = draw_u32(draw),
        .power_factor_1e4 = draw_i16(draw),
        .quality = draw_u16(draw),
        .fundamental_voltage_10mv = draw_u32(draw),
        .fundamental_current_100ua = draw_u32(draw),
        .fundamental_power_10mw = draw_i32(draw),
        .import_mj = draw_register(draw),
        .export_mj = draw_register(draw),
    };
    for (unsigned i = 0; i < READING_QUADRANT_COUNT; i++) {
        channel.reactive_mvars[i] = draw_register(draw);
    }
    return channel;
}

static struct record make_reading(const struct draw *draw)
{
    struct record record = {
        .kind = RECORD_KIND_READING,
        .reading = { .uptime_ms = draw_bits(draw, 63),
                     .window_us = draw_u32(draw),
                     .frequency_mhz = draw_u32(draw),
                     .quality = draw_u16(draw),
                     .channels = draw->example == NULL ? UINT8_MAX : draw_u8(draw, UINT8_MAX),
                     .connected = draw_u8(draw, UINT8_MAX),
                     .rate = draw_u8(draw, READING_RATE_COUNT - 1) },
    };
    struct reading *reading = &record.reading;
    for (unsigned i = 0; i < READING_RATE_COUNT; i++) {
        reading->total.import_mj[i] = draw_register(draw);
        reading->total.export_mj[i] = draw_register(draw);
        reading->total.reactive_mvars[i] = draw_register(draw);
    }
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)reading->channels >> i & 1u) != 0) {
            reading->channel[i] = make_channel(draw);
        }
    }
    return record;
}

static struct record make_record(const struct draw *draw, unsigned kind)
{
    switch ((enum record_kind)kind) {
    case RECORD_KIND_ANCHOR:
        return make_anchor(draw);
    case RECORD_KIND_EVENT:
        return make_event(draw);
    case RECORD_KIND_WAVEFORM:
        return make_waveform(draw);
    case RECORD_KIND_SPECTRUM:
        return make_spectrum(draw);
    case RECORD_KIND_INTERVAL:
        return make_interval(draw);
    case RECORD_KIND_READING:
    case RECORD_KIND_COUNT:
        break;
    }
    return make_reading(draw);
}

struct record reading_example_wild(struct reading_example *example)
{
    const struct draw draw = { .example = example };
    const unsigned kind = (unsigned)(reading_example_random(example) % 10);
    return make_record(&draw, kind < RECORD_KIND_COUNT ? kind : RECORD_KIND_READING);
}

struct record reading_example_extreme(unsigned kind, bool high)
{
    const struct draw draw = { .high = high };
    return make_record(&draw, kind);
}

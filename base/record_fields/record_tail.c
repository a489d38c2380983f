// SPDX-License-Identifier: MIT
#include "record_fields.h"

#define OF_CHANNEL(member, type_)                                                                  \
    {                                                                                              \
        .offset = offsetof(struct interval_channel, member), .type = (type_)                       \
    }

static const struct record_field interval_channel_fields[] = {
    OF_CHANNEL(voltage_10mv, FIELD_U32),
    OF_CHANNEL(voltage_low_10mv, FIELD_U32),
    OF_CHANNEL(voltage_high_10mv, FIELD_U32),
    OF_CHANNEL(current_100ua, FIELD_U32),
    OF_CHANNEL(current_high_100ua, FIELD_U32),
    OF_CHANNEL(active_power_10mw, FIELD_I32),
    OF_CHANNEL(reactive_power_10mvar, FIELD_I32),
    OF_CHANNEL(voltage_distortion_ppm, FIELD_U32),
    OF_CHANNEL(current_distortion_ppm, FIELD_U32),
    OF_CHANNEL(import_mj, FIELD_U63),
    OF_CHANNEL(export_mj, FIELD_U63),
};

enum {
    INTERVAL_CHANNEL_FIELDS = sizeof interval_channel_fields / sizeof *interval_channel_fields,
};

_Static_assert((int)INTERVAL_CHANNEL_FIELDS *(int)READING_CHANNEL_COUNT <= (int)RECORD_TAIL_LIMIT,
               "an interval's tail fits");
_Static_assert((int)WAVEFORM_CHUNK_SAMPLES <= (int)RECORD_TAIL_LIMIT, "so does a waveform's");
_Static_assert((int)SPECTRUM_HARMONIC_COUNT <= (int)RECORD_TAIL_LIMIT, "and a spectrum's");

/// The measured channel that comes `place`-th.
static unsigned measured_channel(uint8_t channels, unsigned place)
{
    unsigned channel = 0;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)channels >> i & 1u) != 0 && place-- == 0) {
            channel = i;
        }
    }
    return channel;
}

bool record_has_tail(unsigned kind)
{
    return kind == RECORD_KIND_WAVEFORM || kind == RECORD_KIND_SPECTRUM ||
           kind == RECORD_KIND_INTERVAL;
}

bool record_tail_is_smooth(unsigned kind)
{
    return kind == RECORD_KIND_WAVEFORM;
}

unsigned record_tail_count(const struct record *record)
{
    unsigned count = 0;
    switch ((enum record_kind)record->kind) {
    case RECORD_KIND_WAVEFORM:
        return record->waveform.count <= WAVEFORM_CHUNK_SAMPLES ? record->waveform.count : 0;
    case RECORD_KIND_SPECTRUM:
        return SPECTRUM_HARMONIC_COUNT;
    case RECORD_KIND_INTERVAL:
        for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
            count += ((unsigned)record->interval.channels >> i & 1u) * INTERVAL_CHANNEL_FIELDS;
        }
        return count;
    case RECORD_KIND_READING:
    case RECORD_KIND_ANCHOR:
    case RECORD_KIND_EVENT:
    case RECORD_KIND_COUNT:
        break;
    }
    return 0;
}

int64_t record_tail_load(const struct record *record, unsigned index)
{
    if (record->kind == RECORD_KIND_WAVEFORM) {
        return record->waveform.sample[index];
    }
    if (record->kind == RECORD_KIND_SPECTRUM) {
        return record->spectrum.harmonic_ppm[index];
    }
    const unsigned channel =
        measured_channel(record->interval.channels, index / INTERVAL_CHANNEL_FIELDS);
    return record_field_load(&interval_channel_fields[index % INTERVAL_CHANNEL_FIELDS],
                             &record->interval.channel[channel]);
}

bool record_tail_store(struct record *record, unsigned index, int64_t value)
{
    static const struct record_field sample = { .type = FIELD_I16 };
    static const struct record_field harmonic = { .type = FIELD_U32 };
    if (record->kind == RECORD_KIND_WAVEFORM) {
        return record_field_store(&sample, &record->waveform.sample[index], value);
    }
    if (record->kind == RECORD_KIND_SPECTRUM) {
        return record_field_store(&harmonic, &record->spectrum.harmonic_ppm[index], value);
    }
    const unsigned channel =
        measured_channel(record->interval.channels, index / INTERVAL_CHANNEL_FIELDS);
    return record_field_store(&interval_channel_fields[index % INTERVAL_CHANNEL_FIELDS],
                              &record->interval.channel[channel], value);
}

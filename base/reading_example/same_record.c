// SPDX-License-Identifier: MIT
#include <string.h>

#include "reading_example.h"

static bool is_same_channel(const struct reading_channel *a, const struct reading_channel *b)
{
    return a->voltage_10mv == b->voltage_10mv && a->current_100ua == b->current_100ua &&
           a->active_power_10mw == b->active_power_10mw &&
           a->reactive_power_10mvar == b->reactive_power_10mvar &&
           a->apparent_power_10mva == b->apparent_power_10mva &&
           a->power_factor_1e4 == b->power_factor_1e4 && a->quality == b->quality &&
           a->fundamental_voltage_10mv == b->fundamental_voltage_10mv &&
           a->fundamental_current_100ua == b->fundamental_current_100ua &&
           a->fundamental_power_10mw == b->fundamental_power_10mw && a->import_mj == b->import_mj &&
           a->export_mj == b->export_mj &&
           memcmp(a->reactive_mvars, b->reactive_mvars, sizeof a->reactive_mvars) == 0;
}

static bool is_same_reading(const struct reading *x, const struct reading *y)
{
    static const struct reading_channel nothing;
    bool same = x->uptime_ms == y->uptime_ms && x->window_us == y->window_us &&
                x->frequency_mhz == y->frequency_mhz && x->quality == y->quality &&
                x->channels == y->channels && x->connected == y->connected && x->rate == y->rate &&
                memcmp(&x->total, &y->total, sizeof x->total) == 0;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const bool measured = (((unsigned)x->channels >> i) & 1u) != 0;
        same = same && is_same_channel(measured ? &x->channel[i] : &nothing,
                                       measured ? &y->channel[i] : &nothing);
    }
    return same;
}

static bool is_same_anchor(const struct anchor *a, const struct anchor *b)
{
    return a->uptime_ms == b->uptime_ms && a->utc_ms == b->utc_ms &&
           a->uncertainty_ms == b->uncertainty_ms && a->source == b->source;
}

static bool is_same_event(const struct power_event *a, const struct power_event *b)
{
    return a->started_us == b->started_us && a->duration_us == b->duration_us && a->id == b->id &&
           a->extreme_10mv == b->extreme_10mv && a->declared_10mv == b->declared_10mv &&
           a->kind == b->kind && a->channel == b->channel && a->quality == b->quality;
}

static bool is_same_waveform(const struct waveform_chunk *a, const struct waveform_chunk *b)
{
    return a->started_us == b->started_us && a->event_id == b->event_id &&
           a->interval_ns == b->interval_ns && a->unit_per_1e6 == b->unit_per_1e6 &&
           a->channel == b->channel && a->signal == b->signal && a->count == b->count &&
           memcmp(a->sample, b->sample, a->count * sizeof a->sample[0]) == 0;
}

static bool is_same_spectrum(const struct spectrum *a, const struct spectrum *b)
{
    return a->uptime_ms == b->uptime_ms && a->span_ms == b->span_ms && a->windows == b->windows &&
           a->frequency_mhz == b->frequency_mhz && a->fundamental_rms == b->fundamental_rms &&
           a->distortion_ppm == b->distortion_ppm && a->channel == b->channel &&
           a->signal == b->signal && a->quality == b->quality &&
           memcmp(a->harmonic_ppm, b->harmonic_ppm, sizeof a->harmonic_ppm) == 0;
}

static bool is_same_interval_channel(const struct interval_channel *a,
                                     const struct interval_channel *b)
{
    return a->voltage_10mv == b->voltage_10mv && a->voltage_low_10mv == b->voltage_low_10mv &&
           a->voltage_high_10mv == b->voltage_high_10mv && a->current_100ua == b->current_100ua &&
           a->current_high_100ua == b->current_high_100ua &&
           a->active_power_10mw == b->active_power_10mw &&
           a->reactive_power_10mvar == b->reactive_power_10mvar &&
           a->voltage_distortion_ppm == b->voltage_distortion_ppm &&
           a->current_distortion_ppm == b->current_distortion_ppm && a->import_mj == b->import_mj &&
           a->export_mj == b->export_mj;
}

static bool is_same_interval(const struct metering_interval *a, const struct metering_interval *b)
{
    static const struct interval_channel nothing;
    bool same = a->uptime_ms == b->uptime_ms && a->length_ms == b->length_ms &&
                a->measured_ms == b->measured_ms && a->frequency_mhz == b->frequency_mhz &&
                a->frequency_low_mhz == b->frequency_low_mhz &&
                a->frequency_high_mhz == b->frequency_high_mhz &&
                a->maximum_demand_mw == b->maximum_demand_mw &&
                a->maximum_demand_at_ms == b->maximum_demand_at_ms &&
                a->demand_mw == b->demand_mw && a->quality == b->quality && a->kind == b->kind &&
                a->flags == b->flags && a->channels == b->channels && a->rate == b->rate;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const bool measured = (((unsigned)a->channels >> i) & 1u) != 0;
        same = same && is_same_interval_channel(measured ? &a->channel[i] : &nothing,
                                                measured ? &b->channel[i] : &nothing);
    }
    return same;
}

bool reading_example_is_same(const struct record *a, const struct record *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch ((enum record_kind)a->kind) {
    case RECORD_KIND_READING:
        return is_same_reading(&a->reading, &b->reading);
    case RECORD_KIND_ANCHOR:
        return is_same_anchor(&a->anchor, &b->anchor);
    case RECORD_KIND_EVENT:
        return is_same_event(&a->event, &b->event);
    case RECORD_KIND_WAVEFORM:
        return is_same_waveform(&a->waveform, &b->waveform);
    case RECORD_KIND_SPECTRUM:
        return is_same_spectrum(&a->spectrum, &b->spectrum);
    case RECORD_KIND_INTERVAL:
        return is_same_interval(&a->interval, &b->interval);
    case RECORD_KIND_COUNT:
        break;
    }
    return false;
}

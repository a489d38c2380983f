// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"
#include "fleet_json_parts.h"

static const char *const EVENT_KINDS[POWER_EVENT_KIND_COUNT] = { "dip", "swell", "interruption" };
static const char *const INTERVAL_KINDS[INTERVAL_KIND_COUNT] = { "quality_10min", "quality_2h",
                                                                 "demand" };
static const char *const SIGNALS[SIGNAL_KIND_COUNT] = { "voltage", "current" };
static const char *const INTERVAL_FLAGS[] = { "flagged", "short", "unaligned", "clock_step" };

enum { US_PER_MS = 1000, RATIO_DECIMALS = 6 };

void fleet_json_event_id(const struct stored_finding *event, char out[FLEET_JSON_EVENT_ID_SIZE])
{
    for (size_t i = 0; i < JOURNAL_ID_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", event->journal_id[i]);
    }
    (void)snprintf(out + 2 * JOURNAL_ID_SIZE, FLEET_JSON_EVENT_ID_SIZE - 2 * JOURNAL_ID_SIZE,
                   "-%" PRIu64, event->seq);
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

bool fleet_json_read_event_id(const char *text, uint8_t journal_id[JOURNAL_ID_SIZE], uint64_t *seq)
{
    for (size_t i = 0; i < JOURNAL_ID_SIZE; i++) {
        const int high = digit_of(text[0]);
        const int low = high >= 0 ? digit_of(text[1]) : -1;
        if (low < 0) {
            return false;
        }
        journal_id[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    // One to eighteen decimal digits, the first of which is not 0.
    const size_t size = strspn(text + (*text == '-' ? 1 : 0), "0123456789");
    if (*text != '-' || text[1] == '0' || size < 1 || size > 18 || text[1 + size] != '\0') {
        return false;
    }
    *seq = strtoull(text + 1, NULL, 10);
    return true;
}

/// Milliseconds with the microseconds behind the point.
static void write_time_us(struct json_writer *writer, const char *name, int64_t time_ms,
                          uint64_t us)
{
    json_writer_decimal(writer, name, time_ms * US_PER_MS + (int64_t)(us % US_PER_MS), 3);
}

static void write_event(struct json_writer *writer, const struct stored_finding *finding)
{
    const struct power_event *event = &finding->record.event;
    const int64_t most_us = INT64_MAX;
    char event_id[FLEET_JSON_EVENT_ID_SIZE];
    fleet_json_event_id(finding, event_id);

    json_writer_string(writer, "event_id", event_id);
    json_writer_string(writer, "kind", EVENT_KINDS[event->kind]);
    json_writer_integer(writer, "channel", event->channel);
    write_time_us(writer, "start_ms", finding->time_ms, event->started_us);
    json_writer_decimal(
        writer, "duration_ms",
        event->duration_us < (uint64_t)most_us ? (int64_t)event->duration_us : most_us, 3);
    json_writer_decimal(writer, "extreme_v", event->extreme_10mv, 2);
    json_writer_decimal(writer, "declared_v", event->declared_10mv, 2);
    fleet_json_quality(writer, event->quality);
    json_writer_boolean(writer, "has_waveform", finding->has_waveform);
}

static void write_spectrum(struct json_writer *writer, const struct stored_finding *finding)
{
    const struct spectrum *spectrum = &finding->record.spectrum;
    const unsigned decimals = spectrum->signal == SIGNAL_VOLTAGE ? 2 : 4;

    json_writer_integer(writer, "channel", spectrum->channel);
    json_writer_string(writer, "signal", SIGNALS[spectrum->signal]);
    json_writer_integer(writer, "time_ms", finding->time_ms);
    json_writer_integer(writer, "span_ms", spectrum->span_ms);
    json_writer_integer(writer, "windows", spectrum->windows);
    fleet_json_frequency(writer, "frequency_hz", spectrum->frequency_mhz);
    json_writer_decimal(writer, "fundamental", spectrum->fundamental_rms, decimals);
    json_writer_decimal(writer, "thd", spectrum->distortion_ppm, RATIO_DECIMALS);
    json_writer_begin_array(writer, "harmonics");
    for (unsigned i = 0; i < SPECTRUM_HARMONIC_COUNT; i++) {
        json_writer_decimal(writer, NULL, spectrum->harmonic_ppm[i], RATIO_DECIMALS);
    }
    json_writer_end_array(writer);
    fleet_json_quality(writer, spectrum->quality);
}

static void write_interval_channel(struct json_writer *writer, unsigned index,
                                   const struct interval_channel *channel)
{
    json_writer_begin_object(writer, NULL);
    json_writer_integer(writer, "channel", index);
    json_writer_decimal(writer, "voltage_v", channel->voltage_10mv, 2);
    json_writer_decimal(writer, "voltage_low_v", channel->voltage_low_10mv, 2);
    json_writer_decimal(writer, "voltage_high_v", channel->voltage_high_10mv, 2);
    json_writer_decimal(writer, "current_a", channel->current_100ua, 4);
    json_writer_decimal(writer, "current_high_a", channel->current_high_100ua, 4);
    json_writer_decimal(writer, "active_power_w", channel->active_power_10mw, 2);
    json_writer_decimal(writer, "reactive_power_var", channel->reactive_power_10mvar, 2);
    json_writer_decimal(writer, "voltage_thd", channel->voltage_distortion_ppm, RATIO_DECIMALS);
    json_writer_decimal(writer, "current_thd", channel->current_distortion_ppm, RATIO_DECIMALS);
    json_writer_integer(writer, "import_mj", channel->import_mj);
    json_writer_integer(writer, "export_mj", channel->export_mj);
    json_writer_end_object(writer);
}

static void write_demand(struct json_writer *writer, const struct metering_interval *interval)
{
    if (interval->kind != INTERVAL_DEMAND) {
        json_writer_null(writer, "demand_w");
        json_writer_null(writer, "maximum_demand_w");
        json_writer_null(writer, "maximum_demand_ms");
        return;
    }
    json_writer_decimal(writer, "demand_w", interval->demand_mw, 3);
    json_writer_decimal(writer, "maximum_demand_w", interval->maximum_demand_mw, 3);
    if (interval->maximum_demand_at_ms != 0) {
        json_writer_integer(writer, "maximum_demand_ms", interval->maximum_demand_at_ms);
    } else {
        json_writer_null(writer, "maximum_demand_ms");
    }
}

static void write_interval(struct json_writer *writer, const struct stored_finding *finding)
{
    const struct metering_interval *interval = &finding->record.interval;

    json_writer_string(writer, "kind", INTERVAL_KINDS[interval->kind]);
    json_writer_integer(writer, "start_ms", finding->time_ms - (int64_t)interval->length_ms);
    json_writer_integer(writer, "end_ms", finding->time_ms);
    json_writer_integer(writer, "measured_ms", interval->measured_ms);
    json_writer_integer(writer, "rate", interval->rate);
    fleet_json_frequency(writer, "frequency_hz", interval->frequency_mhz);
    fleet_json_frequency(writer, "frequency_low_hz", interval->frequency_low_mhz);
    fleet_json_frequency(writer, "frequency_high_hz", interval->frequency_high_mhz);
    json_writer_begin_array(writer, "flags");
    for (unsigned i = 0; i < sizeof INTERVAL_FLAGS / sizeof *INTERVAL_FLAGS; i++) {
        if (((unsigned)interval->flags >> i & 1u) != 0) {
            json_writer_string(writer, NULL, INTERVAL_FLAGS[i]);
        }
    }
    json_writer_end_array(writer);
    fleet_json_quality(writer, interval->quality);
    write_demand(writer, interval);
    json_writer_begin_array(writer, "channels");
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)interval->channels >> i & 1u) != 0) {
            write_interval_channel(writer, i, &interval->channel[i]);
        }
    }
    json_writer_end_array(writer);
}

void fleet_json_finding(struct json_writer *writer, const char *name,
                        const struct stored_finding *finding)
{
    json_writer_begin_object(writer, name);
    if (finding->record.kind == RECORD_KIND_INTERVAL) {
        write_interval(writer, finding);
    } else {
        json_writer_string(writer, "device_id", finding->device_id);
        if (finding->record.kind == RECORD_KIND_EVENT) {
            write_event(writer, finding);
        } else {
            write_spectrum(writer, finding);
        }
    }
    json_writer_end_object(writer);
}

/// Tells whether `part` begins where the samples before it end, to half an interval.
static bool follows(const struct waveform_chunk *before, const struct waveform_chunk *part)
{
    const uint64_t length_us = (uint64_t)before->interval_ns * before->count / US_PER_MS;
    const int64_t half_us = (int64_t)(before->interval_ns / (2 * US_PER_MS)) + 1;
    const int64_t gap_us = (int64_t)(part->started_us - before->started_us - length_us);
    return before->channel == part->channel && before->signal == part->signal &&
           before->interval_ns == part->interval_ns && before->unit_per_1e6 == part->unit_per_1e6 &&
           gap_us >= -half_us && gap_us <= half_us;
}

static void begin_signal(struct json_writer *writer, const struct power_event *event,
                         const struct waveform_chunk *part)
{
    json_writer_begin_object(writer, NULL);
    json_writer_integer(writer, "channel", part->channel);
    json_writer_string(writer, "signal", SIGNALS[part->signal]);
    json_writer_string(writer, "unit", part->signal == SIGNAL_VOLTAGE ? "V" : "A");
    json_writer_decimal(writer, "start_ms", (int64_t)(part->started_us - event->started_us), 3);
    json_writer_decimal(writer, "interval_us", part->interval_ns, 3);
    json_writer_begin_array(writer, "values");
}

static void write_values(struct json_writer *writer, const struct waveform_chunk *part)
{
    for (unsigned i = 0; i < part->count; i++) {
        json_writer_decimal(writer, NULL, (int64_t)part->sample[i] * part->unit_per_1e6, 6);
    }
}

void fleet_json_signals(struct json_writer *writer, const struct stored_finding *event,
                        const struct waveform_chunk *parts, size_t count)
{
    json_writer_begin_array(writer, "signals");
    for (unsigned signal = 0; signal < FINDING_SPECTRUM_SUBJECTS; signal++) {
        const struct waveform_chunk *before = NULL;
        for (size_t i = 0; i < count; i++) {
            if (finding_spectrum_subject(parts[i].channel, parts[i].signal) != signal) {
                continue;
            }
            if (before == NULL || !follows(before, &parts[i])) {
                if (before != NULL) {
                    json_writer_end_array(writer);
                    json_writer_end_object(writer);
                }
                begin_signal(writer, &event->record.event, &parts[i]);
            }
            write_values(writer, &parts[i]);
            before = &parts[i];
        }
        if (before != NULL) {
            json_writer_end_array(writer);
            json_writer_end_object(writer);
        }
    }
    json_writer_end_array(writer);
}

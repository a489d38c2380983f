// SPDX-License-Identifier: MIT
#include <math.h>

#include "fleet_json.h"
#include "fleet_json_parts.h"
#include "power_terms.h"

static const struct {
    uint16_t bit;
    const char *name;
} QUALITY_NAMES[] = {
    { READING_QUALITY_GAP, "gap" },
    { READING_QUALITY_NO_REFERENCE, "no_reference" },
    { READING_QUALITY_CLIPPED, "clipped" },
    { READING_QUALITY_PARTIAL, "partial" },
    { READING_QUALITY_PHASE_JUMP, "phase_jump" },
    { READING_QUALITY_CHANNEL_SWAP, "channel_swap" },
    { READING_QUALITY_MERGED, "merged" },
    { READING_QUALITY_DRIFT, "drift" },
    { READING_QUALITY_FLAGGED, "flagged" },
    { READING_QUALITY_CREEP, "creep" },
    { READING_QUALITY_STALE_RATE, "stale_rate" },
};

const char *fleet_json_time_source(uint8_t source)
{
    switch (source) {
    case ANCHOR_SOURCE_SERVER:
        return "server";
    case ANCHOR_SOURCE_HOST:
        return "host";
    case ANCHOR_SOURCE_SNTP:
        return "sntp";
    default:
        return "none";
    }
}

void fleet_json_quality(struct json_writer *writer, uint16_t quality)
{
    json_writer_begin_array(writer, "quality");
    for (size_t i = 0; i < sizeof QUALITY_NAMES / sizeof QUALITY_NAMES[0]; i++) {
        if ((quality & QUALITY_NAMES[i].bit) != 0) {
            json_writer_string(writer, NULL, QUALITY_NAMES[i].name);
        }
    }
    json_writer_end_array(writer);
}

void fleet_json_numbers(struct json_writer *writer, const char *name, const int64_t *numbers,
                        unsigned count)
{
    json_writer_begin_array(writer, name);
    for (unsigned i = 0; i < count; i++) {
        json_writer_integer(writer, NULL, numbers[i]);
    }
    json_writer_end_array(writer);
}

void fleet_json_frequency(struct json_writer *writer, const char *name, uint32_t frequency_mhz)
{
    if (frequency_mhz > 0) {
        json_writer_decimal(writer, name, frequency_mhz, 3);
    } else {
        json_writer_null(writer, name);
    }
}

static void write_known(struct json_writer *writer, const char *name, bool known, double value,
                        unsigned decimals)
{
    fleet_json_quantity(writer, name, known ? value : (double)NAN, decimals);
}

static void write_fundamental(struct json_writer *writer, const struct reading_channel *channel)
{
    const struct power_measures measures = power_measures_of_channel(channel);
    const struct power_terms terms = power_terms_of(&measures);
    const bool has_voltage = channel->fundamental_voltage_10mv > 0;
    const bool has_current = channel->fundamental_current_100ua > 0;

    json_writer_decimal(writer, "fundamental_voltage_v", channel->fundamental_voltage_10mv, 2);
    json_writer_decimal(writer, "fundamental_current_a", channel->fundamental_current_100ua, 4);
    json_writer_decimal(writer, "fundamental_power_w", channel->fundamental_power_10mw, 2);
    fleet_json_quantity(writer, "non_active_power_va", terms.nonactive_var, 2);
    write_known(writer, "fundamental_apparent_power_va", has_voltage, terms.fundamental_apparent_va,
                2);
    write_known(writer, "non_fundamental_apparent_va", has_voltage, terms.nonfundamental_va, 2);
    write_known(writer, "current_distortion_va", has_voltage, terms.current_distortion_var, 2);
    write_known(writer, "voltage_distortion_va", has_voltage, terms.voltage_distortion_var, 2);
    write_known(writer, "harmonic_apparent_va", has_voltage, terms.harmonic_apparent_va, 2);
    write_known(writer, "displacement_power_factor", has_voltage && has_current,
                terms.displacement_factor, 4);
    write_known(writer, "voltage_thd", has_voltage, terms.voltage_distortion, 5);
    write_known(writer, "current_thd", has_current, terms.current_distortion, 5);
}

static void write_channel(struct json_writer *writer, unsigned index, bool connected,
                          const struct reading_channel *channel)
{
    json_writer_begin_object(writer, NULL);
    json_writer_integer(writer, "channel", index);
    json_writer_boolean(writer, "connected", connected);
    json_writer_decimal(writer, "voltage_v", channel->voltage_10mv, 2);
    json_writer_decimal(writer, "current_a", channel->current_100ua, 4);
    json_writer_decimal(writer, "active_power_w", channel->active_power_10mw, 2);
    json_writer_decimal(writer, "reactive_power_var", channel->reactive_power_10mvar, 2);
    json_writer_decimal(writer, "apparent_power_va", channel->apparent_power_10mva, 2);
    json_writer_decimal(writer, "power_factor", channel->power_factor_1e4, 4);
    json_writer_integer(writer, "import_mj", channel->import_mj);
    json_writer_integer(writer, "export_mj", channel->export_mj);
    fleet_json_quality(writer, channel->quality);
    write_fundamental(writer, channel);
    fleet_json_numbers(writer, "reactive_mvars", channel->reactive_mvars, READING_QUADRANT_COUNT);
    json_writer_end_object(writer);
}

void fleet_json_journal_id(struct json_writer *writer, const char *name,
                           const uint8_t journal_id[JOURNAL_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * JOURNAL_ID_SIZE + 1];
    for (size_t i = 0; i < JOURNAL_ID_SIZE; i++) {
        text[2 * i] = digits[journal_id[i] >> 4];
        text[2 * i + 1] = digits[journal_id[i] & 15u];
    }
    text[2 * JOURNAL_ID_SIZE] = '\0';
    json_writer_string(writer, name, text);
}

void fleet_json_rates(struct json_writer *writer, const struct reading_total *total)
{
    json_writer_begin_array(writer, "rates");
    for (unsigned i = 0; i < READING_RATE_COUNT; i++) {
        json_writer_begin_object(writer, NULL);
        json_writer_integer(writer, "import_mj", total->import_mj[i]);
        json_writer_integer(writer, "export_mj", total->export_mj[i]);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    fleet_json_numbers(writer, "reactive_mvars", total->reactive_mvars, READING_QUADRANT_COUNT);
}

static void write_total(struct json_writer *writer, const struct reading_total *total)
{
    json_writer_begin_object(writer, "total");
    json_writer_integer(writer, "import_mj", power_terms_register_total(total->import_mj));
    json_writer_integer(writer, "export_mj", power_terms_register_total(total->export_mj));
    fleet_json_rates(writer, total);
    json_writer_end_object(writer);
}

void fleet_json_reading(struct json_writer *writer, const char *name,
                        const struct stored_reading *stored)
{
    const struct reading *reading = &stored->reading;

    json_writer_begin_object(writer, name);
    json_writer_string(writer, "device_id", stored->device_id);
    fleet_json_journal_id(writer, "journal_id", stored->journal_id);
    json_writer_unsigned(writer, "seq", stored->seq);
    json_writer_integer(writer, "time_ms", stored->time_ms);
    json_writer_string(writer, "time_source", fleet_json_time_source(stored->time_source));
    json_writer_unsigned(writer, "uptime_ms", reading->uptime_ms);
    json_writer_unsigned(writer, "boot_id", stored->boot_id);
    json_writer_unsigned(writer, "window_us", reading->window_us);
    fleet_json_frequency(writer, "frequency_hz", reading->frequency_mhz);
    json_writer_unsigned(writer, "rate", reading->rate);
    fleet_json_quality(writer, reading->quality);
    write_total(writer, &reading->total);
    json_writer_begin_array(writer, "channels");
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if ((reading->channels >> i & 1u) != 0) {
            write_channel(writer, i, (reading->connected >> i & 1u) != 0, &reading->channel[i]);
        }
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

// SPDX-License-Identifier: MIT
#include "fleet_json.h"
#include "fleet_json_parts.h"

#include <math.h>
#include <stddef.h>

static const char *profile_name(enum device_profile profile)
{
    switch (profile) {
    case DEVICE_PROFILE_ENERGY_METER:
        return "energy_meter";
    }
    return "unknown";
}

void fleet_json_quantity(struct json_writer *writer, const char *name, double value,
                         unsigned decimals)
{
    static const double scales[] = { 1, 10, 100, 1000, 10000, 100000 };
    if (!isfinite(value) || fabs(value) > 1e12 || decimals >= sizeof scales / sizeof scales[0]) {
        json_writer_null(writer, name);
        return;
    }
    json_writer_decimal(writer, name, llround(value * scales[decimals]), decimals);
}

static void write_known(struct json_writer *writer, const char *name, bool known, double value,
                        unsigned decimals)
{
    fleet_json_quantity(writer, name, known ? value : (double)NAN, decimals);
}

static void write_time(struct json_writer *writer, const char *name, int64_t time_ms)
{
    if (time_ms > 0) {
        json_writer_integer(writer, name, time_ms);
    } else {
        json_writer_null(writer, name);
    }
}

static void write_text(struct json_writer *writer, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_writer_string(writer, name, text);
    } else {
        json_writer_null(writer, name);
    }
}

void fleet_json_device(struct json_writer *writer, const char *name,
                       const struct device_view *device)
{
    json_writer_begin_object(writer, name);
    json_writer_string(writer, "device_id", device->device_id);
    write_text(writer, "name", device->name);
    json_writer_string(writer, "profile", profile_name(device->profile));
    json_writer_boolean(writer, "online", device->online);
    write_time(writer, "last_seen_ms", device->last_seen_ms);
    write_time(writer, "last_reading_ms", device->last_reading_ms);
    if (device->relay_mask_known) {
        json_writer_integer(writer, "relay_mask", device->relay_mask);
    } else {
        json_writer_null(writer, "relay_mask");
    }
    json_writer_boolean(writer, "relay_mask_known", device->relay_mask_known);
    write_text(writer, "firmware_version", device->firmware_version);
    if (device->journal_depth_known) {
        json_writer_unsigned(writer, "journal_depth", device->journal_depth);
    } else {
        json_writer_null(writer, "journal_depth");
    }
    if (device->tamper.known) {
        json_writer_begin_object(writer, "tamper");
        json_writer_boolean(writer, "latched", device->tamper.latched);
        json_writer_boolean(writer, "case_open", device->tamper.case_open);
        json_writer_unsigned(writer, "count", device->tamper.count);
        json_writer_end_object(writer);
    } else {
        json_writer_null(writer, "tamper");
    }
    json_writer_boolean(writer, "unacknowledged_data", device->unacknowledged_data);
    write_known(writer, "active_power_w", device->electrical_known, device->active_power_w, 2);
    write_known(writer, "reference_voltage_v", device->electrical_known,
                device->reference_voltage_v, 2);
    write_known(writer, "frequency_hz", device->electrical_known && device->frequency_hz > 0.0,
                device->frequency_hz, 3);
    fleet_json_quality(writer, device->electrical_known ? device->quality : 0);
    json_writer_end_object(writer);
}

void fleet_json_relay(struct json_writer *writer, const char *device_id, uint8_t relay_mask,
                      int64_t time_ms)
{
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "device_id", device_id);
    json_writer_integer(writer, "relay_mask", relay_mask);
    json_writer_integer(writer, "time_ms", time_ms);
    json_writer_end_object(writer);
}

void fleet_json_command(struct json_writer *writer, const char *device_id,
                        const struct command_result *result)
{
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "device_id", device_id);
    json_writer_string(writer, "cmd_id", result->cmd_id);
    json_writer_string(writer, "status", command_outcome_name(result->outcome));
    if (result->relay_mask_known) {
        json_writer_integer(writer, "relay_mask", result->relay_mask);
    } else {
        json_writer_null(writer, "relay_mask");
    }
    json_writer_end_object(writer);
}

enum { TIME_MS, MEASURED_US, IMPORT_MJ, EXPORT_MJ, QUALITY, INTEGER_COLUMNS };

static int64_t integer_of(const struct telemetry_point *point, unsigned column)
{
    switch (column) {
    case TIME_MS:
        return point->start_ms;
    case MEASURED_US:
        return point->measured_us;
    case IMPORT_MJ:
        return point->import_mj;
    case EXPORT_MJ:
        return point->export_mj;
    default:
        return point->quality;
    }
}

static void write_integers(struct json_writer *writer, const char *name, unsigned column,
                           const struct telemetry_series *series)
{
    json_writer_begin_array(writer, name);
    for (size_t i = 0; i < series->count; i++) {
        if (column <= MEASURED_US || series->points[i].measured_us > 0) {
            json_writer_integer(writer, NULL, integer_of(&series->points[i], column));
        } else {
            json_writer_null(writer, NULL);
        }
    }
    json_writer_end_array(writer);
}

static void write_quantities(struct json_writer *writer, const char *name, size_t offset,
                             unsigned decimals, const struct telemetry_series *series)
{
    // A piece of a cycle has a voltage and no frequency; mains of 0 Hz are none.
    const bool zero_is_unknown = offset == offsetof(struct telemetry_point, frequency_hz);
    json_writer_begin_array(writer, name);
    for (size_t i = 0; i < series->count; i++) {
        const char *point = (const char *)&series->points[i];
        const double value = *(const double *)(const void *)(point + offset);
        const bool known = series->points[i].measured_us > 0 && !(zero_is_unknown && value <= 0.0);
        write_known(writer, NULL, known, value, decimals);
    }
    json_writer_end_array(writer);
}

void fleet_json_series(struct json_writer *writer, const struct telemetry_series *series)
{
    static const struct {
        const char *name;
        size_t offset;
        unsigned decimals;
    } columns[] = {
        { "voltage_v", offsetof(struct telemetry_point, voltage_v), 3 },
        { "current_a", offsetof(struct telemetry_point, current_a), 4 },
        { "active_power_w", offsetof(struct telemetry_point, active_power_w), 3 },
        { "active_power_min_w", offsetof(struct telemetry_point, active_power_min_w), 3 },
        { "active_power_max_w", offsetof(struct telemetry_point, active_power_max_w), 3 },
        { "reactive_power_var", offsetof(struct telemetry_point, reactive_power_var), 3 },
        { "apparent_power_va", offsetof(struct telemetry_point, apparent_power_va), 3 },
        { "power_factor", offsetof(struct telemetry_point, power_factor), 4 },
        { "frequency_hz", offsetof(struct telemetry_point, frequency_hz), 3 },
    };
    const struct telemetry_query *query = &series->query;

    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "device_id", query->device_id);
    if (query->channel == TELEMETRY_CHANNEL_TOTAL) {
        json_writer_string(writer, "channel", "total");
    } else {
        json_writer_integer(writer, "channel", query->channel);
    }
    json_writer_integer(writer, "start_ms", query->start_ms);
    json_writer_integer(writer, "end_ms", query->end_ms);
    json_writer_integer(writer, "bucket_ms", query->bucket_ms);
    json_writer_string(writer, "source", query->bucket_ms < TELEMETRY_MINUTE_MS ? "raw" : "minute");
    write_integers(writer, "time_ms", TIME_MS, series);
    write_integers(writer, "measured_us", MEASURED_US, series);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        write_quantities(writer, columns[i].name, columns[i].offset, columns[i].decimals, series);
    }
    write_integers(writer, "import_mj", IMPORT_MJ, series);
    write_integers(writer, "export_mj", EXPORT_MJ, series);
    write_integers(writer, "quality", QUALITY, series);
    json_writer_end_object(writer);
}

// SPDX-License-Identifier: MIT
#include "payloads.h"

#include "json_writer.h"

static const char SECURITY[] = "SSL_TLS_ENCRYPTED";

/// Sums over the measured channels, in the scales of a reading.
struct totals {
    uint64_t current_100ua;
    int64_t active_power_10mw;
    uint64_t apparent_power_10mva;
    int64_t import_mj;
    unsigned connected;
};

static bool has(unsigned mask, unsigned bit)
{
    return ((mask >> bit) & 1u) != 0;
}

static struct totals total(const struct reading *reading)
{
    struct totals sums = { .connected = 0 };
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        const struct reading_channel *channel = &reading->channel[i];
        if (has(reading->channels, i)) {
            sums.current_100ua += channel->current_100ua;
            sums.active_power_10mw += channel->active_power_10mw;
            sums.apparent_power_10mva += channel->apparent_power_10mva;
            sums.import_mj += channel->import_mj;
            sums.connected += has(reading->connected, i) ? 1u : 0u;
        }
    }
    return sums;
}

/// Watt-hours with three decimals: 1 Wh is 3600 J.
static void put_energy(struct json_writer *json, const char *name, int64_t import_mj)
{
    json_writer_decimal(json, name, import_mj / 3600, 3);
}

static void put_channel(struct json_writer *json, const struct reading *reading, unsigned index,
                        uint64_t uptime_us)
{
    const struct reading_channel *channel = &reading->channel[index];

    json_writer_begin_object(json, NULL);
    json_writer_unsigned(json, "channel", index);
    json_writer_boolean(json, "connected", has(reading->connected, index));
    json_writer_decimal(json, "current", channel->current_100ua, 4);
    json_writer_decimal(json, "voltage", channel->voltage_10mv, 2);
    json_writer_decimal(json, "power_real", channel->active_power_10mw, 2);
    json_writer_decimal(json, "power_apparent", channel->apparent_power_10mva, 2);
    json_writer_decimal(json, "power_reactive", channel->reactive_power_10mvar, 2);
    json_writer_decimal(json, "power_factor", channel->power_factor_1e4, 4);
    put_energy(json, "energy", channel->import_mj);
    json_writer_decimal(json, "frequency",
                        has(reading->channels, index) ? reading->frequency_mhz : 0, 3);
    json_writer_unsigned(json, "timestamp", uptime_us);
    json_writer_end_object(json);
}

/// The place of the solar line; a device without one says so.
static void put_no_solar(struct json_writer *json)
{
    static const char *const names[] = { "solar_voltage",   "solar_current",   "solar_power",
                                         "battery_voltage", "battery_current", "battery_soc",
                                         "timestamp" };
    json_writer_begin_object(json, "solar");
    json_writer_boolean(json, "data_valid", false);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_writer_integer(json, names[i], 0);
    }
    json_writer_end_object(json);
}

enum status payloads_data(const struct data_payload *data, char *out, size_t capacity, size_t *size)
{
    const struct reading *reading = data->reading;
    const struct totals sums = total(reading);
    const uint64_t measured_us = reading->uptime_ms * 1000u;
    struct json_writer json;

    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_unsigned(&json, "packet_id", data->packet_id);
    json_writer_unsigned(&json, "timestamp", data->uptime_us);
    json_writer_decimal(&json, "system_voltage", payloads_reference_voltage_10mv(reading), 2);
    json_writer_string(&json, "security", SECURITY);
    json_writer_string(&json, "device_id", data->device_id);
    json_writer_begin_array(&json, "channels");
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        put_channel(&json, reading, i, measured_us);
    }
    json_writer_end_array(&json);
    put_no_solar(&json);
    json_writer_begin_object(&json, "summary");
    json_writer_decimal(&json, "total_power", sums.active_power_10mw, 2);
    put_energy(&json, "total_energy", sums.import_mj);
    json_writer_unsigned(&json, "connected_sensors", sums.connected);
    json_writer_string(&json, "transmission_mode", "SECURE_SSL");
    json_writer_end_object(&json);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}

enum status payloads_realtime(const struct realtime_payload *realtime, char *out, size_t capacity,
                              size_t *size)
{
    const struct reading *reading = realtime->reading;
    const struct totals sums = total(reading);
    const int64_t power_factor_1e4 =
        sums.apparent_power_10mva == 0
            ? 0
            : sums.active_power_10mw * 10000 / (int64_t)sums.apparent_power_10mva;
    struct json_writer json;

    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_decimal(&json, "voltage_rms", payloads_reference_voltage_10mv(reading), 2);
    json_writer_decimal(&json, "current_rms", (int64_t)sums.current_100ua, 4);
    json_writer_decimal(&json, "power_real", sums.active_power_10mw, 2);
    json_writer_decimal(&json, "power_apparent", (int64_t)sums.apparent_power_10mva, 2);
    json_writer_decimal(&json, "power_factor", power_factor_1e4, 4);
    json_writer_decimal(&json, "frequency", reading->frequency_mhz, 3);
    json_writer_boolean(&json, "sensor_connected", sums.connected > 0);
    json_writer_unsigned(&json, "timestamp", realtime->uptime_us);
    json_writer_unsigned(&json, "relay_mask", realtime->relay_mask);
    json_writer_string(&json, "device_id", realtime->device_id);
    json_writer_string(&json, "security", SECURITY);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}

enum status payloads_relay_status(const struct relay_status_payload *status, char *out,
                                  size_t capacity, size_t *size)
{
    struct json_writer json;

    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_begin_array(&json, "relays");
    for (unsigned relay = 0; relay < 8; relay++) {
        json_writer_boolean(&json, NULL, has(status->relay_mask, relay));
    }
    json_writer_end_array(&json);
    json_writer_unsigned(&json, "relay_mask", status->relay_mask);
    json_writer_boolean(&json, "power_failure_mode", false);
    json_writer_unsigned(&json, "last_update", status->changed_us);
    json_writer_string(&json, "device_id", status->device_id);
    json_writer_unsigned(&json, "timestamp", status->uptime_us);
    json_writer_string(&json, "security", SECURITY);
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}

static unsigned count_bits(uint8_t mask)
{
    unsigned count = 0;
    for (; mask != 0; mask = (uint8_t)(mask & (mask - 1u))) {
        count++;
    }
    return count;
}

enum status payloads_system_status(const struct system_status_payload *status, char *out,
                                   size_t capacity, size_t *size)
{
    struct json_writer json;

    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_string(&json, "status", "online");
    json_writer_string(&json, "device_id", status->device_id);
    json_writer_string(&json, "version", status->version);
    json_writer_unsigned(&json, "uptime", status->uptime_us / 1000000u);
    json_writer_unsigned(&json, "timestamp", status->uptime_us);
    json_writer_unsigned(&json, "free_heap", status->free_memory);
    json_writer_unsigned(&json, "min_free_heap", status->least_free_memory);
    json_writer_boolean(&json, "wifi_connected", status->network_up);
    json_writer_boolean(&json, "mqtt_connected", true);
    json_writer_boolean(&json, "custom_ssl_active", true);
    json_writer_boolean(&json, "provisioning_mode", status->provisioning);
    json_writer_string(&json, "security_level", "CUSTOM_MUTUAL_TLS");
    json_writer_string(&json, "certificate_type", "USER_PROVIDED");
    json_writer_boolean(&json, "client_cert_auth", true);
    json_writer_boolean(&json, "server_cert_verified", true);
    json_writer_boolean(&json, "sampling_task_running", status->sampling_running);
    json_writer_boolean(&json, "processing_task_running", status->processing_running);
    json_writer_boolean(&json, "communication_task_running", status->communication_running);
    json_writer_boolean(&json, "button_task_running", status->button_running);
    json_writer_unsigned(&json, "active_relays", count_bits(status->relay_mask));
    json_writer_unsigned(&json, "packet_counter", status->packet_counter);
    json_writer_decimal(&json, "current_voltage", status->reference_voltage_10mv, 2);
    json_writer_unsigned(&json, "journal_depth", status->journal_depth);
    json_writer_string(&json, "journal_id", status->journal_id);
    json_writer_unsigned(&json, "boot_id", status->boot_id);
    if (status->has_tamper_switch) {
        json_writer_begin_object(&json, "tamper");
        json_writer_boolean(&json, "latched", status->tampered);
        json_writer_boolean(&json, "case_open", status->case_open);
        json_writer_unsigned(&json, "count", status->tamper_count);
        json_writer_end_object(&json);
    }
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}

enum status payloads_command_result(const struct command_result_payload *result, char *out,
                                    size_t capacity, size_t *size)
{
    struct json_writer json;

    json_writer_init(&json, out, capacity);
    json_writer_begin_object(&json, NULL);
    json_writer_string(&json, "cmd_id", result->cmd_id);
    json_writer_string(&json, "status", result->status);
    json_writer_string(&json, "reason", result->reason);
    json_writer_unsigned(&json, "relay_mask", result->relay_mask);
    if (result->detail != NULL) {
        json_writer_verbatim(&json, "detail", result->detail);
    }
    json_writer_end_object(&json);
    return json_writer_finish(&json, size);
}

const char *payloads_offline(void)
{
    return "{\"status\":\"offline\",\"timestamp\":0}";
}

uint32_t payloads_reference_voltage_10mv(const struct reading *reading)
{
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (has(reading->channels, i)) {
            return reading->channel[i].voltage_10mv;
        }
    }
    return 0;
}

// SPDX-License-Identifier: MIT
#include "fleet_payloads.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base64url.h"
#include "payload_json.h"

/// Parses an object that names no other device. On success the caller deletes `*object`.
static enum payload_verdict open_object(const char *text, size_t size, const char *device_id,
                                        cJSON **object)
{
    if (size > PAYLOAD_SIZE_LIMIT) {
        return PAYLOAD_OVERSIZED;
    }
    *object = payload_json_parse(text, size);
    enum payload_verdict verdict = *object != NULL ? PAYLOAD_OK : PAYLOAD_MALFORMED;
    if (verdict == PAYLOAD_OK) {
        const cJSON *named = cJSON_GetObjectItemCaseSensitive(*object, "device_id");
        if (named != NULL && !cJSON_IsString(named)) {
            verdict = PAYLOAD_MALFORMED;
        } else if (named != NULL && strcmp(named->valuestring, device_id) != 0) {
            verdict = PAYLOAD_WRONG_DEVICE;
        }
    }
    if (verdict != PAYLOAD_OK) {
        cJSON_Delete(*object);
        *object = NULL;
    }
    return verdict;
}

/// Reads a number in [low, high]; a missing one leaves `*out` alone. @return false  malformed.
static bool read_number(const cJSON *object, const char *name, double low, double high, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL) {
        return true;
    }
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < low ||
        item->valuedouble > high) {
        return false;
    }
    *out = item->valuedouble;
    return true;
}

/// Copies text; a missing member gives an empty one. Too long text is cut. @return false malformed.
static bool read_text(const cJSON *object, const char *name, char *out, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    out[0] = '\0';
    if (item == NULL) {
        return true;
    }
    if (!cJSON_IsString(item)) {
        return false;
    }
    payload_json_copy(item->valuestring, out, size);
    return true;
}

/// As read_number(), for numbers without a fraction.
static bool read_whole(const cJSON *object, const char *name, double low, double high, double *out)
{
    return read_number(object, name, low, high, out) && floor(*out) == *out;
}

enum payload_verdict payload_read_relay_status(const char *text, size_t size, const char *device_id,
                                               uint8_t *relay_mask)
{
    cJSON *object;
    enum payload_verdict verdict = open_object(text, size, device_id, &object);
    if (verdict != PAYLOAD_OK) {
        return verdict;
    }
    double mask = -1.0;
    if (!read_whole(object, "relay_mask", 0, 255, &mask) || mask < 0.0) {
        verdict = PAYLOAD_MALFORMED;
    } else {
        *relay_mask = (uint8_t)mask;
    }
    cJSON_Delete(object);
    return verdict;
}

static bool read_flag(const cJSON *object, const char *name, bool *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *out = cJSON_IsTrue(item) != 0;
    return cJSON_IsBool(item);
}

/// Reads what is said of the case; nothing said leaves it unknown. @return false  malformed.
static bool read_tamper(const cJSON *object, struct device_tamper *tamper)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "tamper");
    double count = -1.0;
    if (item == NULL) {
        return true;
    }
    if (!cJSON_IsObject(item) || !read_flag(item, "latched", &tamper->latched) ||
        !read_flag(item, "case_open", &tamper->case_open) ||
        !read_whole(item, "count", 0, 0xFFFFFF, &count) || count < 0.0) {
        return false;
    }
    tamper->known = true;
    tamper->count = (uint32_t)count;
    return true;
}

enum payload_verdict payload_read_system_status(const char *text, size_t size,
                                                const char *device_id,
                                                struct device_status_report *report)
{
    cJSON *object;
    enum payload_verdict verdict = open_object(text, size, device_id, &object);
    if (verdict != PAYLOAD_OK) {
        return verdict;
    }
    char status[16];
    double depth = -1.0;
    *report = (struct device_status_report){ 0 };
    if (!read_text(object, "status", status, sizeof status) ||
        !read_text(object, "version", report->firmware_version, sizeof report->firmware_version) ||
        !read_whole(object, "journal_depth", 0, 9e15, &depth) ||
        !read_tamper(object, &report->tamper)) {
        verdict = PAYLOAD_MALFORMED;
    } else {
        report->offline = strcmp(status, "offline") == 0;
        report->version_known = report->firmware_version[0] != '\0';
        report->journal_depth_known = depth >= 0.0;
        report->journal_depth = depth >= 0.0 ? (uint64_t)depth : 0;
    }
    cJSON_Delete(object);
    return verdict;
}

/// Copies an object as JSON; a missing one, or one that is too large, gives an empty text.
static bool read_detail(const cJSON *object, char detail[COMMAND_DETAIL_SIZE])
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "detail");
    detail[0] = '\0';
    if (item == NULL) {
        return true;
    }
    if (!cJSON_IsObject(item)) {
        return false;
    }
    char *text = cJSON_PrintUnformatted(item);
    if (text != NULL && strlen(text) < COMMAND_DETAIL_SIZE) {
        memcpy(detail, text, strlen(text) + 1);
    }
    cJSON_free(text);
    return true;
}

enum payload_verdict payload_read_command_result(const char *text, size_t size,
                                                 const char *device_id,
                                                 struct command_result *result)
{
    cJSON *object;
    enum payload_verdict verdict = open_object(text, size, device_id, &object);
    if (verdict != PAYLOAD_OK) {
        return verdict;
    }
    char status[16];
    double mask = -1.0;
    *result = (struct command_result){ 0 };
    if (!read_text(object, "cmd_id", result->cmd_id, sizeof result->cmd_id) ||
        !read_text(object, "status", status, sizeof status) ||
        !read_text(object, "reason", result->reason, sizeof result->reason) ||
        !read_whole(object, "relay_mask", 0, 255, &mask) ||
        !command_outcome_parse(status, &result->outcome) || result->cmd_id[0] == '\0' ||
        !read_detail(object, result->detail)) {
        verdict = PAYLOAD_MALFORMED;
    } else {
        result->relay_mask_known = mask >= 0.0;
        result->relay_mask = mask >= 0.0 ? (uint8_t)mask : 0;
    }
    cJSON_Delete(object);
    return verdict;
}

/// The numbers of one channel of a packet.
struct channel_numbers {
    double voltage;
    double current;
    double power_real;
    double power_apparent;
    double power_reactive;
    double power_factor;
    double energy;
    double frequency;
};

static bool read_channel_numbers(const cJSON *object, struct channel_numbers *numbers)
{
    enum { POWER_LIMIT_W = 20000000 }; // Below what a column of 10 mW can hold.
    return read_number(object, "voltage", 0, 40000, &numbers->voltage) &&
           read_number(object, "current", 0, 400000, &numbers->current) &&
           read_number(object, "power_real", -POWER_LIMIT_W, POWER_LIMIT_W, &numbers->power_real) &&
           read_number(object, "power_apparent", 0, POWER_LIMIT_W, &numbers->power_apparent) &&
           read_number(object, "power_reactive", -POWER_LIMIT_W, POWER_LIMIT_W,
                       &numbers->power_reactive) &&
           read_number(object, "power_factor", -1.001, 1.001, &numbers->power_factor) &&
           read_number(object, "energy", 0, 2e12, &numbers->energy) &&
           read_number(object, "frequency", 0, 1000, &numbers->frequency);
}

static bool read_channel(const cJSON *object, unsigned index, struct reading *reading)
{
    const double millijoule_per_watt_hour = 3600000.0;
    struct channel_numbers numbers = { 0 };
    const cJSON *connected = cJSON_GetObjectItemCaseSensitive(object, "connected");
    if (!cJSON_IsObject(object) || (connected != NULL && !cJSON_IsBool(connected)) ||
        !read_channel_numbers(object, &numbers)) {
        return false;
    }
    reading->channel[index] = (struct reading_channel){
        .voltage_10mv = (uint32_t)lround(numbers.voltage * 100.0),
        .current_100ua = (uint32_t)llround(numbers.current * 10000.0),
        .active_power_10mw = (int32_t)lround(numbers.power_real * 100.0),
        .reactive_power_10mvar = (int32_t)lround(numbers.power_reactive * 100.0),
        .apparent_power_10mva = (uint32_t)llround(numbers.power_apparent * 100.0),
        .power_factor_1e4 = (int16_t)lround(numbers.power_factor * 10000.0),
        .import_mj = llround(numbers.energy * millijoule_per_watt_hour),
    };
    // These meters know no tariffs and no total: all is rate 0, and the sum is the total.
    const int64_t energy_mj = reading->channel[index].import_mj;
    int64_t *total_mj = &reading->total.import_mj[0];
    *total_mj = *total_mj > INT64_MAX - energy_mj ? INT64_MAX : *total_mj + energy_mj;
    if (reading->frequency_mhz == 0) {
        reading->frequency_mhz = (uint32_t)lround(numbers.frequency * 1000.0);
    }
    reading->channels |= (uint8_t)(1u << index);
    reading->connected |= (uint8_t)((cJSON_IsTrue(connected) ? 1u : 0u) << index);
    return true;
}

static bool read_packet(const cJSON *object, struct reading *reading)
{
    enum { PACKET_WINDOW_US = 1000000 }; // The older meters measure one second of each packet.
    double timestamp_us = -1.0;
    if (!read_number(object, "timestamp", 0, 9e18, &timestamp_us) || timestamp_us < 0.0) {
        return false;
    }
    *reading = (struct reading){ .uptime_ms = (uint64_t)(timestamp_us / 1000.0),
                                 .window_us = PACKET_WINDOW_US };
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(object, "channels");
    if (!cJSON_IsArray(channels)) {
        return false;
    }
    const cJSON *channel = NULL;
    cJSON_ArrayForEach(channel, channels)
    {
        double index = -1.0;
        if (!read_whole(channel, "channel", 0, READING_CHANNEL_COUNT - 1, &index) || index < 0.0 ||
            (reading->channels & 1u << (unsigned)index) != 0 ||
            !read_channel(channel, (unsigned)index, reading)) {
            return false;
        }
    }
    return reading->channels != 0;
}

enum payload_verdict payload_read_data(const char *text, size_t size, const char *device_id,
                                       struct reading *reading)
{
    cJSON *object;
    enum payload_verdict verdict = open_object(text, size, device_id, &object);
    if (verdict != PAYLOAD_OK) {
        return verdict;
    }
    if (!read_packet(object, reading)) {
        verdict = PAYLOAD_MALFORMED;
    }
    cJSON_Delete(object);
    return verdict;
}

/// A command that is being written, member by member.
struct command_text {
    char *out;
    size_t size;
};

static void add(struct command_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct command_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size =
        vsnprintf(text->out + text->size, PAYLOAD_COMMAND_SIZE - text->size, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < PAYLOAD_COMMAND_SIZE - text->size) {
        text->size += (size_t)size;
    }
}

static void add_number(struct command_text *text, const char *name, int64_t value)
{
    if (value != 0) {
        add(text, "\"%s\":%" PRId64 ",", name, value);
    }
}

static void add_flag(struct command_text *text, const char *name, bool value)
{
    if (value) {
        add(text, "\"%s\":true,", name);
    }
}

static const char *const metering_actions[] = {
    [COMMAND_ACTION_CALIBRATE] = "calibrate",
    [COMMAND_ACTION_CALIBRATION_APPLY] = "calibration_apply",
    [COMMAND_ACTION_CALIBRATION_CANCEL] = "calibration_cancel",
    [COMMAND_ACTION_CALIBRATION_GET] = "calibration_get",
    [COMMAND_ACTION_WIRING_CHECK] = "wiring_check",
    [COMMAND_ACTION_LINEARITY_GATHER] = "linearity_gather",
    [COMMAND_ACTION_LINEARITY_APPLY] = "linearity_apply",
    [COMMAND_ACTION_LINEARITY_CLEAR] = "linearity_clear",
    [COMMAND_ACTION_LINEARITY_CANCEL] = "linearity_cancel",
    [COMMAND_ACTION_LINEARITY_GET] = "linearity_get",
    [COMMAND_ACTION_DEMAND_RESET] = "demand_reset",
    [COMMAND_ACTION_DEMAND_GET] = "demand_get",
};

static size_t write_metering(enum command_action action, const char *device_id, const char *cmd_id,
                             const struct metering_command *metering, int64_t issued_s,
                             int64_t expires_s, char out[PAYLOAD_COMMAND_SIZE])
{
    struct command_text text = { .out = out };
    add(&text, "{\"action\":\"%s\",", metering_actions[action]);
    if (action <= COMMAND_ACTION_WIRING_CHECK) {
        add(&text, "\"channel\":%u,", metering->channel);
    }
    add_number(&text, "channels", metering->channels);
    add(&text, "\"cmd_id\":\"%s\",", cmd_id);
    add_number(&text, "current_ma", metering->current_ma);
    add(&text, "\"exp\":%" PRId64 ",\"iat\":%" PRId64 ",", expires_s, issued_s);
    add_number(&text, "load_mw", metering->load_mw);
    add_flag(&text, "may_export", metering->may_export);
    add_number(&text, "power_mw", metering->power_mw);
    add_number(&text, "rated_mv", metering->rated_mv);
    add_number(&text, "rated_mw", metering->rated_mw);
    add_flag(&text, "resistive", metering->resistive);
    add_number(&text, "seconds", metering->seconds);
    if (metering->sensor[0] != '\0') {
        add(&text, "\"sensor\":\"%s\",", metering->sensor);
    }
    add_flag(&text, "shared_neutral", metering->shared_neutral);
    add_flag(&text, "switched", metering->switched);
    add(&text, "\"target\":\"%s\",", device_id);
    add_flag(&text, "three_phase", metering->three_phase);
    add_number(&text, "turns", metering->turns);
    add(&text, "\"v\":1");
    if (metering->voltage) {
        add(&text, ",\"voltage\":true");
    }
    if (metering->voltage_mv != 0) {
        add(&text, ",\"voltage_mv\":%" PRId64, metering->voltage_mv);
    }
    if (metering->who[0] != '\0') {
        add(&text, ",\"who\":\"%s\"", metering->who);
    }
    add(&text, "}");
    return text.size;
}

size_t payload_write_command(const char *device_id, const char *cmd_id,
                             const struct relay_command *command, int64_t issued_s,
                             int64_t expires_s, char out[PAYLOAD_COMMAND_SIZE])
{
    // Members in the order of their names (RFC 8785), so that anybody can make the same bytes.
    int size;
    if (command->action >= COMMAND_ACTION_CALIBRATE) {
        return write_metering(command->action, device_id, cmd_id, &command->metering, issued_s,
                              expires_s, out);
    }
    if (command->action == COMMAND_ACTION_SET_RELAY) {
        size = snprintf(out, PAYLOAD_COMMAND_SIZE,
                        "{\"action\":\"set_relay\",\"cmd_id\":\"%s\",\"exp\":%" PRId64
                        ",\"iat\":%" PRId64 ",\"relay\":%u,\"state\":%s,\"target\":\"%s\",\"v\":1}",
                        cmd_id, expires_s, issued_s, command->relay,
                        command->state ? "true" : "false", device_id);
    } else if (command->action == COMMAND_ACTION_ATTEST) {
        char nonce[BASE64URL_LENGTH(COMMAND_NONCE_SIZE) + 1];
        base64url_encode(command->attestation.nonce, COMMAND_NONCE_SIZE, nonce);
        size = snprintf(out, PAYLOAD_COMMAND_SIZE,
                        "{\"action\":\"attest\",\"cmd_id\":\"%s\",\"exp\":%" PRId64
                        ",\"iat\":%" PRId64 ",\"nonce\":\"%s\",\"target\":\"%s\",\"v\":1}",
                        cmd_id, expires_s, issued_s, nonce, device_id);
    } else if (command->action == COMMAND_ACTION_TAMPER_CLEAR) {
        size = snprintf(out, PAYLOAD_COMMAND_SIZE,
                        "{\"action\":\"tamper_clear\",\"cmd_id\":\"%s\",\"count\":%" PRIu32
                        ",\"exp\":%" PRId64 ",\"iat\":%" PRId64 ",\"target\":\"%s\",\"v\":1}",
                        cmd_id, command->tamper_count, expires_s, issued_s, device_id);
    } else {
        size = snprintf(out, PAYLOAD_COMMAND_SIZE,
                        "{\"action\":\"set_relays\",\"cmd_id\":\"%s\",\"exp\":%" PRId64
                        ",\"iat\":%" PRId64 ",\"mask\":%u,\"target\":\"%s\",\"v\":1}",
                        cmd_id, expires_s, issued_s, command->mask, device_id);
    }
    return size > 0 ? (size_t)size : 0;
}

size_t payload_write_ack(const uint8_t journal_id[16], uint64_t watermark, int64_t utc_ms,
                         char out[PAYLOAD_ACK_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char hex[33] = { 0 };
    for (size_t i = 0; i < 16; i++) {
        hex[2 * i] = digits[journal_id[i] >> 4];
        hex[2 * i + 1] = digits[journal_id[i] & 15u];
    }
    const int size =
        snprintf(out, PAYLOAD_ACK_SIZE,
                 "{\"journal_id\":\"%s\",\"watermark\":%" PRIu64 ",\"utc_ms\":%" PRId64 "}", hex,
                 watermark, utc_ms);
    return size > 0 ? (size_t)size : 0;
}

// SPDX-License-Identifier: MIT
#include "command_metering.h"

#include <stddef.h>

enum {
    ACTION_SIZE = 31,
    CHANNEL_MOST = 7,
    CHANNELS_MOST = 255,
    SECONDS_MOST = 300,
    DEFAULT_SECONDS = 20,
    TURNS_MOST = 100,
    SENSOR_SIZE = 24,
};

static const int64_t milli_most = 1000000000; // A megavolt, a megampere, a megawatt.

static const struct {
    const char *name;
    enum metering_action action;
} actions[] = {
    { "calibrate", METERING_CALIBRATE },
    { "calibration_apply", METERING_APPLY },
    { "calibration_cancel", METERING_CANCEL },
    { "calibration_get", METERING_TELL },
    { "wiring_check", METERING_CHECK_WIRING },
    { "linearity_gather", METERING_LINEARITY_GATHER },
    { "linearity_apply", METERING_LINEARITY_APPLY },
    { "linearity_clear", METERING_LINEARITY_CLEAR },
    { "linearity_cancel", METERING_LINEARITY_CANCEL },
    { "linearity_get", METERING_LINEARITY_TELL },
    { "demand_reset", METERING_DEMAND_RESET },
    { "demand_get", METERING_DEMAND_TELL },
};

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

bool command_metering_find(const struct json_reader *json, struct metering_request *request)
{
    char name[ACTION_SIZE + 1];
    if (json_reader_string(json, "action", name, sizeof name) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (same(actions[i].name, name)) {
            *request = (struct metering_request){ .action = actions[i].action };
            return true;
        }
    }
    return false;
}

/// Reads a whole number that may be left out. @return false  it is there, and not within 0 to most.
static bool read_number(const struct json_reader *json, const char *name, int64_t most,
                        int64_t *out)
{
    const enum status status = json_reader_integer(json, name, out);
    return status == STATUS_MISSING || (status == STATUS_OK && *out >= 0 && *out <= most);
}

static bool read_milli(const struct json_reader *json, const char *name, double *out)
{
    int64_t number = 0;
    const bool good = read_number(json, name, milli_most, &number);
    *out = good ? (double)number / 1000.0 : 0.0;
    return good;
}

/// A word that may be left out.
static bool read_flag(const struct json_reader *json, const char *name, bool *out)
{
    const enum status status = json_reader_boolean(json, name, out);
    return status == STATUS_OK || status == STATUS_MISSING;
}

/// A type of sensor that may be left out. @return false  there is one, and nobody knows it.
static bool read_sensor(const struct json_reader *json, enum calibration_sensor *sensor)
{
    char name[SENSOR_SIZE];
    const enum status status = json_reader_string(json, "sensor", name, sizeof name);
    return status == STATUS_MISSING ||
           (status == STATUS_OK && calibration_sensor_find(name, sensor) == STATUS_OK);
}

static const char *read_truth(const struct json_reader *json, struct calibration_truth *truth)
{
    int64_t turns = 1;
    if (!read_flag(json, "resistive", &truth->resistive)) {
        return "resistive must be true or false";
    }
    if (!read_milli(json, "voltage_mv", &truth->voltage_v) ||
        !read_milli(json, "current_ma", &truth->current_a) ||
        !read_milli(json, "power_mw", &truth->active_w) ||
        !read_milli(json, "rated_mw", &truth->rated_w) ||
        !read_milli(json, "rated_mv", &truth->rated_v)) {
        return "a known value must be 0 to 1000000000";
    }
    if (!read_number(json, "turns", TURNS_MOST, &turns)) {
        return "turns must be 1 to 100";
    }
    truth->turns = (double)turns;
    if (!read_sensor(json, &truth->sensor)) {
        return "sensor must be left out or one of: " CALIBRATION_SENSOR_NAMES;
    }
    return NULL;
}

static const char *read_question(const struct json_reader *json, struct wiring_question *question)
{
    if (!read_milli(json, "load_mw", &question->load_w)) {
        return "load_mw must be 0 to 1000000000";
    }
    return read_flag(json, "resistive", &question->load_resistive) &&
                   read_flag(json, "switched", &question->load_switched) &&
                   read_flag(json, "may_export", &question->may_export) &&
                   read_flag(json, "three_phase", &question->three_phase) &&
                   read_flag(json, "shared_neutral", &question->shared_neutral)
               ? NULL
               : "a word about the wiring must be true or false";
}

static const char *read_inputs(const struct json_reader *json, struct metering_request *request)
{
    int64_t channels = 0;
    if (!read_number(json, "channels", CHANNELS_MOST, &channels)) {
        return "channels must be 0 to 255";
    }
    request->channels = (uint8_t)channels;
    return read_flag(json, "voltage", &request->voltage) ? NULL : "voltage must be true or false";
}

/// Which sensor a request is about; one about the converter or the demand names none.
static const char *read_channel(const struct json_reader *json, struct metering_request *request)
{
    int64_t channel = -1;
    if (metering_subject_of(request->action) != METERING_OF_CHANNEL) {
        return NULL;
    }
    if (json_reader_integer(json, "channel", &channel) != STATUS_OK || channel < 0 ||
        channel > CHANNEL_MOST) {
        return "channel must be 0 to 7";
    }
    request->channel = (uint8_t)channel;
    return NULL;
}

const char *command_metering_read(const struct json_reader *json, struct metering_request *request)
{
    int64_t seconds = DEFAULT_SECONDS;
    const char *fault = read_channel(json, request);
    if (fault != NULL) {
        return fault;
    }
    if (!read_number(json, "seconds", SECONDS_MOST, &seconds)) {
        return "seconds must be 3 to 300";
    }
    request->seconds = (uint16_t)seconds;
    // A longer name is cut where it is kept; here it must at least be text.
    const enum status status = json_reader_string(json, "who", request->who, sizeof request->who);
    if (status != STATUS_OK && status != STATUS_MISSING) {
        return "who must be text of at most 16 bytes";
    }
    switch (request->action) {
    case METERING_CALIBRATE:
        return read_truth(json, &request->truth);
    case METERING_CHECK_WIRING:
        return read_question(json, &request->question);
    case METERING_APPLY:
    case METERING_CANCEL:
    case METERING_TELL:
    case METERING_LINEARITY_APPLY:
    case METERING_LINEARITY_CLEAR:
    case METERING_LINEARITY_CANCEL:
    case METERING_LINEARITY_TELL:
    case METERING_DEMAND_RESET:
    case METERING_DEMAND_TELL:
        return NULL;
    case METERING_LINEARITY_GATHER:
        return read_inputs(json, request);
    }
    return NULL;
}

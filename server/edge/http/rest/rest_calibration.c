// SPDX-License-Identifier: MIT
#include <string.h>

#include "rest_body.h"
#include "rest_handlers.h"

static const char INVALID[] = "invalid_calibration";

enum { CHANNEL_MOST = 7, SECONDS_LEAST = 3, SECONDS_MOST = 300, TURNS_MOST = 100 };

static const int64_t milli_most = 1000000000;

static bool read_number(const struct json_reader *reader, const char *name, int64_t least,
                        int64_t most, int64_t *out, struct http_reply *reply)
{
    return rest_body_optional_integer(reader, name, least, most, out, INVALID, reply);
}

static bool read_flag(const struct json_reader *reader, const char *name, bool *out,
                      struct http_reply *reply)
{
    return rest_body_optional_boolean(reader, name, out, INVALID, reply);
}

static bool read_channel(const struct json_reader *reader, struct metering_command *metering,
                         struct http_reply *reply)
{
    int64_t number = 0;
    if (!rest_body_integer(reader, "channel", 0, CHANNEL_MOST, &number, INVALID, reply)) {
        return false;
    }
    metering->channel = (uint8_t)number;
    return true;
}

static bool read_seconds(const struct json_reader *reader, struct metering_command *metering,
                         struct http_reply *reply)
{
    int64_t number = metering->seconds;
    if (!read_number(reader, "seconds", SECONDS_LEAST, SECONDS_MOST, &number, reply)) {
        return false;
    }
    metering->seconds = (uint16_t)number;
    return true;
}

/// A type of sensor that may be left out. The device knows which types there are.
static bool read_sensor(const struct json_reader *reader, struct metering_command *metering,
                        struct http_reply *reply)
{
    if (json_reader_string(reader, "sensor", metering->sensor, COMMAND_SENSOR_SIZE) ==
        STATUS_MISSING) {
        return true;
    }
    if (!rest_body_text(reader, "sensor", metering->sensor, COMMAND_SENSOR_SIZE, INVALID, reply)) {
        return false;
    }
    if (metering->sensor[0] == '\0' ||
        metering->sensor[strspn(metering->sensor, "abcdefghijklmnopqrstuvwxyz0123456789-")] !=
            '\0') {
        http_reply_error(reply, HTTP_BAD_REQUEST, INVALID,
                         "sensor must be lower case, digits and hyphens.");
        return false;
    }
    return true;
}

bool rest_calibrate(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char *const members[] = { "channel",    "seconds",  "resistive", "voltage_mv",
                                           "current_ma", "power_mw", "rated_mw",  "rated_mv",
                                           "turns",      "sensor" };
    struct relay_command command = { .action = COMMAND_ACTION_CALIBRATE,
                                     .metering = { .seconds = 20 } };
    struct metering_command *metering = &command.metering;
    struct device_view device;
    struct json_reader reader;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, sizeof members / sizeof members[0], reply) ||
        !read_channel(&reader, metering, reply) || !read_seconds(&reader, metering, reply) ||
        !read_flag(&reader, "resistive", &metering->resistive, reply) ||
        !read_number(&reader, "voltage_mv", 1, milli_most, &metering->voltage_mv, reply) ||
        !read_number(&reader, "current_ma", 1, milli_most, &metering->current_ma, reply) ||
        !read_number(&reader, "power_mw", 1, milli_most, &metering->power_mw, reply) ||
        !read_number(&reader, "rated_mw", 1, milli_most, &metering->rated_mw, reply) ||
        !read_number(&reader, "rated_mv", 1, milli_most, &metering->rated_mv, reply) ||
        !read_number(&reader, "turns", 1, TURNS_MOST, &metering->turns, reply) ||
        !read_sensor(&reader, metering, reply)) {
        return true;
    }
    return rest_send_metering(rest, request, &device, &command, reply);
}

bool rest_check_wiring(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    static const char *const members[] = {
        "channel",  "seconds",    "load_mw",     "resistive",
        "switched", "may_export", "three_phase", "shared_neutral"
    };
    struct relay_command command = { .action = COMMAND_ACTION_WIRING_CHECK,
                                     .metering = { .seconds = 45 } };
    struct metering_command *metering = &command.metering;
    struct device_view device;
    struct json_reader reader;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, sizeof members / sizeof members[0], reply) ||
        !read_channel(&reader, metering, reply) || !read_seconds(&reader, metering, reply) ||
        !rest_body_integer(&reader, "load_mw", 1, milli_most, &metering->load_mw, INVALID, reply) ||
        !read_flag(&reader, "resistive", &metering->resistive, reply) ||
        !read_flag(&reader, "switched", &metering->switched, reply) ||
        !read_flag(&reader, "may_export", &metering->may_export, reply) ||
        !read_flag(&reader, "three_phase", &metering->three_phase, reply) ||
        !read_flag(&reader, "shared_neutral", &metering->shared_neutral, reply)) {
        return true;
    }
    return rest_send_metering(rest, request, &device, &command, reply);
}

/// What needs nothing but the channel.
static bool send_channel(struct rest *rest, const struct rest_request *request,
                         enum command_action action, struct http_reply *reply)
{
    static const char *const members[] = { "channel" };
    struct relay_command command = { .action = action };
    struct device_view device;
    struct json_reader reader;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, 1, reply) ||
        !read_channel(&reader, &command.metering, reply)) {
        return true;
    }
    return rest_send_metering(rest, request, &device, &command, reply);
}

bool rest_apply_calibration(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply)
{
    return send_channel(rest, request, COMMAND_ACTION_CALIBRATION_APPLY, reply);
}

bool rest_cancel_calibration(struct rest *rest, const struct rest_request *request,
                             struct http_reply *reply)
{
    return send_channel(rest, request, COMMAND_ACTION_CALIBRATION_CANCEL, reply);
}

bool rest_show_calibration(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply)
{
    static const char *const members[] = { "channel" };
    struct relay_command command = { .action = COMMAND_ACTION_CALIBRATION_GET };
    struct device_view device;
    int64_t channel = 0;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, members, 1, reply) ||
        !rest_query_number(request, "channel", 0, CHANNEL_MOST, &channel, reply)) {
        return true;
    }
    command.metering.channel = (uint8_t)channel;
    return rest_send_metering(rest, request, &device, &command, reply);
}

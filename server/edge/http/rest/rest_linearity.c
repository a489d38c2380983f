// SPDX-License-Identifier: MIT
#include "rest_body.h"
#include "rest_handlers.h"

static const char INVALID[] = "invalid_linearity";

enum { CHANNELS_MOST = 255, SECONDS_LEAST = 3, SECONDS_MOST = 300, SECONDS_USUAL = 60 };

bool rest_gather_linearity(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply)
{
    static const char *const members[] = { "voltage", "channels", "seconds" };
    struct relay_command command = { .action = COMMAND_ACTION_LINEARITY_GATHER };
    struct device_view device;
    struct json_reader reader;
    int64_t channels = 0;
    int64_t seconds = SECONDS_USUAL;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, 3, reply) ||
        !rest_body_optional_boolean(&reader, "voltage", &command.metering.voltage, INVALID,
                                    reply) ||
        !rest_body_optional_integer(&reader, "channels", 0, CHANNELS_MOST, &channels, INVALID,
                                    reply) ||
        !rest_body_optional_integer(&reader, "seconds", SECONDS_LEAST, SECONDS_MOST, &seconds,
                                    INVALID, reply)) {
        return true;
    }
    command.metering.channels = (uint8_t)channels;
    command.metering.seconds = (uint16_t)seconds;
    return rest_send_metering(rest, request, &device, &command, reply);
}

bool rest_apply_linearity(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    return rest_send_plain(rest, request, COMMAND_ACTION_LINEARITY_APPLY, reply);
}

bool rest_clear_linearity(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    return rest_send_plain(rest, request, COMMAND_ACTION_LINEARITY_CLEAR, reply);
}

bool rest_cancel_linearity(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply)
{
    return rest_send_plain(rest, request, COMMAND_ACTION_LINEARITY_CANCEL, reply);
}

bool rest_show_linearity(struct rest *rest, const struct rest_request *request,
                         struct http_reply *reply)
{
    return rest_ask_plain(rest, request, COMMAND_ACTION_LINEARITY_GET, reply);
}

bool rest_reset_demand(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    return rest_send_plain(rest, request, COMMAND_ACTION_DEMAND_RESET, reply);
}

bool rest_show_demand(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    return rest_ask_plain(rest, request, COMMAND_ACTION_DEMAND_GET, reply);
}

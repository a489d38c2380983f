// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <string.h>

#include "rest_body.h"
#include "rest_handlers.h"

/// The name that the device remembers; a letter that JSON or a log could trip over becomes '_'.
static void name_person(const struct rest_request *request, char who[COMMAND_WHO_SIZE])
{
    const char *name = request->session != NULL ? request->session->identity.username : "";
    size_t size = 0;
    for (; name[size] != '\0' && size < COMMAND_WHO_SIZE - 1; size++) {
        const unsigned char letter = (unsigned char)name[size];
        const bool is_plain =
            letter < 0x80 && (isalnum(letter) != 0 || strchr(".-_@", letter) != NULL);
        who[size] = '_';
        if (is_plain) {
            who[size] = name[size];
        }
    }
    who[size] = '\0';
}

bool rest_send_metering(struct rest *rest, const struct rest_request *request,
                        const struct device_view *device, struct relay_command *command,
                        struct http_reply *reply)
{
    name_person(request, command->metering.who);
    return rest_send_and_wait(rest, request, device, command, reply);
}

bool rest_send_plain(struct rest *rest, const struct rest_request *request,
                     enum command_action action, struct http_reply *reply)
{
    struct relay_command command = { .action = action };
    struct device_view device;
    struct json_reader reader;
    return !rest_find_device(rest, request, &device, reply) ||
           !rest_body_open(&reader, request, NULL, 0, reply) ||
           rest_send_metering(rest, request, &device, &command, reply);
}

bool rest_ask_plain(struct rest *rest, const struct rest_request *request,
                    enum command_action action, struct http_reply *reply)
{
    struct relay_command command = { .action = action };
    struct device_view device;
    return !rest_find_device(rest, request, &device, reply) ||
           !rest_check_query(request, NULL, 0, reply) ||
           rest_send_metering(rest, request, &device, &command, reply);
}

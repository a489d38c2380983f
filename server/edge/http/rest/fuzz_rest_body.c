// SPDX-License-Identifier: MIT

/// Any bytes as a request's body: an answer, never a crash, and a value out of range never passes.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rest_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const members[] = { "command", "relay", "state", "mask", "name" };
    const struct rest_request request = { .content_type = "application/json",
                                          .body = (const char *)data,
                                          .body_size = size };
    struct json_reader reader;
    struct http_reply reply;
    char text[33];
    int64_t number = 0;
    bool flag = false;

    http_reply_init(&reply);
    if (rest_body_open(&reader, &request, members, 5, &reply)) {
        if (rest_body_integer(&reader, "relay", 0, 7, &number, "e", &reply) &&
            (number < 0 || number > 7)) {
            abort();
        }
        if (rest_body_text(&reader, "name", text, sizeof text, "e", &reply) &&
            strlen(text) >= sizeof text) {
            abort();
        }
        if (!rest_body_boolean(&reader, "state", &flag, "e", &reply) && reply.body == NULL) {
            abort();
        }
    } else if (reply.body == NULL) {
        abort();
    }
    http_reply_clear(&reply);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "rest_body.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/// "application/json", perhaps with parameters (RFC 9110 section 8.3.1).
static bool is_json(const char *content_type)
{
    static const char type[] = "application/json";
    if (content_type == NULL || strncasecmp(content_type, type, sizeof type - 1) != 0) {
        return false;
    }
    const char next = content_type[sizeof type - 1];
    return next == '\0' || next == ';' || next == ' ';
}

bool rest_body_open(struct json_reader *reader, const struct rest_request *request,
                    const char *const *members, size_t count, struct http_reply *reply)
{
    char stranger[65];

    if (!is_json(request->content_type)) {
        http_reply_error(reply, HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
                         "The body must be sent as application/json.");
        return false;
    }
    const enum status status = json_reader_open(reader, request->body, request->body_size);
    if (status == STATUS_FULL) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "The body is larger or deeper than any this interface knows.");
        return false;
    }
    if (status != STATUS_OK) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "The body is not one JSON object in UTF-8 in which every name is unique.");
        return false;
    }
    switch (json_reader_stranger(reader, members, count, stranger, sizeof stranger)) {
    case STATUS_MISSING:
        return true;
    case STATUS_OK:
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request", "There is no member \"%s\".",
                         stranger);
        return false;
    case STATUS_INVALID:
    case STATUS_BUSY:
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        break;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                     "The body has a member whose name is longer than any this interface knows.");
    return false;
}

bool rest_body_text(const struct json_reader *reader, const char *name, char *out, size_t capacity,
                    const char *error, struct http_reply *reply)
{
    const enum status status = json_reader_string(reader, name, out, capacity);
    if (status == STATUS_OK) {
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, error, "\"%s\" must be text of at most %zu bytes.",
                     name, capacity - 1);
    return false;
}

bool rest_body_integer(const struct json_reader *reader, const char *name, int64_t least,
                       int64_t most, int64_t *out, const char *error, struct http_reply *reply)
{
    int64_t value = 0;
    const enum status status = json_reader_integer(reader, name, &value);
    if (status == STATUS_OK && value >= least && value <= most) {
        *out = value;
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, error,
                     "\"%s\" must be a whole number from %" PRId64 " to %" PRId64 ".", name, least,
                     most);
    return false;
}

bool rest_body_boolean(const struct json_reader *reader, const char *name, bool *out,
                       const char *error, struct http_reply *reply)
{
    if (json_reader_boolean(reader, name, out) == STATUS_OK) {
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, error, "\"%s\" must be true or false.", name);
    return false;
}

bool rest_body_optional_integer(const struct json_reader *reader, const char *name, int64_t least,
                                int64_t most, int64_t *out, const char *error,
                                struct http_reply *reply)
{
    int64_t value = 0;
    return json_reader_integer(reader, name, &value) == STATUS_MISSING ||
           rest_body_integer(reader, name, least, most, out, error, reply);
}

bool rest_body_optional_boolean(const struct json_reader *reader, const char *name, bool *out,
                                const char *error, struct http_reply *reply)
{
    bool value = false;
    return json_reader_boolean(reader, name, &value) == STATUS_MISSING ||
           rest_body_boolean(reader, name, out, error, reply);
}

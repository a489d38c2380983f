// SPDX-License-Identifier: MIT
#include "portal_reply.h"

void portal_reply_init(struct portal_reply *reply, unsigned status)
{
    *reply = (struct portal_reply){ .status = status, .body = "" };
    portal_reply_header(reply, "Cache-Control", "no-store");
    portal_reply_header(reply, "X-Content-Type-Options", "nosniff");
}

void portal_reply_header(struct portal_reply *reply, const char *name, const char *value)
{
    if (reply->header_count < PORTAL_HEADER_LIMIT) {
        reply->headers[reply->header_count++] = (struct portal_header){ name, value };
    }
}

void portal_reply_out(struct portal *portal, struct portal_reply *reply, const char *type,
                      size_t size)
{
    portal_reply_header(reply, "Content-Type", type);
    reply->body = portal->out;
    reply->body_size = size;
}

void portal_reply_begin_json(struct portal *portal, struct json_writer *json)
{
    json_writer_init(json, portal->out, sizeof portal->out);
    json_writer_begin_object(json, NULL);
}

void portal_reply_end_json(struct portal *portal, struct portal_reply *reply, unsigned status,
                           struct json_writer *json)
{
    size_t size = 0;
    json_writer_end_object(json);
    const enum status finished = json_writer_finish(json, &size);
    portal_reply_init(reply, finished == STATUS_OK ? status : 500);
    portal_reply_out(portal, reply, "application/json", finished == STATUS_OK ? size : 0);
}

void portal_reply_fault(struct portal *portal, struct portal_reply *reply,
                        const struct portal_fault *fault)
{
    struct json_writer json;
    portal_reply_begin_json(portal, &json);
    json_writer_string(&json, "error", fault->error);
    if (fault->message != NULL) {
        json_writer_string(&json, "message", fault->message);
    }
    if (fault->field != NULL) {
        json_writer_string(&json, "field", fault->field);
    }
    if (fault->missing_count > 0) {
        json_writer_begin_array(&json, "missing_fields");
        for (unsigned i = 0; i < fault->missing_count; i++) {
            json_writer_string(&json, NULL, fault->missing[i]);
        }
        json_writer_end_array(&json);
    }
    portal_reply_end_json(portal, reply, fault->status, &json);
}

void portal_reply_accepted(struct portal *portal, struct portal_reply *reply)
{
    struct json_writer json;
    portal_reply_begin_json(portal, &json);
    json_writer_string(&json, "status", "ok");
    json_writer_string(&json, "message", "Credentials saved");
    portal_reply_end_json(portal, reply, 200, &json);
}

static size_t append(char *out, size_t capacity, size_t size, const char *text)
{
    while (*text != '\0' && size + 1 < capacity) {
        out[size++] = *text++;
    }
    out[size] = '\0';
    return size;
}

void portal_append(struct portal *portal, size_t *size, const char *text)
{
    *size = append(portal->out, sizeof portal->out, *size, text);
}

void portal_append_html(struct portal *portal, size_t *size, const char *text)
{
    for (; *text != '\0'; text++) {
        const char plain[2] = { *text, '\0' };
        const char *const shown = *text == '&'    ? "&amp;"
                                  : *text == '<'  ? "&lt;"
                                  : *text == '>'  ? "&gt;"
                                  : *text == '"'  ? "&quot;"
                                  : *text == '\'' ? "&#39;"
                                                  : plain;
        portal_append(portal, size, shown);
    }
}

void portal_reply_redirect(struct portal *portal, struct portal_reply *reply, unsigned status,
                           const char *path)
{
    char *out = portal->location;
    size_t size = append(out, PORTAL_LOCATION_SIZE, 0, "http://");
    size = append(out, PORTAL_LOCATION_SIZE, size, portal->facts.address);
    if (portal->facts.port != 80) {
        char digits[6];
        unsigned at = sizeof digits - 1;
        digits[at] = '\0';
        for (unsigned rest = portal->facts.port; at > 0 && (rest > 0 || digits[at] == '\0');
             rest /= 10) {
            digits[--at] = (char)('0' + rest % 10);
        }
        size = append(out, PORTAL_LOCATION_SIZE, size, ":");
        size = append(out, PORTAL_LOCATION_SIZE, size, digits + at);
    }
    (void)append(out, PORTAL_LOCATION_SIZE, size, path);
    portal_reply_init(reply, status);
    portal_reply_header(reply, "Location", out);
}

bool portal_text_is(const char *text, const char *other)
{
    while (*text != '\0' && *text == *other) {
        text++;
        other++;
    }
    return *text == *other;
}

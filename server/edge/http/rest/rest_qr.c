// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "qr_image.h"
#include "rest_body.h"
#include "rest_handlers.h"

static const char INVALID[] = "invalid_text";

static void build(struct json_writer *writer, const void *ctx)
{
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "svg", ctx);
    json_writer_end_object(writer);
}

bool rest_draw_code(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    static const char *const members[] = { "text" };
    struct json_reader reader;
    char text[QR_IMAGE_TEXT_LIMIT + 1];
    char *svg = NULL;
    size_t size = 0;

    (void)rest;
    if (!rest_body_open(&reader, request, members, 1, reply) ||
        !rest_body_text(&reader, "text", text, sizeof text, INVALID, reply)) {
        return true;
    }
    switch (qr_image_draw(text, &svg, &size)) {
    case STATUS_OK:
        http_reply_json(reply, HTTP_OK, build, svg);
        break;
    case STATUS_INVALID:
        http_reply_error(reply, HTTP_BAD_REQUEST, INVALID, "\"text\" must have 1 to %d bytes.",
                         QR_IMAGE_TEXT_LIMIT);
        break;
    case STATUS_MISSING:
    case STATUS_BUSY:
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        rest_reply_unavailable(reply);
        break;
    }
    // It may have been a secret; nothing of it stays.
    explicit_bzero(text, sizeof text);
    if (svg != NULL) {
        explicit_bzero(svg, size);
    }
    free(svg);
    return true;
}

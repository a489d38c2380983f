// SPDX-License-Identifier: MIT
#include "http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 4096, LARGEST_CAPACITY = 4 * 1024 * 1024, SENTENCE_SIZE = 512 };

struct error_text {
    const char *error;
    const char *message;
};

void http_reply_init(struct http_reply *reply)
{
    *reply = (struct http_reply){ .code = HTTP_INTERNAL_ERROR, .file = -1 };
}

void http_reply_clear(struct http_reply *reply)
{
    free(reply->body);
    if (reply->file >= 0) {
        (void)close(reply->file);
    }
    http_reply_init(reply);
}

static void drop_body(struct http_reply *reply)
{
    free(reply->body);
    reply->body = NULL;
    reply->body_size = 0;
    reply->content_type = NULL;
}

void http_reply_json(struct http_reply *reply, enum http_code code,
                     void (*build)(struct json_writer *writer, const void *ctx), const void *ctx)
{
    drop_body(reply);
    for (size_t capacity = FIRST_CAPACITY; capacity <= LARGEST_CAPACITY; capacity *= 4) {
        struct json_writer writer;
        size_t size = 0;
        char *body = malloc(capacity);
        if (body == NULL) {
            break;
        }
        json_writer_init(&writer, body, capacity);
        build(&writer, ctx);
        const enum status status = json_writer_finish(&writer, &size);
        if (status == STATUS_OK) {
            reply->code = code;
            reply->content_type = "application/json";
            reply->body = body;
            reply->body_size = size;
            return;
        }
        free(body);
        if (status != STATUS_FULL) {
            break;
        }
    }
    reply->code = HTTP_INTERNAL_ERROR;
}

static void build_error(struct json_writer *writer, const void *ctx)
{
    const struct error_text *text = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "error", text->error);
    json_writer_string(writer, "message", text->message);
    json_writer_begin_object(writer, "details");
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

void http_reply_error(struct http_reply *reply, enum http_code code, const char *error,
                      const char *format, ...)
{
    char message[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    const struct error_text text = { .error = error, .message = message };
    http_reply_json(reply, code, build_error, &text);
}

void http_reply_empty(struct http_reply *reply, enum http_code code)
{
    drop_body(reply);
    reply->code = code;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
{
    if (reply->header_count == HTTP_REPLY_HEADERS) {
        return;
    }
    struct http_header *header = &reply->headers[reply->header_count];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(header->value, sizeof header->value, format, arguments);
    va_end(arguments);
    if (size >= 0 && (size_t)size < sizeof header->value) {
        header->name = name;
        reply->header_count++;
    }
}

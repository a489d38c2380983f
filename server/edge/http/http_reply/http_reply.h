// SPDX-License-Identifier: MIT
#pragma once

/// The answer to one request while it is being made. Owns its body until the transport takes it.

#include <stddef.h>

#include "json_writer.h"
#include "status.h"

enum { HTTP_REPLY_HEADERS = 8, HTTP_REPLY_VALUE_SIZE = 192 };

/// The answers this server gives (RFC 9110 section 15).
enum http_code {
    HTTP_OK = 200,
    HTTP_NO_CONTENT = 204,
    HTTP_NOT_MODIFIED = 304,
    HTTP_BAD_REQUEST = 400,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_CONFLICT = 409,
    HTTP_CONTENT_TOO_LARGE = 413,
    HTTP_URI_TOO_LONG = 414,
    HTTP_UNSUPPORTED_MEDIA_TYPE = 415,
    HTTP_MISDIRECTED = 421,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_HEAD_TOO_LARGE = 431,
    HTTP_INTERNAL_ERROR = 500,
    HTTP_BAD_GATEWAY = 502,
    HTTP_UNAVAILABLE = 503,
    HTTP_GATEWAY_TIMEOUT = 504,
};

struct http_header {
    const char *name; ///< Static.
    char value[HTTP_REPLY_VALUE_SIZE];
};

struct http_reply {
    enum http_code code;
    const char *content_type; ///< Static; NULL without a body.
    char *body;               ///< From malloc().
    size_t body_size;
    int file; ///< An open file to send instead of `body`; -1: none.
    size_t file_size;
    struct http_header headers[HTTP_REPLY_HEADERS];
    size_t header_count;
};

void http_reply_init(struct http_reply *reply);

/// Frees the body and closes the file, if they are still here.
void http_reply_clear(struct http_reply *reply);

/// Answers with the document that `build` writes. It is called again with more room when the
/// document does not fit, so it must write the same each time. Without memory, the answer is 500.
void http_reply_json(struct http_reply *reply, enum http_code code,
                     void (*build)(struct json_writer *writer, const void *ctx), const void *ctx);

/// Answers with an error: `error` is a word for programs, the rest a sentence for people.
void http_reply_error(struct http_reply *reply, enum http_code code, const char *error,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/// Answers without a body.
void http_reply_empty(struct http_reply *reply, enum http_code code);

/// Adds a header; one too many or too long is dropped. `name` is static.
void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

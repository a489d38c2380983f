// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_parts.h"
#include "openapi_document.h"

enum { STREAM_BLOCK_SIZE = 4096 };

/// What every reply carries. Scripts, styles and connections come from this server only, and nobody
/// else may frame, embed or read what it says.
static const char *const COMMON_HEADERS[][2] = {
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'self'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
};

/// A browser keeps HSTS for a name and all its ports, so on localhost it would take plain HTTP from
/// every other program of the machine.
static bool wants_hsts(const struct http_exchange *exchange)
{
    const char *host = http_exchange_header(exchange, "Host");
    return exchange->listener->secure && host != NULL && strncasecmp(host, "localhost", 9) != 0;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool has_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool add_headers(const struct http_exchange *exchange, struct MHD_Response *response)
{
    const struct http_reply *reply = &exchange->reply;
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof COMMON_HEADERS / sizeof COMMON_HEADERS[0]; i++) {
        ok = add_header(response, COMMON_HEADERS[i][0], COMMON_HEADERS[i][1]);
    }
    if (ok && wants_hsts(exchange)) {
        ok = add_header(response, "Strict-Transport-Security", "max-age=31536000");
    }
    if (ok && !has_header(reply, "Cache-Control")) {
        ok = add_header(response, "Cache-Control", "no-store");
    }
    if (ok && reply->content_type != NULL) {
        ok = add_header(response, "Content-Type", reply->content_type);
    }
    if (ok && exchange->must_close) {
        ok = add_header(response, "Connection", "close");
    }
    for (size_t i = 0; ok && i < reply->header_count; i++) {
        ok = add_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    return ok;
}

/// Body or file change hands: from here on the response owns them.
static struct MHD_Response *make_response(struct http_exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    struct MHD_Response *response = NULL;

    if (reply->file >= 0) {
        response = MHD_create_response_from_fd64(reply->file_size, reply->file);
        reply->file = response != NULL ? -1 : reply->file;
    } else if (reply->body != NULL) {
        response =
            MHD_create_response_from_buffer(reply->body_size, reply->body, MHD_RESPMEM_MUST_FREE);
        reply->body = response != NULL ? NULL : reply->body;
    } else if (exchange->route != NULL && exchange->route->kind == REST_OPENAPI &&
               reply->code == HTTP_OK) {
        // The cast only takes the const away; a persistent buffer is not written.
        response = MHD_create_response_from_buffer(
            openapi_document_size, (void *)(uintptr_t)openapi_document, MHD_RESPMEM_PERSISTENT);
    } else {
        static char nothing[1];
        response = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    }
    return response;
}

static enum MHD_Result queue(struct http_exchange *exchange, struct MHD_Response *response)
{
    if (response == NULL) {
        return MHD_NO;
    }
    const enum MHD_Result result =
        add_headers(exchange, response)
            ? MHD_queue_response(exchange->connection, (unsigned)exchange->reply.code, response)
            : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result http_transfer_reply(struct http_exchange *exchange)
{
    return queue(exchange, make_response(exchange));
}

/// One open stream: between the hub and a connection.
struct stream {
    struct stream_hub *hub;
    struct stream_subscriber *subscriber;
    struct MHD_Connection *connection;
};

static void wake_stream(void *ctx)
{
    const struct stream *stream = ctx;
    MHD_resume_connection(stream->connection);
}

static void sleep_stream(void *ctx)
{
    const struct stream *stream = ctx;
    MHD_suspend_connection(stream->connection);
}

static ssize_t read_stream(void *ctx, uint64_t position, char *out, size_t capacity)
{
    struct stream *stream = ctx;
    const struct stream_waker waker = { .wake = wake_stream, .ctx = stream };
    (void)position;
    const ssize_t size =
        stream_hub_read(stream->hub, stream->subscriber, out, capacity, &waker, sleep_stream);
    return size >= 0 ? size : MHD_CONTENT_READER_END_OF_STREAM;
}

static void close_stream(void *ctx)
{
    struct stream *stream = ctx;
    stream_hub_leave(stream->hub, stream->subscriber);
    free(stream);
}

static enum MHD_Result refuse_stream(struct http_exchange *exchange)
{
    http_reply_error(&exchange->reply, HTTP_UNAVAILABLE, "too_many_streams",
                     "Too many live streams are open.");
    http_reply_header(&exchange->reply, "Retry-After", "5");
    return http_transfer_reply(exchange);
}

enum MHD_Result http_transfer_stream(struct http_exchange *exchange)
{
    struct rest *rest = &exchange->listener->server->rest;
    const struct fleet_host *host = rest->fleet->host;
    char device_id[DEVICE_ID_SIZE];

    if (!rest_read_stream(rest, &exchange->request, device_id, &exchange->reply)) {
        return http_transfer_reply(exchange);
    }
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return refuse_stream(exchange);
    }
    stream->hub = rest->hub;
    stream->connection = exchange->connection;
    if (stream_hub_subscribe(rest->hub, device_id[0] != '\0' ? device_id : NULL,
                             exchange->session.id, (int64_t)host->monotonic_ms(host->ctx),
                             &stream->subscriber) != STATUS_OK) {
        free(stream);
        return refuse_stream(exchange);
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE, read_stream, stream, close_stream);
    if (response == NULL) {
        close_stream(stream);
        return MHD_NO;
    }
    exchange->reply.code = HTTP_OK;
    exchange->reply.content_type = "text/event-stream";
    http_reply_header(&exchange->reply, "X-Accel-Buffering", "no");
    return queue(exchange, response);
}

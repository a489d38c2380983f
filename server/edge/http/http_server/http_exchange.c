// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "http_parts.h"

const char *http_exchange_header(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

void *http_exchange_begin(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->listener = ctx;
    exchange->connection = connection;
    exchange->raw_size = strnlen(uri, sizeof exchange->raw);
    memcpy(exchange->raw, uri, exchange->raw_size);
    exchange->body = exchange->small;
    exchange->body_limit = sizeof exchange->small;
    http_reply_init(&exchange->reply);
    return exchange;
}

void http_exchange_end(void *ctx, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode code)
{
    struct http_exchange *ended = *exchange;
    (void)ctx;
    (void)connection;
    (void)code;
    if (ended != NULL) {
        http_reply_clear(&ended->reply);
        if (ended->body != ended->small) {
            // A token may have been in it.
            explicit_bzero(ended->body, ended->body_size);
            free(ended->body);
        }
        free(ended->peer);
        free(ended);
        *exchange = NULL;
    }
}

/// The reply is complete; called from any thread, once.
static void finish(void *ctx)
{
    struct http_exchange *exchange = ctx;
    struct MHD_Connection *connection = exchange->connection;
    exchange->state = EXCHANGE_READY;
    MHD_resume_connection(connection);
}

static void work(struct worker_job *job)
{
    struct http_exchange *exchange = (void *)((char *)job - offsetof(struct http_exchange, job));
    struct rest *rest = &exchange->listener->server->rest;
    if (exchange->route->handle(rest, &exchange->request, &exchange->reply)) {
        finish(exchange);
    }
}

/// Takes the connection out of the event loop and gives the exchange to a worker.
static enum MHD_Result hand_over(struct http_exchange *exchange)
{
    exchange->state = EXCHANGE_WORKING;
    exchange->job.run = work;
    MHD_suspend_connection(exchange->connection);
    if (worker_pool_submit(exchange->listener->server->workers, &exchange->job) != STATUS_OK) {
        http_reply_error(&exchange->reply, HTTP_UNAVAILABLE, "shutting_down",
                         "The server is shutting down.");
        finish(exchange);
    }
    return MHD_YES;
}

static enum MHD_Result serve_file(struct http_exchange *exchange)
{
    const struct file_request request = {
        .path = exchange->target.path,
        .accept_encoding = http_exchange_header(exchange, "Accept-Encoding"),
        .if_none_match = http_exchange_header(exchange, "If-None-Match"),
    };
    const struct dashboard_files *files = exchange->listener->server->files;
    if (files != NULL) {
        dashboard_files_serve(files, &request, &exchange->reply);
    } else {
        http_reply_error(&exchange->reply, HTTP_NOT_FOUND, "not_found",
                         "This server has no dashboard; its interface is under /v1.");
    }
    return http_transfer_reply(exchange);
}

/// Carries the request out; its body is complete.
static enum MHD_Result carry_out(struct http_exchange *exchange)
{
    exchange->request.body = exchange->body;
    exchange->request.body_size = exchange->body_size;
    exchange->request.finish = finish;
    exchange->request.finish_ctx = exchange;
    if (exchange->route == NULL) {
        return serve_file(exchange);
    }
    switch (exchange->route->kind) {
    case REST_SLOW:
        return hand_over(exchange);
    case REST_STREAM:
        return http_transfer_stream(exchange);
    case REST_OPENAPI:
        exchange->reply.code = HTTP_OK;
        exchange->reply.content_type = "application/json";
        return http_transfer_reply(exchange);
    case REST_QUICK:
        break;
    }
    (void)exchange->route->handle(&exchange->listener->server->rest, &exchange->request,
                                  &exchange->reply);
    return http_transfer_reply(exchange);
}

enum MHD_Result http_exchange_go_on(void *ctx, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **exchange)
{
    struct http_exchange *current = *exchange;
    (void)ctx;
    (void)connection;
    (void)url;
    (void)version;
    if (current == NULL) {
        return MHD_NO; // There was no memory for it.
    }
    switch (current->state) {
    case EXCHANGE_FRESH:
        if (!http_gate_pass(current, method)) {
            return http_transfer_reply(current);
        }
        current->state = EXCHANGE_READING;
        return MHD_YES;
    case EXCHANGE_READING:
        if (*size == 0) {
            return carry_out(current);
        }
        if (*size > current->body_limit - current->body_size) {
            return MHD_NO; // More than its Content-Length, which the gate has looked at.
        }
        memcpy(current->body + current->body_size, data, *size);
        current->body_size += *size;
        *size = 0;
        return MHD_YES;
    case EXCHANGE_WORKING:
        return MHD_YES;
    case EXCHANGE_READY:
        return http_transfer_reply(current);
    }
    return MHD_NO;
}

// SPDX-License-Identifier: MIT
#include "portal_server.h"

#include <stdio.h>
#include <string.h>

#include "constant_time.h"
#include "esp_timer.h"

static const int64_t US_PER_MS = 1000;

/// The methods that the portal wants to see; the server answers others 405 by itself.
static const httpd_method_t METHODS[] = { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS };
enum { METHOD_COUNT = sizeof METHODS / sizeof *METHODS };

static const char *method_name(int method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_HEAD:
        return "HEAD";
    case HTTP_POST:
        return "POST";
    default:
        return "OPTIONS";
    }
}

/// Copies a header. @return NULL  it is absent.
static const char *field(httpd_req_t *request, const char *name, char *value, size_t capacity)
{
    const esp_err_t result = httpd_req_get_hdr_value_str(request, name, value, capacity);
    return result == ESP_OK || result == ESP_ERR_HTTPD_RESULT_TRUNC ? value : NULL;
}

/// Reads the body, if it is not too long. @return false  the peer is silent or gone.
static bool receive_body(struct portal_server *server, httpd_req_t *request)
{
    size_t have = 0;

    while (request->content_len <= PORTAL_BODY_LIMIT && have < request->content_len) {
        const int got =
            httpd_req_recv(request, (char *)server->body + have, request->content_len - have);
        if (got <= 0) {
            return false;
        }
        have += (size_t)got;
    }
    return true;
}

static esp_err_t send_reply(struct portal_server *server, httpd_req_t *request,
                            const struct portal_reply *reply)
{
    esp_err_t result = ESP_OK;

    // The reason phrase may be empty, the space before it not (RFC 9112 section 4).
    (void)snprintf(server->status, sizeof server->status, "%u ", reply->status);
    result = httpd_resp_set_status(request, server->status);
    for (size_t n = 0; n < reply->header_count && result == ESP_OK; n++) {
        const struct portal_header *header = &reply->headers[n];
        result = strcmp(header->name, "Content-Type") == 0
                     ? httpd_resp_set_type(request, header->value)
                     : httpd_resp_set_hdr(request, header->name, header->value);
    }
    if (result != ESP_OK) {
        return result;
    }
    return request->method == HTTP_HEAD
               ? httpd_resp_send(request, NULL, 0)
               : httpd_resp_send(request, reply->body, (ssize_t)reply->body_size);
}

static void wipe_request(struct portal_server *server)
{
    constant_time_wipe(server->body, sizeof server->body);
    constant_time_wipe(server->authorization, sizeof server->authorization);
}

/// In the server's task.
static esp_err_t answer(httpd_req_t *request)
{
    struct portal_server *server = request->user_ctx;
    const struct lock *lock = server->options.lock;
    struct portal_reply reply;

    if (!receive_body(server, request)) {
        wipe_request(server);
        return ESP_FAIL;
    }
    memcpy(server->target, request->uri, sizeof server->target);
    char *query = strchr(server->target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    const struct portal_request asked = {
        .method = method_name(request->method),
        .path = server->target,
        .query = query,
        .host = field(request, "Host", server->host, sizeof server->host),
        .origin = field(request, "Origin", server->origin, sizeof server->origin),
        .accept = field(request, "Accept", server->accept, sizeof server->accept),
        .authorization =
            field(request, "Authorization", server->authorization, sizeof server->authorization),
        .content_type =
            field(request, "Content-Type", server->content_type, sizeof server->content_type),
        .body = server->body,
        .body_size = request->content_len,
    };
    lock->acquire(lock->ctx);
    portal_answer(server->options.portal, &asked, (uint64_t)(esp_timer_get_time() / US_PER_MS),
                  &reply);
    lock->release(lock->ctx);
    wipe_request(server);
    const esp_err_t result = send_reply(server, request, &reply);
    // What was not read of a body would be taken for the next request: the connection ends.
    return request->content_len > PORTAL_BODY_LIMIT ? ESP_FAIL : result;
}

enum status portal_server_open(struct portal_server *server,
                               const struct portal_server_options *options)
{
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();

    if (server->server != NULL) {
        return STATUS_BUSY;
    }
    server->options = *options;
    config.task_priority = options->task_priority;
    config.stack_size = options->task_stack;
    config.server_port = options->port;
    config.max_open_sockets = PORTAL_SERVER_SOCKETS;
    config.max_uri_handlers = METHOD_COUNT;
    config.max_resp_headers = PORTAL_HEADER_LIMIT;
    config.lru_purge_enable = true; // A silent connection makes room for a new one.
    config.recv_wait_timeout = PORTAL_SERVER_SILENCE_S;
    config.send_wait_timeout = PORTAL_SERVER_SILENCE_S;
    config.uri_match_fn = httpd_uri_match_wildcard;
    if (httpd_start(&server->server, &config) != ESP_OK) {
        server->server = NULL;
        return STATUS_IO;
    }
    for (size_t n = 0; n < METHOD_COUNT; n++) {
        const httpd_uri_t uri = {
            .uri = "*", .method = METHODS[n], .handler = answer, .user_ctx = server
        };
        if (httpd_register_uri_handler(server->server, &uri) != ESP_OK) {
            portal_server_close(server);
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

void portal_server_close(struct portal_server *server)
{
    if (server->server != NULL) {
        (void)httpd_stop(server->server);
        server->server = NULL;
    }
}

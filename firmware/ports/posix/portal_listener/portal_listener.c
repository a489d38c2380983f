// SPDX-License-Identifier: MIT
#include "portal_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, TARGET_SIZE = 256, NO_SOCKET = -1 };

/// One connection, and its only request.
struct exchange {
    int fd; ///< NO_SOCKET: the place is free.
    uint64_t started_ms;
    bool has_begun;
    size_t body_size; ///< As sent; what is above the limit is not kept.
    char target[TARGET_SIZE];
    uint8_t body[PORTAL_BODY_LIMIT];
};

struct portal_listener {
    struct MHD_Daemon *daemon;
    struct portal *portal;
    uint64_t now_ms;
    uint16_t port;
    struct exchange exchanges[PORTAL_LISTENER_CONNECTIONS];
};

static void notify_connection(void *ctx, struct MHD_Connection *connection, void **place,
                              enum MHD_ConnectionNotificationCode event)
{
    struct portal_listener *listener = ctx;
    struct exchange *exchange = *place;

    if (event == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (exchange != NULL) {
            explicit_bzero(exchange, sizeof *exchange);
            exchange->fd = NO_SOCKET;
        }
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; i < PORTAL_LISTENER_CONNECTIONS && *place == NULL && info != NULL; i++) {
        if (listener->exchanges[i].fd == NO_SOCKET) {
            listener->exchanges[i].fd = info->connect_fd;
            listener->exchanges[i].started_ms = listener->now_ms;
            *place = &listener->exchanges[i];
        }
    }
}

static struct exchange *exchange_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/// Keeps the target as it was sent. One that is too long is no path of ours.
static void *keep_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = exchange_of(connection);
    (void)ctx;
    if (exchange != NULL) {
        const size_t size = strlen(target);
        memcpy(exchange->target, size < TARGET_SIZE ? target : "",
               size < TARGET_SIZE ? size + 1 : 1);
    }
    return exchange;
}

/// Leaves what is percent-encoded as it is: no path of ours has such letters.
static size_t leave_escaped(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  const struct portal_reply *reply)
{
    union {
        const char *in;
        void *out;
    } body = { .in = reply->body }; // Only read: libmicrohttpd makes its copy.
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body_size, body.out, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result result = MHD_add_response_header(response, "Connection", "close");
    for (size_t i = 0; i < reply->header_count && result == MHD_YES; i++) {
        result = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, reply->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct portal_listener *listener, struct MHD_Connection *connection,
                              const char *method, struct exchange *exchange)
{
    struct portal_reply reply;
    char *query = strchr(exchange->target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    const struct portal_request request = {
        .method = method,
        .path = exchange->target,
        .query = query,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .accept = header(connection, "Accept"),
        .authorization = header(connection, "Authorization"),
        .content_type = header(connection, "Content-Type"),
        .body = exchange->body,
        .body_size = exchange->body_size,
    };
    portal_answer(listener->portal, &request, listener->now_ms, &reply);
    explicit_bzero(exchange->body, sizeof exchange->body);
    return send_reply(connection, &reply);
}

static enum MHD_Result go_on(void *ctx, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **place)
{
    struct portal_listener *listener = ctx;
    struct exchange *exchange = *place;
    (void)url;
    (void)version;

    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->has_begun) {
        exchange->has_begun = true;
        return MHD_YES; // The body comes with later calls.
    }
    if (*upload_size == 0) {
        return answer(listener, connection, method, exchange);
    }
    if (*upload_size <= PORTAL_BODY_LIMIT - exchange->body_size &&
        exchange->body_size <= PORTAL_BODY_LIMIT) {
        memcpy(exchange->body + exchange->body_size, upload, *upload_size);
        exchange->body_size += *upload_size;
    } else {
        // Counted, not kept, so that the peer has sent all when it reads why this was too much.
        const size_t past = exchange->body_size > PORTAL_BODY_LIMIT ? exchange->body_size
                                                                    : (size_t)PORTAL_BODY_LIMIT;
        exchange->body_size = past + *upload_size;
    }
    *upload_size = 0;
    return exchange->body_size <= PORTAL_LISTENER_FLOOD ? MHD_YES : MHD_NO;
}

static enum status open_socket(const char *address, uint16_t port, int *out)
{
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_port = htons(port) };
    const int on = 1;

    if (inet_pton(AF_INET, address, &where.sin_addr) != 1) {
        return STATUS_INVALID;
    }
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return STATUS_IO;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&where, sizeof where) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;
        (void)close(fd);
        errno = cause;
        return cause == EADDRINUSE ? STATUS_BUSY : STATUS_IO;
    }
    *out = fd;
    return STATUS_OK;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in bound = { .sin_port = 0 };
    socklen_t size = sizeof bound;
    return getsockname(fd, (struct sockaddr *)&bound, &size) == 0 ? ntohs(bound.sin_port) : 0;
}

enum status portal_listener_open(const char *address, uint16_t port, struct portal *portal,
                                 struct portal_listener **out)
{
    int fd = NO_SOCKET;
    struct portal_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return STATUS_IO;
    }
    const enum status status = open_socket(address, port, &fd);
    if (status != STATUS_OK) {
        free(listener);
        return status;
    }
    listener->portal = portal;
    listener->port = port_of(fd);
    for (size_t i = 0; i < PORTAL_LISTENER_CONNECTIONS; i++) {
        listener->exchanges[i].fd = NO_SOCKET;
    }
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, go_on, listener, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_NOTIFY_CONNECTION, notify_connection, listener, MHD_OPTION_URI_LOG_CALLBACK,
        keep_target, listener, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PORTAL_LISTENER_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)PORTAL_LISTENER_PER_PEER,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PORTAL_LISTENER_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PORTAL_LISTENER_SILENCE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (listener->daemon == NULL) {
        (void)close(fd);
        free(listener);
        return STATUS_IO;
    }
    *out = listener;
    return STATUS_OK;
}

uint16_t portal_listener_port(const struct portal_listener *listener)
{
    return listener->port;
}

void portal_listener_step(struct portal_listener *listener, uint64_t now_ms, uint32_t wait_ms)
{
    listener->now_ms = now_ms;
    for (size_t i = 0; i < PORTAL_LISTENER_CONNECTIONS; i++) {
        const struct exchange *exchange = &listener->exchanges[i];
        if (exchange->fd != NO_SOCKET && now_ms - exchange->started_ms > PORTAL_LISTENER_TIME_MS) {
            // The library then sees the end of the connection, and closes the descriptor itself.
            (void)shutdown(exchange->fd, SHUT_RDWR);
        }
    }
    const enum MHD_Result result = MHD_run_wait(listener->daemon, (int32_t)wait_ms);
    (void)result; // What failed was one connection, and it is closed.
}

void portal_listener_close(struct portal_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    MHD_stop_daemon(listener->daemon);
    free(listener);
}

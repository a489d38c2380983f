// SPDX-License-Identifier: MIT
#pragma once

/// Carries HTTP between sockets and the set-up portal, by esp_http_server.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_http_server.h with httpd_uri.c and httpd_txrx.c; the
/// Programming Guide's "HTTP Server".
///
/// The server has a task of its own, which answers one request after the other; `lock` keeps it
/// apart from the task that owns what is behind the portal. A header that is longer than its field
/// below is cut, and then means nothing to the portal. Body and headers are wiped once answered;
/// what the server's library buffered of the head is not.
///
/// To be built with CONFIG_HTTPD_MAX_REQ_HDR_LEN of 2048, so that a bearer fits.

#include <stdbool.h>
#include <stdint.h>

#include "esp_http_server.h"
#include "lock.h"
#include "portal.h"
#include "status.h"

enum {
    PORTAL_SERVER_FIELD = 160,
    PORTAL_SERVER_BEARER = 1056,
    PORTAL_SERVER_SILENCE_S = 5,
    PORTAL_SERVER_SOCKETS = 5,
};

struct portal_server_options {
    uint16_t port;
    struct portal *portal; ///< Used by the server's task alone.
    const struct lock *lock;
    unsigned task_priority;
    uint32_t task_stack; ///< Bytes.
};

/// Storage for a server, owned by the caller. Use it only through the functions below.
struct portal_server {
    struct portal_server_options options;
    httpd_handle_t server; ///< NULL: closed.
    char status[8];
    char target[CONFIG_HTTPD_MAX_URI_LEN + 1];
    char host[PORTAL_SERVER_FIELD];
    char origin[PORTAL_SERVER_FIELD];
    char accept[PORTAL_SERVER_FIELD];
    char content_type[PORTAL_SERVER_FIELD];
    char authorization[PORTAL_SERVER_BEARER];
    uint8_t body[PORTAL_BODY_LIMIT];
};

/// Listens on every interface. The portal and the lock outlive the server.
///
/// @return STATUS_BUSY  it is open already;  STATUS_IO  there is no memory, or the port is taken.
MUST_CHECK enum status portal_server_open(struct portal_server *server,
                                          const struct portal_server_options *options);

/// Closes every connection, waiting for the request in progress; not to be called with the lock
/// held. A closed server is closed already.
void portal_server_close(struct portal_server *server);

// SPDX-License-Identifier: MIT
#pragma once

/// The HTTP client seam by esp_http_client: HTTPS alone, one request at a time, one authority.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_http_client.h with esp_http_client.c; the Programming
/// Guide's "ESP HTTP Client".
///
/// esp_http_client waits for names, for the handshake and for the answer, so each request has a
/// task of its own, made by begin() and gone when the answer is there; its stack and the buffers
/// are on the heap for that time. A request that was cancelled is left to end by itself, and until
/// then begin() is STATUS_BUSY.
///
/// TLS is keystore_tls with KEYSTORE_TLS_SERVER. No redirection is followed and no answer to a
/// demand for a password is given. Bearer and body are wiped once they are sent; the buffer from
/// which the library sent them is freed as it is.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_client.h"
#include "keystore_tls.h"
#include "status.h"

enum {
    FLEET_CLIENT_REQUEST_LIMIT = 4096, ///< Of a body.
    FLEET_CLIENT_ANSWER_LIMIT = 16384,
    FLEET_CLIENT_TIMEOUT_MS = 15000, ///< Of each wait for the network.
    FLEET_CLIENT_REASON = 160,
    FLEET_CLIENT_ERROR_CODE = 64
};

struct fleet_client_options {
    const char *server;    ///< Such as "https://fleet.example:8443", without a path.
    const char *authority; ///< PEM.
    const struct keystore *keystore;
    unsigned task_priority;
    uint32_t task_stack; ///< Bytes; the TLS handshake runs on it.
};

struct fleet_client_exchange;

/// Storage for a client, owned by the caller. Use it only through the functions below.
struct fleet_client {
    struct fleet_client_options options;
    struct fleet_client_exchange *exchange; ///< On the heap; NULL: none was begun.
    struct fleet_client_exchange *left;     ///< Cancelled, and not ended yet.
};

/// `options` and its strings outlive the client.
///
/// @return STATUS_INVALID  the server's address does not begin with https://, or has a path.
MUST_CHECK enum status fleet_client_open(struct fleet_client *client,
                                         const struct fleet_client_options *options);

/// The seam on `client`, which must outlive it. begin() returns also STATUS_INVALID for text that
/// is no header or path.
struct http_client fleet_client_seam(struct fleet_client *client);

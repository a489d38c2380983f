// SPDX-License-Identifier: MIT
#pragma once

/// One HTTPS request at a time to the fleet's server. No call waits for the network.
///
/// The server's certificate is always checked against the authority the device trusts, and its name
/// against the address. A port that cannot check refuses.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore.h"
#include "status.h"

struct http_client_request {
    const char *method; ///< "GET" or "POST".
    const char *path;   ///< From the first slash on; the port knows the server.
    const char *bearer; ///< For "Authorization: Bearer"; NULL: none.
    const char *content_type;
    const void *body;
    size_t body_size;
    bool with_certificate;   ///< Shows a certificate of the device; its key stays in the keystore.
    enum keystore_slot slot; ///< Whose, with `with_certificate`.
};

struct http_client_reply {
    int code; ///< The HTTP status.
    const uint8_t *body;
    size_t body_size;
    const char *error_code; ///< The header X-Error-Code, or "".
};

struct http_client {
    /// Begins a request; everything it points to may go once this has returned.
    ///
    /// @return STATUS_BUSY  another one is under way;  STATUS_FULL  it is too large for the port.
    MUST_CHECK enum status (*begin)(void *ctx, const struct http_client_request *request);

    /// Tells how it went; the reply is valid until the next begin() or cancel().
    ///
    /// @return STATUS_BUSY     it is still under way;
    ///         STATUS_MISSING  none was begun;
    ///         STATUS_IO       no answer came; `*reason` is a sentence for a log;
    ///         STATUS_CORRUPT  the server is not who it should be: nothing was sent to it;
    ///         STATUS_FULL     the answer is larger than the port takes.
    MUST_CHECK enum status (*poll)(void *ctx, struct http_client_reply *reply, const char **reason);

    void (*cancel)(void *ctx);
    void *ctx;
};

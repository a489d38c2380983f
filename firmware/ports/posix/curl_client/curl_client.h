// SPDX-License-Identifier: MIT
#pragma once

/// The http_client seam by libcurl, without waiting.
///
/// HTTPS alone, TLS 1.2 and newer. The server's chain and name are always checked, against the one
/// authority that is given and no other; no proxy, no redirection, no stored credentials. Each
/// request has a connection of its own, so that none is sent over one that was opened with another
/// certificate. Not thread-safe.

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "http_client.h"
#include "status.h"

enum {
    CURL_CLIENT_REQUEST_LIMIT = 16384, ///< Of a body.
    CURL_CLIENT_ANSWER_LIMIT = 65536,
    CURL_CLIENT_CONNECT_MS = 10000,
    CURL_CLIENT_TIMEOUT_MS = 30000
};

struct curl_client_options {
    const char *server; ///< Such as "https://fleet.example:8443", without a path.
    const char *ca;     ///< A PEM file.

    /// Has connections of `context` show the certificate in `slot`; its key stays where it is.
    /// NULL: requests with a certificate are refused.
    MUST_CHECK enum status (*use_certificate)(void *ctx, enum keystore_slot slot, SSL_CTX *context);
    void *ctx;
};

struct curl_client;

/// Makes a client. `options` and its strings must outlive it.
///
/// @return STATUS_INVALID  the server's address does not begin with https://, or has a path;
///         STATUS_FULL     there is no memory.
MUST_CHECK enum status curl_client_open(const struct curl_client_options *options,
                                        struct curl_client **client);

/// The seam on `client`, which must outlive it. begin() returns also STATUS_INVALID for text that
/// is no header or path.
struct http_client curl_client_seam(struct curl_client *client);

/// Ends what is under way. NULL is fine.
void curl_client_close(struct curl_client *client);

// SPDX-License-Identifier: MIT
#pragma once

/// An MQTT 3.1.1 session over mutual TLS, by libmosquitto with its loop outside.
///
/// Every connection is a new client: nothing that an old session left unsent is ever sent by a new
/// one, since the journal is the only queue. Certificates are read again for each, so a renewed one
/// needs no restart. All functions belong to one task, except mosquitto_session_wake().

#include <openssl/types.h>
#include <stdint.h>

#include "mqtt_session.h"
#include "status.h"
#include "tls_identity.h"

enum { MOSQUITTO_SESSION_QUEUE = 64 }; ///< Messages handed over and not yet taken by the broker.

struct mosquitto_session_options {
    const char *host;
    uint16_t port;
    const char *client_id;
    uint16_t keepalive_s;
    const char *ca;
    const char *cert;
    const char *key;

    /// Makes the context of each connection, in place of the three files; NULL: from these. On
    /// failure `fault` says why, in a sentence, and the connection has failed.
    MUST_CHECK enum status (*open_tls)(void *ctx, SSL_CTX **context,
                                       char fault[TLS_IDENTITY_FAULT_SIZE]);
    void *tls_ctx;
};

struct mosquitto_session;

/// Makes a session that is not connected. The strings of `options` must outlive it.
///
/// @return STATUS_FULL  there is no memory;  STATUS_IO  the system has no more descriptors.
MUST_CHECK enum status mosquitto_session_open(const struct mosquitto_session_options *options,
                                              struct mosquitto_session **session);

/// The seam on `session`, which must outlive it.
struct mqtt_session mosquitto_session_seam(struct mosquitto_session *session);

/// Moves bytes for at most `timeout_ms`, less when something has happened.
void mosquitto_session_wait(struct mosquitto_session *session, int timeout_ms);

/// Ends a wait early. From any task and from a signal handler. NULL is fine: a device that cannot
/// begin has no session to wake.
void mosquitto_session_wake(struct mosquitto_session *session);

/// Drops the connection, if any, without a farewell. NULL is fine.
void mosquitto_session_close(struct mosquitto_session *session);

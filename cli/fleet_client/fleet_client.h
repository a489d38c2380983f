// SPDX-License-Identifier: MIT
#pragma once

/// Speaks contracts/rest.md to one server, over TLS (plain HTTP to this machine only).

#include <stdbool.h>
#include <stddef.h>

#include "session_file.h"
#include "status.h"

enum { FLEET_ANSWER_LIMIT = 32 * 1024 * 1024, FLEET_FAULT_SIZE = 512 };

struct fleet_client;

struct fleet_answer {
    int http_status; ///< 0: there was no answer.
    char *body;      ///< Ends with NUL; never NULL. Owned by the client until its next request.
    size_t size;
};

/// Opens a client for the server of `session`, which must outlive it: signing in and out changes
/// its cookie and token.
///
/// @return STATUS_INVALID  the server's address is not https://HOST[:PORT], nor http:// to this
///                         machine; `fault` says so;
///         STATUS_IO       there is no memory.
MUST_CHECK enum status fleet_client_open(struct cli_session *session, struct fleet_client **client,
                                         char fault[FLEET_FAULT_SIZE]);

void fleet_client_close(struct fleet_client *client);

/// Sends a request and waits up to a minute for its answer. `body` is JSON, or NULL.
///
/// @return STATUS_OK       the server did what was asked (2xx);
///         STATUS_IO       no answer: `fault` says why and what to do;
///         STATUS_BUSY     the session is over or was never there (401);
///         STATUS_INVALID  the server refused; `fault` is its own sentence.
MUST_CHECK enum status fleet_client_call(struct fleet_client *client, const char *method,
                                         const char *path, const char *body,
                                         struct fleet_answer *answer, char fault[FLEET_FAULT_SIZE]);

/// Signs in; on success the session has its cookie, token and user.
///
/// @return as fleet_client_call(); STATUS_INVALID also for a wrong password.
MUST_CHECK enum status fleet_client_sign_in(struct fleet_client *client, const char *user,
                                            const char *password, char fault[FLEET_FAULT_SIZE]);

/// Whether `server` may be spoken to: https, or http to localhost, 127.0.0.1 or [::1].
bool fleet_client_accepts(const char *server);

/// Escapes a part of a path; false when it does not fit.
bool fleet_client_escape(const char *text, char *out, size_t size);

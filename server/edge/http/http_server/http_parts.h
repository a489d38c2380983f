// SPDX-License-Identifier: MIT
#pragma once

/// How the parts of the HTTP server see each other. Private to this module.

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "dashboard_files.h"
#include "http_server.h"
#include "http_target.h"
#include "json_reader.h"
#include "rate_limit.h"
#include "rest.h"
#include "worker_pool.h"

enum { HTTP_ADDRESS_SIZE = 48 };

struct http_listener {
    struct http_server *server;
    struct MHD_Daemon *daemon; ///< NULL: not open.
    uint16_t port;
    bool secure;
    bool for_devices; ///< Asks for a client certificate, and serves enrolment alone.
};

struct http_server {
    struct rest rest;
    struct http_listener https;
    struct http_listener local;
    struct http_listener devices;
    struct worker_pool *workers;
    struct dashboard_files *files; ///< NULL: none.
    char version[32];
    atomic_bool closing;

    pthread_mutex_t flood_lock;
    struct rate_limit flood;
    uint64_t flood_secret;

    pthread_t keeper; ///< Runs what must happen once a second.
    bool keeper_runs;
    pthread_mutex_t keeper_lock;
    pthread_cond_t keeper_wake;
    bool keeper_stops;
};

enum exchange_state {
    EXCHANGE_FRESH,   ///< The head has arrived; nothing has been looked at.
    EXCHANGE_READING, ///< It may go on; the body is coming in.
    EXCHANGE_WORKING, ///< Suspended: somebody else holds it.
    EXCHANGE_READY,   ///< The reply is complete.
};

/// One request and its reply, from the request line to the last byte.
struct http_exchange {
    struct http_listener *listener;
    struct MHD_Connection *connection;
    enum exchange_state state;
    const struct rest_route *route; ///< NULL: a file.
    struct rest_request request;
    struct http_reply reply;
    struct http_target target;
    struct session session;
    bool by_bearer; ///< The session was sent as a bearer token, which no browser does by itself.
    struct worker_job job;
    bool must_close; ///< The bytes that follow cannot be trusted.
    size_t raw_size;
    size_t body_size;
    size_t announced_size; ///< Content-Length.
    char address[HTTP_ADDRESS_SIZE];
    char raw[HTTP_TARGET_SIZE_LIMIT + 1]; ///< The target as sent; cut when it is too long.
    uint8_t *peer; ///< The client's certificate in DER, from malloc(); NULL: none.
    char *body;    ///< `small`, or from malloc().
    size_t body_limit;
    char small[REST_BODY_LIMIT];
};

/// Opens a socket and starts to serve. `address` is numeric.
/// With a file of authorities it asks clients for a certificate; what they show is not checked
/// here.
MUST_CHECK enum status http_listener_open(struct http_listener *listener, const char *address,
                                          uint16_t port, const char *certificate_file,
                                          const char *key_file, const char *trust_file,
                                          char reason[HTTP_SERVER_REASON_SIZE]);

/// Lets nobody new in; those inside stay.
void http_listener_shut(struct http_listener *listener);

/// Ends every connection. None may be suspended.
void http_listener_close(struct http_listener *listener);

/// The callbacks that libmicrohttpd knows.
void *http_exchange_begin(void *ctx, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_exchange_go_on(void *ctx, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **exchange);
void http_exchange_end(void *ctx, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode code);

/// Looks at everything before the body: limits, host, target, route, session, permission, origin.
///
/// @return false  the request is refused, and `exchange->reply` says why.
bool http_gate_pass(struct http_exchange *exchange, const char *method);

/// Copies the certificate that the client has shown, and whose key the handshake has seen in use.
void http_peer_find(struct http_exchange *exchange);

/// Hands the reply to the transport, with the headers that every reply carries.
enum MHD_Result http_transfer_reply(struct http_exchange *exchange);

/// Answers with the live stream; frees nothing of the exchange.
enum MHD_Result http_transfer_stream(struct http_exchange *exchange);

/// One header field of the request; NULL when there is none.
const char *http_exchange_header(const struct http_exchange *exchange, const char *name);

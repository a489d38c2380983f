// SPDX-License-Identifier: MIT
#pragma once

/// What each call of contracts/rest.md does, without any notion of sockets: a request that has been
/// read, checked for its session and permission, goes in; a reply comes out, at once or later.

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accounts.h"
#include "fleet.h"
#include "fleet_audit.h"
#include "http_reply.h"
#include "http_target.h"
#include "identities.h"
#include "stream_hub.h"

#define REST_COOKIE "__Host-ohm"

enum {
    REST_ARGUMENT_SIZE = 65,
    REST_BODY_LIMIT = 2048,            ///< Of a body, unless the route is one of enrolment:
    REST_ENROLMENT_BODY_LIMIT = 12288, ///< a certificate request as base64 of PEM, and the rest.
};

enum rest_method { REST_GET, REST_POST, REST_PUT, REST_DELETE, REST_METHOD_COUNT };

/// Where a handler may run.
enum rest_kind {
    REST_QUICK,   ///< In an event loop: it touches memory only.
    REST_SLOW,    ///< In a worker: it may wait for a disk or hash a password.
    REST_STREAM,  ///< It answers with the live stream; there is no handler.
    REST_OPENAPI, ///< It answers with the interface's own description; there is no handler.
};

/// What stands for the holes of a route's pattern; empty where it has none.
struct rest_arguments {
    char id[REST_ARGUMENT_SIZE];     ///< For {id}.
    char detail[REST_ARGUMENT_SIZE]; ///< For the second hole.
};

struct rest_request {
    enum rest_method method;
    const struct http_target *target;
    struct rest_arguments arguments;
    const char *content_type;  ///< NULL: none was given.
    const char *accept;        ///< NULL: none was given.
    const char *authorization; ///< NULL: none was given.
    const char *if_none_match; ///< NULL: none was given.
    const uint8_t *peer;       ///< The client's certificate in DER; NULL: none was shown.
    size_t peer_size;
    const char *body;
    size_t body_size;
    const struct session *session; ///< NULL: not signed in.
    const char *address;           ///< Where it comes from, an IPv6 address by its /64.

    /// To be called once, from any thread, when a reply that was to come later is complete.
    void (*finish)(void *ctx);
    void *finish_ctx;
};

enum rest_counter {
    REST_COUNTER_REQUESTS,
    REST_COUNTER_SIGN_INS,
    REST_COUNTER_SIGN_INS_REFUSED,
    REST_COUNTER_RATE_LIMITED, ///< Answered 429.
    REST_COUNTER_REFUSED,      ///< Malformed, or without the right to ask.
    REST_COUNTER_COUNT,
};

struct rest_waiting;

/// Storage owned by the caller; fill in the first seven, then call rest_init().
struct rest {
    const struct fleet *fleet;
    struct accounts *accounts;
    struct stream_hub *hub;
    const char *version;
    uint64_t started_ms;           ///< Monotonic.
    struct identities *identities; ///< NULL: this server enrols nobody.
    struct fleet_audit *audit;     ///< NULL: nobody keeps a record of strangers.
    _Atomic uint64_t counters[REST_COUNTER_COUNT];
    pthread_mutex_t lock;         ///< Guards `waiting`.
    struct rest_waiting *waiting; ///< Requests that wait for a device.
};

struct rest_route {
    enum rest_method method;
    const char *pattern; ///< A path; a segment in braces stands for any; at most two.
    enum permission permission;
    enum rest_kind kind;

    /// Answers. @return false  the reply comes later, by rest_request.finish; request and reply
    /// stay where they are until then.
    bool (*handle)(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
};

void rest_init(struct rest *rest);

/// Answers every request that still waits for a device with 503. No handler may be running.
void rest_close(struct rest *rest);

/// All routes, for the tests that walk them.
const struct rest_route *rest_routes(size_t *count);

/// Finds the route and copies what stands for its holes.
///
/// @return STATUS_MISSING  no such path; STATUS_INVALID  the path knows other methods, which are
///         listed in `allowed`, for example "GET, PUT".
MUST_CHECK enum status rest_find_route(enum rest_method method, const char *path,
                                       const struct rest_route **route,
                                       struct rest_arguments *arguments, char allowed[32]);

/// Reads a request line's method. @return false  this interface does not know it.
bool rest_method_parse(const char *text, enum rest_method *method);

/// Reads the query of the live stream's request.
///
/// @return false  it was wrong, and `reply` says so; else `device_id` is empty for all devices.
bool rest_read_stream(struct rest *rest, const struct rest_request *request,
                      char device_id[DEVICE_ID_SIZE], struct http_reply *reply);

// SPDX-License-Identifier: MIT
#pragma once

/// Carries HTTP between a socket and the set-up portal, without a thread of its own: whoever owns
/// the portal steps the listener, and requests are answered inside that call.
///
/// A connection serves one request and is closed. It is closed as well when its peer is silent for
/// PORTAL_LISTENER_SILENCE_S, when it is not done after PORTAL_LISTENER_TIME_MS however busy it is,
/// or when it sends more than PORTAL_LISTENER_FLOOD bytes of body.
///
/// A body is wiped once it is answered. What the HTTP library buffered of it is not, so where
/// memory may be read by others, take sealed credentials alone.

#include <stdint.h>

#include "portal.h"

enum {
    PORTAL_LISTENER_CONNECTIONS = 16,
    PORTAL_LISTENER_PER_PEER = 8,
    PORTAL_LISTENER_MEMORY = 12 * 1024, ///< For the head of a request and of its reply.
    PORTAL_LISTENER_FLOOD = 64 * 1024,
    PORTAL_LISTENER_SILENCE_S = 5,
    PORTAL_LISTENER_TIME_MS = 10000
};

struct portal_listener;

/// Listens at a numeric IPv4 address; port 0 takes any. `portal` must outlive the listener.
///
/// @return STATUS_INVALID  that is no such address;
///         STATUS_BUSY     another program has the port;
///         STATUS_IO       the system refused; errno may tell why.
MUST_CHECK enum status portal_listener_open(const char *address, uint16_t port,
                                            struct portal *portal,
                                            struct portal_listener **listener);

uint16_t portal_listener_port(const struct portal_listener *listener);

/// Answers what has come, waiting up to `wait_ms` for it. `now_ms` is the time on a monotonic
/// clock.
void portal_listener_step(struct portal_listener *listener, uint64_t now_ms, uint32_t wait_ms);

/// Closes every connection. NULL is fine.
void portal_listener_close(struct portal_listener *listener);

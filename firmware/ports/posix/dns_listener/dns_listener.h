// SPDX-License-Identifier: MIT
#pragma once

/// Carries name queries between a UDP socket and captive_dns, without a thread of its own: whoever
/// opened the set-up window opens the listener, steps it, and closes it with the window.
///
/// An answer goes to whoever asked, on a network that this host is part of itself; one that would
/// have to pass a router is not sent, so the listener cannot be used to flood a stranger. It is at
/// most 16 bytes longer than its query.

#include <stdint.h>

#include "status.h"

enum {
    DNS_LISTENER_PORT = 53,
    DNS_LISTENER_BURST = 32 ///< Queries that one step answers; others wait for the next.
};

struct dns_listener;

/// Listens at a numeric IPv4 address, which is also the answer to every query; port 0 takes any.
///
/// @return STATUS_INVALID  that is no such address;
///         STATUS_BUSY     another program has the port;
///         STATUS_IO       the system refused; errno may tell why.
MUST_CHECK enum status dns_listener_open(const char *address, uint16_t port,
                                         struct dns_listener **listener);

uint16_t dns_listener_port(const struct dns_listener *listener);

/// Answers what has come, and does not wait.
void dns_listener_step(struct dns_listener *listener);

/// Lets go of the port. NULL is fine.
void dns_listener_close(struct dns_listener *listener);

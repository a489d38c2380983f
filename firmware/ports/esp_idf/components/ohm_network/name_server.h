// SPDX-License-Identifier: MIT
#pragma once

/// Carries name queries between a UDP socket of lwIP and captive_dns. Whoever opens the set-up
/// window opens it on the hotspot's address, steps it, and closes it with the window.
///
/// Sources: ESP-IDF v5.5 and v5.3, the Programming Guide's "lwIP", "BSD Sockets API";
/// lwip/sockets.h.

#include <stdint.h>

#include "esp_netif_ip_addr.h"
#include "status.h"

enum {
    NAME_SERVER_PORT = 53,
    NAME_SERVER_BURST = 8, ///< Queries that one step answers.
    NAME_SERVER_CLOSED = -1
};

struct name_server {
    int socket; ///< NAME_SERVER_CLOSED before the first open.
    uint8_t address[4];
};

/// Listens at `address`, which is also the answer to every query.
///
/// @return STATUS_BUSY  it is open already;  STATUS_IO  there is no socket, or the port is taken.
MUST_CHECK enum status name_server_open(struct name_server *server, esp_ip4_addr_t address);

/// Answers what has come, and does not wait.
void name_server_step(const struct name_server *server);

/// A closed one is closed already.
void name_server_close(struct name_server *server);

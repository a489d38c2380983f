// SPDX-License-Identifier: MIT
#pragma once

/// The composition root: everything that ohmd consists of, built once, in order, and taken down in
/// the opposite order.

#include <stdbool.h>
#include <stddef.h>

#include "daemon_config.h"
#include "fleet_log.h"

struct fleet_server;

/// Opens the store, the listeners and the connection, and starts the threads.
///
/// @param error  receives a sentence that names the cause when this fails.
/// @return NULL  it cannot run.
struct fleet_server *fleet_server_open(const struct daemon_config *config,
                                       const struct fleet_log *log, char *error, size_t error_size);

/// Answers what is under way, stores what has arrived and frees everything. NULL is fine.
void fleet_server_close(struct fleet_server *server);

/// Gives the administrator a new password, without serving anything.
bool fleet_server_reset_administrator(const struct daemon_config *config,
                                      const struct fleet_log *log, char *error, size_t error_size);

/// Prints a token for a device on standard output, without serving anything. Whoever may read the
/// authority needs no password; a device with an active certificate gets one all the same.
bool fleet_server_print_token(const struct daemon_config *config, const struct fleet_log *log,
                              const char *device_id, char *error, size_t error_size);

/// Where the server listens, for a log line.
void fleet_server_describe(const struct fleet_server *server, char *out, size_t size);

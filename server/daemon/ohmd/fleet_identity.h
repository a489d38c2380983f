// SPDX-License-Identifier: MIT
#pragma once

/// The identities of the composition root: authority, store, the list for the broker, and the
/// rules.

#include <stdbool.h>
#include <stddef.h>

#include "account_crypto.h"
#include "broker_guard.h"
#include "daemon_config.h"
#include "fleet_host.h"
#include "fleet_log.h"
#include "http_server.h"

struct fleet_identity;

/// Opens, or makes at the first start, everything below `config->authority_folder`, and names the
/// authority's own files in `config` where it names none.
///
/// @return NULL  it cannot work; `error` says why.
struct fleet_identity *fleet_identity_open(struct daemon_config *config,
                                           const struct fleet_host *host,
                                           const struct account_crypto *crypto,
                                           const struct fleet_log *log, char *error,
                                           size_t error_size);

/// NULL is fine.
void fleet_identity_close(struct fleet_identity *identity);

/// The certificates that the broker's guard must know. They are there before the rules are opened.
struct identity_source fleet_identity_source(struct fleet_identity *identity);

/// Opens the rules, which tell every change to the guard; NULL: the broker has none.
bool fleet_identity_start(struct fleet_identity *identity, struct broker_guard *guard, char *error,
                          size_t error_size);

/// Makes a token, as the operator of this machine, and prints it on standard output, its only copy.
bool fleet_identity_print_token(struct fleet_identity *identity, const char *device_id, char *error,
                                size_t error_size);

/// Takes the guard's word that a certificate was used. `ctx` is the identity.
void fleet_identity_authorised(void *ctx, const struct guard_report *report);

/// Takes the guard's word that somebody was refused. `ctx` is the identity.
void fleet_identity_refused(void *ctx, const struct guard_report *report);

/// Takes what a device said of itself. `ctx` is the identity. Does not block; any
/// thread may call.
void fleet_identity_device(void *ctx, const struct device_view *device);

/// Writes down what has come to light. Call a few times a second, once the rules are open.
void fleet_identity_tick(struct fleet_identity *identity);

/// Adds the rules and the listener for devices.
void fleet_identity_configure(struct fleet_identity *identity, struct http_server_config *http);

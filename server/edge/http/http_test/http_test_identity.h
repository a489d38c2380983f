// SPDX-License-Identifier: MIT
#pragma once

/// The identities of the bed: a real authority and a real store in the bed's folder.

#include "fleet_host.h"
#include "http_server.h"

struct bed_identity;

/// Makes "pki" and "identity.db" below the folder. @return NULL  something failed.
struct bed_identity *bed_identity_open(const char *folder, const struct fleet_host *host);

/// Removes everything again. NULL is fine.
void bed_identity_close(struct bed_identity *identity);

/// Adds the identities and the listener for devices to the configuration.
void bed_identity_configure(struct bed_identity *identity, struct http_server_config *config);

/// What strangers caused; the test has to tick it.
struct fleet_audit *bed_identity_audit(struct bed_identity *identity);

struct identities *bed_identity_rules(const struct bed_identity *identity);

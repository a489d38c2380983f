// SPDX-License-Identifier: MIT
#pragma once

/// Certificates for simulated devices, made in memory by the fleet's private CA. A thousand take
/// about a second. For tests and benchmarks on one machine only: a real device makes its own key.

#include "status.h"

struct fleet_ca;

/// Loads the CA's certificate and private key (PEM files).
///
/// @return NULL when either cannot be read; `errno` or the OpenSSL error queue says why.
struct fleet_ca *fleet_ca_open(const char *certificate_path, const char *key_path);

/// Frees the CA; NULL is fine.
void fleet_ca_close(struct fleet_ca *ca);

/// Makes a fresh P-256 key and a client certificate with the common name `name`, and a TLS client
/// context that carries both and trusts only this CA and the host name `host`.
///
/// @return an SSL_CTX that the caller frees, or NULL.
void *fleet_identity_open(const struct fleet_ca *ca, const char *name, const char *host);

/// Frees what fleet_identity_open() made; NULL is fine.
void fleet_identity_close(void *context);

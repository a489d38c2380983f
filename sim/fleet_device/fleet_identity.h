// SPDX-License-Identifier: MIT
#pragma once

/// How simulated devices speak TLS, and certificates for those that were not enrolled, made in
/// memory by the fleet's private CA. A thousand take about a second. For tests and benchmarks on
/// one machine only.

#include <openssl/types.h>

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
/// @return a context that the caller frees, or NULL.
SSL_CTX *fleet_identity_open(const struct fleet_ca *ca, const char *name, const char *host);

/// Makes a client context that shows `certificate`, proves it with `key`, and trusts only `trust`
/// and the host name `host`. It keeps what it needs of the others.
///
/// @return a context that the caller frees, or NULL: also when the key is not the certificate's.
SSL_CTX *fleet_identity_context(X509 *trust, X509 *certificate, EVP_PKEY *key, const char *host);

/// Frees a context; NULL is fine.
void fleet_identity_close(SSL_CTX *context);

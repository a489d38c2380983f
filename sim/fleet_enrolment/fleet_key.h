// SPDX-License-Identifier: MIT
#pragma once

/// The key of one simulated device, made in memory and kept nowhere else. What it signs goes the
/// way of a real device's: the request through the `keystore` seam, TLS through a signer.

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "openssl_p256.h"
#include "status.h"

struct fleet_key {
    struct openssl_p256_key pair;
};

/// Makes a new key. @return STATUS_IO  the library failed.
MUST_CHECK enum status fleet_key_make(struct fleet_key *key);

/// Writes a PKCS#10 request in DER for `device_id`. @return as csr_write().
MUST_CHECK enum status fleet_key_request(struct fleet_key *key, const struct crypto *crypto,
                                         const char *device_id, uint8_t *der, size_t capacity,
                                         size_t *size);

/// A client context that shows the certificate in DER and trusts `trust` and `host` alone. `key`
/// must outlive it.
///
/// @return a context that the caller frees, or NULL: also when the certificate is for another key.
SSL_CTX *fleet_key_context(struct fleet_key *key, const uint8_t *der, size_t size, X509 *trust,
                           const char *host);

/// Has `context` show the certificate in DER, and prove it with the key, which must outlive it.
///
/// @return STATUS_INVALID  the certificate is none, or is for another key.
MUST_CHECK enum status fleet_key_show(struct fleet_key *key, const uint8_t *der, size_t size,
                                      SSL_CTX *context);

/// Wipes the key.
void fleet_key_wipe(struct fleet_key *key);

// SPDX-License-Identifier: MIT
#pragma once

/// Asks for a certificate: a PKCS#10 request (RFC 2986) for a key that a keystore holds.
///
/// The subject is the device's name alone, as CN; the server decides about everything else. The key
/// is on P-256, and it signs the request with ecdsa-with-SHA256 (RFC 5758 section 3.2), which
/// proves that the device has it.

#include <stddef.h>
#include <stdint.h>

#include "certificate_keeper.h"
#include "crypto.h"
#include "keystore.h"
#include "status.h"

enum {
    CSR_NAME_LIMIT = 32, ///< Characters of a device's name.
    CSR_LIMIT = 256      ///< Bytes of DER that no request exceeds.
};

/// What signs. Both outlive it.
struct csr_signer {
    const struct keystore *keystore;
    const struct crypto *crypto; ///< For SHA-256.
};

/// Writes a request for the key in `slot`.
///
/// @return STATUS_INVALID  the name is not of 1 to CSR_NAME_LIMIT letters, digits, '_' and '-';
///         STATUS_FULL     it does not fit; CSR_LIMIT bytes always do; else as keystore->sign().
MUST_CHECK enum status csr_write(const struct csr_signer *signer, enum keystore_slot slot,
                                 const char *device_id, uint8_t *der, size_t capacity,
                                 size_t *size);

/// The same for a certificate keeper, which `signer` must outlive.
struct csr_encoder csr_encoder_of(struct csr_signer *signer);

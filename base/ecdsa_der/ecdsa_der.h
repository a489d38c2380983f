// SPDX-License-Identifier: MIT
#pragma once

/// The two forms of a P-256 signature: r and s side by side, as a keystore gives them, and in DER
/// (ECDSA-Sig-Value, RFC 3279 section 2.2.3), as certificates and TLS carry them.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

/// Two integers of at most 33 bytes, with three heads of 2.
enum { ECDSA_DER_LIMIT = 72 };

/// @return the size of what `der` holds now, 8 to ECDSA_DER_LIMIT bytes
size_t ecdsa_der_encode(const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE],
                        uint8_t der[ECDSA_DER_LIMIT]);

/// Reads only what ecdsa_der_encode() writes. Whether r and s are in range is for the verifier to
/// say.
///
/// @return STATUS_CORRUPT  it is no DER, has something more in or behind it, or a number is
///                         negative or above 32 bytes; `signature` is untouched.
MUST_CHECK enum status ecdsa_der_decode(const uint8_t *der, size_t size,
                                        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

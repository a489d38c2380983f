// SPDX-License-Identifier: MIT
#pragma once

/// Which RSA keys we believe signatures of. Every back end asks here first, so that all refuse the
/// same keys.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    RSA_PUBLIC_KEY_LEAST_BYTES = 256, ///< Of the modulus.
    RSA_PUBLIC_KEY_MOST_BYTES = 512,
    RSA_PUBLIC_KEY_EXPONENT_BYTES = 4
};

/// Checks an RSAPublicKey (RFC 8017 appendix A.1.1): strict DER and nothing behind it, an odd
/// modulus of 2048 to 4096 bits in whole bytes, an odd exponent of 3 or more and 32 bits at most.
///
/// @return STATUS_INVALID  it is another; else `modulus_bytes` is the size of its signatures.
MUST_CHECK enum status rsa_public_key_check(const uint8_t *der, size_t size, size_t *modulus_bytes);

// SPDX-License-Identifier: MIT
#pragma once

/// Makes P-256 keys and signs with them, for keystores made of software. Nobody else holds a
/// private key as bytes.

#include <stdint.h>

#include "crypto.h"

enum { OPENSSL_P256_PRIVATE_SIZE = 32 };

/// Both halves of a key; whoever keeps one wipes it.
struct openssl_p256_key {
    uint8_t private_key[OPENSSL_P256_PRIVATE_SIZE]; ///< Big-endian, in [1, n - 1].
    uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE];
};

/// @return STATUS_IO  the library failed; `key` is wiped.
MUST_CHECK enum status openssl_p256_generate(struct openssl_p256_key *key);

/// ECDSA (FIPS 186-5 section 6.4.1).
///
/// @return STATUS_CORRUPT  the two halves are no key;  STATUS_IO  the library failed.
MUST_CHECK enum status openssl_p256_sign(const struct openssl_p256_key *key,
                                         const uint8_t digest[CRYPTO_SHA256_SIZE],
                                         uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

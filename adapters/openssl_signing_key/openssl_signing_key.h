// SPDX-License-Identifier: MIT
#pragma once

/// A P-256 key for OpenSSL whose private half is somewhere else: OpenSSL has the public half, and
/// asks whoever holds the other to sign. So TLS works with keys that never leave their keystore.

#include <openssl/types.h>
#include <stdint.h>

#include "crypto.h"

struct openssl_signer {
    /// ECDSA over a digest. Called by the thread in which OpenSSL is at work.
    MUST_CHECK enum status (*sign)(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                                   uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);
    void *ctx; ///< Outlives the key and everything that OpenSSL made with it.
};

/// Free it with EVP_PKEY_free(). Of digests longer than 32 bytes the first 32 are signed, as ECDSA
/// on P-256 does (FIPS 186-5 section 6.4.1); shorter ones are refused.
///
/// @return NULL  `public_key` is no point of the curve, or there is no memory.
EVP_PKEY *openssl_signing_key_new(const uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE],
                                  const struct openssl_signer *signer);

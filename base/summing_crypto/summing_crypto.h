// SPDX-License-Identifier: MIT
#pragma once

/// A stand-in for `struct crypto` in tests of what is hashed and signed: a digest in which every
/// bit of the input and its place count, and signatures that hold for one key and one digest.
/// Nothing about it is secret. Only sha256 and p256_verify are there.

#include "crypto.h"

enum { SUMMING_CRYPTO_NOTED = 4096 };

/// What the stand-in was asked.
struct summing_notes {
    uint8_t hashed[SUMMING_CRYPTO_NOTED]; ///< Last, in one piece; what is longer is cut off.
    size_t hashed_size;                   ///< As it was, also where it was cut off.
    const uint8_t *key;                   ///< Of the last signature to be verified.
    unsigned verified;                    ///< How many were.
};

/// `notes` outlives the table; NULL: none are taken.
struct crypto summing_crypto(struct summing_notes *notes);

/// Makes the signature that p256_verify takes for `key`, of which the first 32 bytes count.
void summing_crypto_sign(const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                         const uint8_t digest[CRYPTO_SHA256_SIZE],
                         uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

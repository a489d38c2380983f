// SPDX-License-Identifier: MIT
#pragma once

/// What the files of this back end share: a key in the library's store, and fields of
/// `struct crypto`.

#include <psa/crypto.h>

#include "crypto.h"

/// A key that is in the store from psa_key_take() to psa_key_drop(); nobody else is meanwhile.
struct psa_key {
    psa_key_id_t id;
};

/// Takes the lock and puts a key in, for one use of one algorithm.
///
/// @return STATUS_INVALID  it is no such key;  STATUS_IO  the library failed. The lock is free
/// then.
MUST_CHECK enum status psa_key_take(struct psa_key *key, psa_key_type_t type, psa_key_usage_t usage,
                                    psa_algorithm_t algorithm, struct crypto_part material);

/// As psa_key_take(), of a new random key.
MUST_CHECK enum status psa_key_make(struct psa_key *key, psa_key_type_t type, size_t bits,
                                    psa_key_usage_t usage);

/// Destroys the key, which wipes it, and frees the lock.
///
/// @return `status`, or STATUS_IO where that was STATUS_OK and the library failed
MUST_CHECK enum status psa_key_drop(const struct psa_key *key, enum status status);

MUST_CHECK enum status psa_seal(void *ctx, const struct crypto_seal *seal, struct crypto_part text,
                                uint8_t *sealed, size_t capacity);

MUST_CHECK enum status psa_open(void *ctx, const struct crypto_seal *seal,
                                struct crypto_part sealed, uint8_t *text, size_t capacity);

MUST_CHECK enum status psa_p256_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                       const uint8_t digest[CRYPTO_SHA256_SIZE],
                                       const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

MUST_CHECK enum status psa_rsa_verify(void *ctx, struct crypto_part key,
                                      const uint8_t digest[CRYPTO_SHA256_SIZE],
                                      struct crypto_part signature);

// SPDX-License-Identifier: MIT
#pragma once

/// What the files of this back end share: each of these is a field of `struct crypto`.

#include "crypto.h"

MUST_CHECK enum status openssl_seal(void *ctx, const struct crypto_seal *seal,
                                    struct crypto_part text, uint8_t *sealed, size_t capacity);

MUST_CHECK enum status openssl_open(void *ctx, const struct crypto_seal *seal,
                                    struct crypto_part sealed, uint8_t *text, size_t capacity);

MUST_CHECK enum status openssl_p256_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                           const uint8_t digest[CRYPTO_SHA256_SIZE],
                                           const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

MUST_CHECK enum status openssl_rsa_verify(void *ctx, struct crypto_part key,
                                          const uint8_t digest[CRYPTO_SHA256_SIZE],
                                          struct crypto_part signature);

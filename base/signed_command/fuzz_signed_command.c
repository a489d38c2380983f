// SPDX-License-Identifier: MIT

/// Any bytes are judged without reading past them; only what ends as a signed command does reaches
/// the key.

#include <stdint.h>
#include <string.h>

#include "signed_command.h"

static enum status digest_nothing(void *ctx, const struct crypto_part *parts, size_t count,
                                  uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t sum = 0;
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < parts[i].size; at++) {
            sum = (uint8_t)(sum + ((const uint8_t *)parts[i].data)[at]);
        }
    }
    memset(digest, sum, CRYPTO_SHA256_SIZE);
    return STATUS_OK;
}

static enum status believe(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                           const uint8_t digest[CRYPTO_SHA256_SIZE],
                           const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    (void)ctx;
    (void)key;
    (void)digest;
    (void)signature;
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct crypto crypto = { .sha256 = digest_nothing, .p256_verify = believe };
    static const uint8_t key[CRYPTO_P256_PUBLIC_SIZE];

    if (signed_command_verify(&crypto, key, data, size) == STATUS_OK &&
        (size <= SIGNED_COMMAND_SUFFIX_SIZE || size > SIGNED_COMMAND_LIMIT ||
         memcmp(data + size - SIGNED_COMMAND_SUFFIX_SIZE, ",\"~sig\":\"", 9) != 0 ||
         data[size - 1] != '}')) {
        __builtin_trap();
    }
    return 0;
}

// SPDX-License-Identifier: MIT
#include "agreeable_crypto.h"

#include <string.h>

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    (void)parts;
    (void)count;
    memset(digest, 0, CRYPTO_SHA256_SIZE);
    return STATUS_OK;
}

static enum status hmac(void *ctx, struct crypto_part key, const struct crypto_part *parts,
                        size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    (void)key;
    return sha256(ctx, parts, count, mac);
}

static enum status seal(void *ctx, const struct crypto_seal *how, struct crypto_part text,
                        uint8_t *sealed, size_t capacity)
{
    (void)ctx;
    (void)how;
    if (capacity < text.size + CRYPTO_TAG_SIZE) {
        return STATUS_FULL;
    }
    memset(sealed, 0, text.size + CRYPTO_TAG_SIZE);
    return STATUS_OK;
}

static enum status open_sealed(void *ctx, const struct crypto_seal *how, struct crypto_part sealed,
                               uint8_t *text, size_t capacity)
{
    (void)ctx;
    (void)how;
    if (capacity < sealed.size - CRYPTO_TAG_SIZE) {
        __builtin_trap();
    }
    memcpy(text, sealed.data, sealed.size - CRYPTO_TAG_SIZE);
    return STATUS_OK;
}

static enum status x25519_public(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                                 uint8_t public_key[CRYPTO_X25519_SIZE])
{
    (void)ctx;
    memcpy(public_key, private_key, CRYPTO_X25519_SIZE);
    return STATUS_OK;
}

static enum status x25519(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                          const uint8_t peer[CRYPTO_X25519_SIZE],
                          uint8_t shared[CRYPTO_X25519_SIZE])
{
    (void)peer;
    return x25519_public(ctx, private_key, shared);
}

static enum status p256_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                               const uint8_t digest[CRYPTO_SHA256_SIZE],
                               const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    (void)ctx;
    (void)key;
    (void)digest;
    (void)signature;
    return STATUS_OK;
}

struct crypto agreeable_crypto(void)
{
    return (struct crypto){ .sha256 = sha256,
                            .hmac_sha256 = hmac,
                            .seal = seal,
                            .open = open_sealed,
                            .x25519_public = x25519_public,
                            .x25519 = x25519,
                            .p256_verify = p256_verify };
}

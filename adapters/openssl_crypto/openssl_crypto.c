// SPDX-License-Identifier: MIT
#include "openssl_crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>

#include "openssl_parts.h"

static bool digest_parts(EVP_MD_CTX *hash, const struct crypto_part *parts, size_t count,
                         uint8_t digest[CRYPTO_SHA256_SIZE])
{
    bool good = EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = parts[i].size == 0 || EVP_DigestUpdate(hash, parts[i].data, parts[i].size) == 1;
    }
    return good && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
}

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    (void)ERR_set_mark();
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const bool good = hash != NULL && digest_parts(hash, parts, count, digest);
    EVP_MD_CTX_free(hash);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : STATUS_IO;
}

static bool mac_parts(EVP_MAC_CTX *hmac, struct crypto_part key, const struct crypto_part *parts,
                      size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                  OSSL_PARAM_construct_end() };
    size_t size = 0;
    bool good = EVP_MAC_init(hmac, key.data, key.size, params) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = parts[i].size == 0 || EVP_MAC_update(hmac, parts[i].data, parts[i].size) == 1;
    }
    return good && EVP_MAC_final(hmac, mac, &size, CRYPTO_SHA256_SIZE) == 1 &&
           size == CRYPTO_SHA256_SIZE;
}

static enum status hmac_sha256(void *ctx, struct crypto_part key, const struct crypto_part *parts,
                               size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    if (key.size == 0) {
        return STATUS_INVALID;
    }
    (void)ERR_set_mark();
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *hmac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
    const bool good = hmac != NULL && mac_parts(hmac, key, parts, count, mac);
    EVP_MAC_CTX_free(hmac);
    EVP_MAC_free(algorithm);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : STATUS_IO;
}

static enum status x25519_public(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                                 uint8_t public_key[CRYPTO_X25519_SIZE])
{
    size_t size = CRYPTO_X25519_SIZE;

    (void)ctx;
    (void)ERR_set_mark();
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, CRYPTO_X25519_SIZE);
    const bool good = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1;
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : STATUS_IO;
}

/// OpenSSL fails to derive a secret that is all zero, and says no more than that it failed.
static enum status agree(EVP_PKEY *mine, EVP_PKEY *peer, uint8_t shared[CRYPTO_X25519_SIZE])
{
    uint8_t secret[CRYPTO_X25519_SIZE] = { 0 };
    size_t size = sizeof secret;
    EVP_PKEY_CTX *exchange = EVP_PKEY_CTX_new(mine, NULL);
    const bool ready = exchange != NULL && EVP_PKEY_derive_init(exchange) == 1 &&
                       EVP_PKEY_derive_set_peer(exchange, peer) == 1;
    const bool good =
        ready && EVP_PKEY_derive(exchange, secret, &size) == 1 && size == sizeof secret;
    if (good) {
        for (size_t i = 0; i < sizeof secret; i++) {
            shared[i] = secret[i];
        }
    }
    EVP_PKEY_CTX_free(exchange);
    OPENSSL_cleanse(secret, sizeof secret);
    return good ? STATUS_OK : ready ? STATUS_INVALID : STATUS_IO;
}

static enum status x25519(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                          const uint8_t peer_public_key[CRYPTO_X25519_SIZE],
                          uint8_t shared[CRYPTO_X25519_SIZE])
{
    (void)ctx;
    (void)ERR_set_mark();
    EVP_PKEY *mine =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, CRYPTO_X25519_SIZE);
    EVP_PKEY *peer =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer_public_key, CRYPTO_X25519_SIZE);
    const enum status status = mine != NULL && peer != NULL ? agree(mine, peer, shared) : STATUS_IO;
    EVP_PKEY_free(peer);
    EVP_PKEY_free(mine);
    (void)ERR_pop_to_mark();
    return status;
}

struct crypto openssl_crypto(void)
{
    return (struct crypto){
        .sha256 = sha256,
        .hmac_sha256 = hmac_sha256,
        .seal = openssl_seal,
        .open = openssl_open,
        .x25519_public = x25519_public,
        .x25519 = x25519,
        .p256_verify = openssl_p256_verify,
        .rsa_verify = openssl_rsa_verify,
    };
}

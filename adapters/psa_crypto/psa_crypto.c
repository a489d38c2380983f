// SPDX-License-Identifier: MIT
#include "psa_crypto.h"

#include "constant_time.h"
#include "psa_parts.h"

enum { HMAC_BLOCK_SIZE = 64 };

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    psa_status_t result = psa_hash_setup(&hash, PSA_ALG_SHA_256);
    size_t size = 0;

    (void)ctx;
    for (size_t i = 0; result == PSA_SUCCESS && i < count; i++) {
        if (parts[i].size > 0) {
            result = psa_hash_update(&hash, parts[i].data, parts[i].size);
        }
    }
    if (result == PSA_SUCCESS) {
        result = psa_hash_finish(&hash, digest, CRYPTO_SHA256_SIZE, &size);
    }
    const psa_status_t aborted = psa_hash_abort(&hash);
    return result == PSA_SUCCESS && aborted == PSA_SUCCESS && size == CRYPTO_SHA256_SIZE
               ? STATUS_OK
               : STATUS_IO;
}

static enum status mac_parts(const struct psa_key *key, const struct crypto_part *parts,
                             size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    psa_mac_operation_t hmac = PSA_MAC_OPERATION_INIT;
    psa_status_t result = psa_mac_sign_setup(&hmac, key->id, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    size_t size = 0;

    for (size_t i = 0; result == PSA_SUCCESS && i < count; i++) {
        if (parts[i].size > 0) {
            result = psa_mac_update(&hmac, parts[i].data, parts[i].size);
        }
    }
    if (result == PSA_SUCCESS) {
        result = psa_mac_sign_finish(&hmac, mac, CRYPTO_SHA256_SIZE, &size);
    }
    const psa_status_t aborted = psa_mac_abort(&hmac);
    return result == PSA_SUCCESS && aborted == PSA_SUCCESS && size == CRYPTO_SHA256_SIZE
               ? STATUS_OK
               : STATUS_IO;
}

static enum status hmac_sha256(void *ctx, struct crypto_part key, const struct crypto_part *parts,
                               size_t count, uint8_t mac[CRYPTO_SHA256_SIZE])
{
    uint8_t shorter[CRYPTO_SHA256_SIZE];
    struct psa_key taken;
    enum status status = key.size > 0 ? STATUS_OK : STATUS_INVALID;

    // As RFC 2104 section 2 has it. The library would do so too, but it holds no key above 8191
    // bytes.
    if (key.size > HMAC_BLOCK_SIZE) {
        status = sha256(ctx, &key, 1, shorter);
        key = (struct crypto_part){ shorter, sizeof shorter };
    }
    if (status == STATUS_OK) {
        status = psa_key_take(&taken, PSA_KEY_TYPE_HMAC, PSA_KEY_USAGE_SIGN_MESSAGE,
                              PSA_ALG_HMAC(PSA_ALG_SHA_256), key);
    }
    if (status == STATUS_OK) {
        status = psa_key_drop(&taken, mac_parts(&taken, parts, count, mac));
    }
    constant_time_wipe(shorter, sizeof shorter);
    return status;
}

static enum status take_x25519(struct psa_key *key, const uint8_t private_key[CRYPTO_X25519_SIZE])
{
    return psa_key_take(key, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY),
                        PSA_KEY_USAGE_DERIVE, PSA_ALG_ECDH,
                        (struct crypto_part){ private_key, CRYPTO_X25519_SIZE });
}

static enum status x25519_public(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                                 uint8_t public_key[CRYPTO_X25519_SIZE])
{
    struct psa_key key;
    size_t size = 0;
    enum status status = take_x25519(&key, private_key);

    (void)ctx;
    if (status != STATUS_OK) {
        return STATUS_IO; // Any 32 bytes are a key.
    }
    const psa_status_t result =
        psa_export_public_key(key.id, public_key, CRYPTO_X25519_SIZE, &size);
    if (result != PSA_SUCCESS || size != CRYPTO_X25519_SIZE) {
        status = STATUS_IO;
    }
    return psa_key_drop(&key, status);
}

/// The library refuses some points of small order itself; which, depends on its version.
static enum status agree(const struct psa_key *key, const uint8_t peer[CRYPTO_X25519_SIZE],
                         uint8_t shared[CRYPTO_X25519_SIZE])
{
    static const uint8_t zeros[CRYPTO_X25519_SIZE];
    size_t size = 0;
    const psa_status_t result = psa_raw_key_agreement(
        PSA_ALG_ECDH, key->id, peer, CRYPTO_X25519_SIZE, shared, CRYPTO_X25519_SIZE, &size);

    if (result == PSA_ERROR_INVALID_ARGUMENT) {
        return STATUS_INVALID;
    }
    if (result != PSA_SUCCESS || size != CRYPTO_X25519_SIZE) {
        return STATUS_IO;
    }
    return constant_time_equal(shared, size, zeros, sizeof zeros) ? STATUS_INVALID : STATUS_OK;
}

static enum status x25519(void *ctx, const uint8_t private_key[CRYPTO_X25519_SIZE],
                          const uint8_t peer_public_key[CRYPTO_X25519_SIZE],
                          uint8_t shared[CRYPTO_X25519_SIZE])
{
    struct psa_key key;

    (void)ctx;
    if (take_x25519(&key, private_key) != STATUS_OK) {
        return STATUS_IO;
    }
    const enum status status = psa_key_drop(&key, agree(&key, peer_public_key, shared));
    if (status != STATUS_OK) {
        constant_time_wipe(shared, CRYPTO_X25519_SIZE);
    }
    return status;
}

enum status psa_crypto_open(struct crypto *crypto)
{
    if (psa_crypto_init() != PSA_SUCCESS) {
        return STATUS_IO;
    }
    *crypto = (struct crypto){
        .sha256 = sha256,
        .hmac_sha256 = hmac_sha256,
        .seal = psa_seal,
        .open = psa_open,
        .x25519_public = x25519_public,
        .x25519 = x25519,
        .p256_verify = psa_p256_verify,
        .rsa_verify = psa_rsa_verify,
    };
    return STATUS_OK;
}

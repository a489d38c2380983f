// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdbool.h>

#include "constant_time.h"
#include "psa_parts.h"

struct cipher {
    psa_key_type_t type;
    psa_algorithm_t algorithm;
    size_t key_size; ///< 0 when there is no such algorithm.
};

static struct cipher cipher_of(enum crypto_aead algorithm)
{
    struct cipher cipher = { PSA_KEY_TYPE_NONE, PSA_ALG_NONE, 0 };

    switch (algorithm) {
    case CRYPTO_AES_128_GCM:
        cipher = (struct cipher){ PSA_KEY_TYPE_AES, PSA_ALG_GCM, 16 };
        break;
    case CRYPTO_AES_256_GCM:
        cipher = (struct cipher){ PSA_KEY_TYPE_AES, PSA_ALG_GCM, 32 };
        break;
    case CRYPTO_CHACHA20_POLY1305:
        cipher = (struct cipher){ PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 32 };
        break;
    }
    return cipher;
}

/// Refuses what the other back end has to refuse, too.
static bool is_fit(const struct cipher *cipher, const struct crypto_seal *seal, size_t size)
{
    return cipher->key_size != 0 && seal->key_size == cipher->key_size && size <= INT_MAX &&
           seal->associated.size <= INT_MAX;
}

static enum status take(struct psa_key *key, const struct cipher *cipher,
                        const struct crypto_seal *seal, psa_key_usage_t usage)
{
    return psa_key_take(key, cipher->type, usage, cipher->algorithm,
                        (struct crypto_part){ seal->key, seal->key_size });
}

enum status psa_seal(void *ctx, const struct crypto_seal *seal, struct crypto_part text,
                     uint8_t *sealed, size_t capacity)
{
    const struct cipher cipher = cipher_of(seal->algorithm);
    struct psa_key key;
    size_t size = 0;

    (void)ctx;
    if (!is_fit(&cipher, seal, text.size)) {
        return STATUS_INVALID;
    }
    if (capacity < CRYPTO_TAG_SIZE || capacity - CRYPTO_TAG_SIZE < text.size) {
        return STATUS_FULL;
    }
    const enum status status = take(&key, &cipher, seal, PSA_KEY_USAGE_ENCRYPT);
    if (status != STATUS_OK) {
        return status;
    }
    const psa_status_t result = psa_aead_encrypt(
        key.id, cipher.algorithm, seal->nonce, CRYPTO_NONCE_SIZE, seal->associated.data,
        seal->associated.size, text.data, text.size, sealed, text.size + CRYPTO_TAG_SIZE, &size);
    return psa_key_drop(
        &key, result == PSA_SUCCESS && size == text.size + CRYPTO_TAG_SIZE ? STATUS_OK : STATUS_IO);
}

enum status psa_open(void *ctx, const struct crypto_seal *seal, struct crypto_part sealed,
                     uint8_t *text, size_t capacity)
{
    const struct cipher cipher = cipher_of(seal->algorithm);
    struct psa_key key;
    size_t size = 0;

    (void)ctx;
    if (!is_fit(&cipher, seal, sealed.size)) {
        return STATUS_INVALID;
    }
    if (sealed.size < CRYPTO_TAG_SIZE) {
        return STATUS_CORRUPT;
    }
    const size_t expected = sealed.size - CRYPTO_TAG_SIZE;
    if (capacity < expected) {
        return STATUS_FULL;
    }
    enum status status = take(&key, &cipher, seal, PSA_KEY_USAGE_DECRYPT);
    if (status != STATUS_OK) {
        return status;
    }
    const psa_status_t result = psa_aead_decrypt(
        key.id, cipher.algorithm, seal->nonce, CRYPTO_NONCE_SIZE, seal->associated.data,
        seal->associated.size, sealed.data, sealed.size, text, expected, &size);
    status = psa_key_drop(&key, result == PSA_ERROR_INVALID_SIGNATURE       ? STATUS_CORRUPT
                                : result == PSA_SUCCESS && size == expected ? STATUS_OK
                                                                            : STATUS_IO);
    if (status != STATUS_OK) {
        constant_time_wipe(text, expected);
    }
    return status;
}

// SPDX-License-Identifier: MIT
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "openssl_parts.h"

enum { SEALING = 1, OPENING = 0 };

/// NULL when the algorithm does not exist or its key has another size.
static const EVP_CIPHER *cipher_of(const struct crypto_seal *seal)
{
    const EVP_CIPHER *cipher = NULL;

    switch (seal->algorithm) {
    case CRYPTO_AES_128_GCM:
        cipher = EVP_aes_128_gcm();
        break;
    case CRYPTO_AES_256_GCM:
        cipher = EVP_aes_256_gcm();
        break;
    case CRYPTO_CHACHA20_POLY1305:
        cipher = EVP_chacha20_poly1305();
        break;
    }
    return cipher != NULL && seal->key_size == (size_t)EVP_CIPHER_get_key_length(cipher) ? cipher
                                                                                         : NULL;
}

/// Sets key and nonce, and takes in what is only authenticated.
static bool begin(EVP_CIPHER_CTX *aead, const EVP_CIPHER *cipher, const struct crypto_seal *seal,
                  int direction)
{
    int size = 0;
    return EVP_CipherInit_ex(aead, cipher, NULL, NULL, NULL, direction) == 1 &&
           EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_IVLEN, CRYPTO_NONCE_SIZE, NULL) == 1 &&
           EVP_CipherInit_ex(aead, NULL, NULL, seal->key, seal->nonce, direction) == 1 &&
           (seal->associated.size == 0 || EVP_CipherUpdate(aead, NULL, &size, seal->associated.data,
                                                           (int)seal->associated.size) == 1);
}

/// Turns `size` bytes of `in` into as many of `out`.
static bool turn(EVP_CIPHER_CTX *aead, const uint8_t *in, size_t size, uint8_t *out)
{
    int turned = 0;
    return size == 0 ||
           (EVP_CipherUpdate(aead, out, &turned, in, (int)size) == 1 && (size_t)turned == size);
}

enum status openssl_seal(void *ctx, const struct crypto_seal *seal, struct crypto_part text,
                         uint8_t *sealed, size_t capacity)
{
    const EVP_CIPHER *cipher = cipher_of(seal);
    uint8_t rest[CRYPTO_TAG_SIZE];
    int rest_size = 0;

    (void)ctx;
    if (cipher == NULL || text.size > INT_MAX || seal->associated.size > INT_MAX) {
        return STATUS_INVALID;
    }
    if (capacity < CRYPTO_TAG_SIZE || capacity - CRYPTO_TAG_SIZE < text.size) {
        return STATUS_FULL;
    }
    (void)ERR_set_mark();
    EVP_CIPHER_CTX *aead = EVP_CIPHER_CTX_new();
    const bool good =
        aead != NULL && begin(aead, cipher, seal, SEALING) &&
        turn(aead, text.data, text.size, sealed) &&
        EVP_CipherFinal_ex(aead, rest, &rest_size) == 1 && rest_size == 0 &&
        EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_SIZE, sealed + text.size) == 1;
    EVP_CIPHER_CTX_free(aead);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : STATUS_IO;
}

enum status openssl_open(void *ctx, const struct crypto_seal *seal, struct crypto_part sealed,
                         uint8_t *text, size_t capacity)
{
    const EVP_CIPHER *cipher = cipher_of(seal);
    const uint8_t *in = sealed.data;
    uint8_t tag[CRYPTO_TAG_SIZE];
    uint8_t rest[CRYPTO_TAG_SIZE];
    int rest_size = 0;

    (void)ctx;
    if (cipher == NULL || sealed.size > INT_MAX || seal->associated.size > INT_MAX) {
        return STATUS_INVALID;
    }
    if (sealed.size < CRYPTO_TAG_SIZE) {
        return STATUS_CORRUPT;
    }
    const size_t size = sealed.size - CRYPTO_TAG_SIZE;
    if (capacity < size) {
        return STATUS_FULL;
    }
    for (size_t i = 0; i < sizeof tag; i++) {
        tag[i] = in[size + i];
    }
    (void)ERR_set_mark();
    EVP_CIPHER_CTX *aead = EVP_CIPHER_CTX_new();
    const bool turned = aead != NULL && begin(aead, cipher, seal, OPENING) &&
                        turn(aead, in, size, text) &&
                        EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_SIZE, tag) == 1;
    const bool good = turned && EVP_CipherFinal_ex(aead, rest, &rest_size) == 1;
    if (!good && size > 0) {
        OPENSSL_cleanse(text, size);
    }
    EVP_CIPHER_CTX_free(aead);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : turned ? STATUS_CORRUPT : STATUS_IO;
}

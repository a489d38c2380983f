// SPDX-License-Identifier: MIT
#include <openssl/evp.h>

#include "back_ends.h"

static const EVP_CIPHER *cipher_of(const struct any_aead *aead)
{
    if (aead->is_chacha) {
        return aead->key.size == 32 ? EVP_chacha20_poly1305() : NULL;
    }
    switch (aead->key.size) {
    case 16:
        return EVP_aes_128_gcm();
    case 24:
        return EVP_aes_192_gcm();
    case 32:
        return EVP_aes_256_gcm();
    default:
        return NULL;
    }
}

bool any_aead_openssl(const struct any_aead *aead, bool seals, struct crypto_part in, uint8_t *out)
{
    const EVP_CIPHER *cipher = cipher_of(aead);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const size_t size = seals ? in.size : in.size - CRYPTO_TAG_SIZE;
    uint8_t *tag = seals ? out + size : (uint8_t *)in.data + size;
    int done = 0;
    const bool good =
        cipher != NULL && EVP_CipherInit_ex(context, cipher, NULL, NULL, NULL, seals) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, (int)aead->nonce.size, NULL) == 1 &&
        EVP_CipherInit_ex(context, NULL, NULL, aead->key.data, aead->nonce.data, seals) == 1 &&
        (seals || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_SIZE, tag) == 1) &&
        (aead->associated.size == 0 || EVP_CipherUpdate(context, NULL, &done, aead->associated.data,
                                                        (int)aead->associated.size) == 1) &&
        (size == 0 || EVP_CipherUpdate(context, out, &done, in.data, (int)size) == 1) &&
        EVP_CipherFinal_ex(context, out + size, &done) == 1 &&
        (!seals || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_SIZE, tag) == 1);
    EVP_CIPHER_CTX_free(context);
    return good;
}

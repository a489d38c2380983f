// SPDX-License-Identifier: MIT
#include <psa/crypto.h>

#include "back_ends.h"

bool any_aead_psa(const struct any_aead *aead, bool seals, struct crypto_part in, uint8_t *out)
{
    const psa_algorithm_t algorithm = aead->is_chacha ? PSA_ALG_CHACHA20_POLY1305 : PSA_ALG_GCM;
    psa_key_attributes_t attributes = psa_key_attributes_init();
    psa_key_id_t key = 0;
    size_t done = 0;

    psa_set_key_type(&attributes, aead->is_chacha ? PSA_KEY_TYPE_CHACHA20 : PSA_KEY_TYPE_AES);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    psa_set_key_algorithm(&attributes, algorithm);
    if (psa_import_key(&attributes, aead->key.data, aead->key.size, &key) != PSA_SUCCESS) {
        return false;
    }
    const psa_status_t status =
        seals ? psa_aead_encrypt(key, algorithm, aead->nonce.data, aead->nonce.size,
                                 aead->associated.data, aead->associated.size, in.data, in.size,
                                 out, in.size + CRYPTO_TAG_SIZE, &done)
              : psa_aead_decrypt(key, algorithm, aead->nonce.data, aead->nonce.size,
                                 aead->associated.data, aead->associated.size, in.data, in.size,
                                 out, in.size - CRYPTO_TAG_SIZE, &done);
    return psa_destroy_key(key) == PSA_SUCCESS && status == PSA_SUCCESS;
}

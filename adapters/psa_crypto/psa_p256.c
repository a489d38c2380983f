// SPDX-License-Identifier: MIT
#include "psa_p256.h"

#include "constant_time.h"
#include "psa_parts.h"

enum { BITS = 256 };

static const psa_key_type_t pair = PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1);

enum status psa_p256_generate(uint8_t private_key[PSA_P256_PRIVATE_SIZE],
                              uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE])
{
    struct psa_key key;
    size_t private_size = 0;
    size_t public_size = 0;

    enum status status = psa_key_make(&key, pair, BITS, PSA_KEY_USAGE_EXPORT);
    if (status != STATUS_OK) {
        return status;
    }
    if (psa_export_key(key.id, private_key, PSA_P256_PRIVATE_SIZE, &private_size) != PSA_SUCCESS ||
        private_size != PSA_P256_PRIVATE_SIZE ||
        psa_export_public_key(key.id, public_key, CRYPTO_P256_PUBLIC_SIZE, &public_size) !=
            PSA_SUCCESS ||
        public_size != CRYPTO_P256_PUBLIC_SIZE) {
        status = STATUS_IO;
    }
    status = psa_key_drop(&key, status);
    if (status != STATUS_OK) {
        constant_time_wipe(private_key, PSA_P256_PRIVATE_SIZE);
    }
    return status;
}

enum status psa_p256_sign(const uint8_t private_key[PSA_P256_PRIVATE_SIZE],
                          const uint8_t digest[CRYPTO_SHA256_SIZE],
                          uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    const psa_algorithm_t algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    struct psa_key key;
    size_t size = 0;

    enum status status = psa_key_take(&key, pair, PSA_KEY_USAGE_SIGN_HASH, algorithm,
                                      (struct crypto_part){ private_key, PSA_P256_PRIVATE_SIZE });
    if (status != STATUS_OK) {
        return status == STATUS_INVALID ? STATUS_CORRUPT : status;
    }
    if (psa_sign_hash(key.id, algorithm, digest, CRYPTO_SHA256_SIZE, signature,
                      CRYPTO_P256_SIGNATURE_SIZE, &size) != PSA_SUCCESS ||
        size != CRYPTO_P256_SIGNATURE_SIZE) {
        status = STATUS_IO;
    }
    return psa_key_drop(&key, status);
}

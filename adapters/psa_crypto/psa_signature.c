// SPDX-License-Identifier: MIT
#include "psa_parts.h"
#include "rsa_public_key.h"

enum { POINT_UNCOMPRESSED = 4 };

static enum status verdict(psa_status_t result)
{
    // A signature of another length is an invalid argument to some versions.
    return result == PSA_SUCCESS ? STATUS_OK
           : result == PSA_ERROR_INVALID_SIGNATURE || result == PSA_ERROR_INVALID_ARGUMENT
               ? STATUS_CORRUPT
               : STATUS_IO;
}

enum status psa_p256_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                            const uint8_t digest[CRYPTO_SHA256_SIZE],
                            const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    const psa_algorithm_t algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    struct psa_key point;

    (void)ctx;
    if (key[0] != POINT_UNCOMPRESSED) {
        return STATUS_INVALID;
    }
    // The import checks that the point lies on the curve.
    const enum status status = psa_key_take(
        &point, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), PSA_KEY_USAGE_VERIFY_HASH,
        algorithm, (struct crypto_part){ key, CRYPTO_P256_PUBLIC_SIZE });
    if (status != STATUS_OK) {
        return status;
    }
    return psa_key_drop(&point,
                        verdict(psa_verify_hash(point.id, algorithm, digest, CRYPTO_SHA256_SIZE,
                                                signature, CRYPTO_P256_SIGNATURE_SIZE)));
}

enum status psa_rsa_verify(void *ctx, struct crypto_part key,
                           const uint8_t digest[CRYPTO_SHA256_SIZE], struct crypto_part signature)
{
    const psa_algorithm_t algorithm = PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256);
    struct psa_key taken;
    size_t size = 0;

    (void)ctx;
    // The library reads negative numbers and BER, and says of a key cut short that it failed.
    enum status status = rsa_public_key_check(key.data, key.size, &size);
    if (status == STATUS_OK) {
        status = psa_key_take(&taken, PSA_KEY_TYPE_RSA_PUBLIC_KEY, PSA_KEY_USAGE_VERIFY_HASH,
                              algorithm, key);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = signature.size != size
                 ? STATUS_CORRUPT
                 : verdict(psa_verify_hash(taken.id, algorithm, digest, CRYPTO_SHA256_SIZE,
                                           signature.data, signature.size));
    return psa_key_drop(&taken, status);
}

// SPDX-License-Identifier: MIT
#include "test_report.h"

#include <openssl/evp.h>
#include <string.h>

#include "ecdsa_der.h"
#include "openssl_crypto.h"

static bool sign(EVP_PKEY *key, const uint8_t digest[CRYPTO_SHA256_SIZE],
                 uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    uint8_t der[ECDSA_DER_LIMIT];
    size_t size = sizeof der;
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(key, NULL);
    const bool good = signer != NULL && EVP_PKEY_sign_init(signer) == 1 &&
                      EVP_PKEY_sign(signer, der, &size, digest, CRYPTO_SHA256_SIZE) == 1 &&
                      ecdsa_der_decode(der, size, signature) == STATUS_OK;
    EVP_PKEY_CTX_free(signer);
    return good;
}

size_t test_report_sign(EVP_PKEY *key, const uint8_t nonce[ATTESTATION_NONCE_SIZE],
                        uint8_t message[ATTESTATION_SIZE_LIMIT])
{
    const struct crypto crypto = openssl_crypto();
    struct attestation report = { .debug = ATTESTATION_DEBUG_ENABLED,
                                  .level = ATTESTATION_SOFTWARE,
                                  .hardware = "posix" };
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    size_t key_size = 0;
    size_t claims_size = 0;
    size_t size = 0;

    memcpy(report.nonce, nonce, sizeof report.nonce);
    const struct crypto_part part = { public_key, sizeof public_key };
    const bool good =
        EVP_PKEY_get_octet_string_param(key, "pub", public_key, sizeof public_key, &key_size) ==
            1 &&
        crypto.sha256(crypto.ctx, &part, 1, report.key_digest) == STATUS_OK &&
        attestation_write(&report, claims, sizeof claims, &claims_size) == STATUS_OK &&
        attestation_digest(&crypto, claims, claims_size, digest) == STATUS_OK &&
        sign(key, digest, signature) &&
        attestation_wrap(claims, claims_size, signature, message, ATTESTATION_SIZE_LIMIT, &size) ==
            STATUS_OK;
    return good ? size : 0;
}

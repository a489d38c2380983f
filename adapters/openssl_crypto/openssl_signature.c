// SPDX-License-Identifier: MIT
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <string.h>

#include "ecdsa_der.h"
#include "openssl_parts.h"
#include "rsa_public_key.h"

/// OpenSSL also reads compressed and hybrid points; those are refused before it sees them.
static EVP_PKEY *read_p256(const uint8_t key[CRYPTO_P256_PUBLIC_SIZE])
{
    uint8_t point[CRYPTO_P256_PUBLIC_SIZE];
    char group[] = "P-256";
    EVP_PKEY *read = NULL;
    EVP_PKEY_CTX *maker = NULL;

    if (key[0] != POINT_CONVERSION_UNCOMPRESSED) {
        return NULL;
    }
    memcpy(point, key, sizeof point);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &read, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        read = NULL;
    }
    EVP_PKEY_CTX_free(maker);
    return read;
}

static bool verify(EVP_PKEY *key, int padding, const uint8_t digest[CRYPTO_SHA256_SIZE],
                   const uint8_t *signature, size_t size)
{
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
    const bool good = check != NULL && EVP_PKEY_verify_init(check) == 1 &&
                      (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(check, padding) == 1) &&
                      EVP_PKEY_CTX_set_signature_md(check, EVP_sha256()) == 1 &&
                      EVP_PKEY_verify(check, signature, size, digest, CRYPTO_SHA256_SIZE) == 1;
    EVP_PKEY_CTX_free(check);
    return good;
}

enum status openssl_p256_verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                const uint8_t digest[CRYPTO_SHA256_SIZE],
                                const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    enum status status = STATUS_INVALID;

    (void)ctx;
    (void)ERR_set_mark();
    EVP_PKEY *point = read_p256(key);
    if (point != NULL) {
        uint8_t der[ECDSA_DER_LIMIT];
        const size_t size = ecdsa_der_encode(signature, der);
        status = verify(point, 0, digest, der, size) ? STATUS_OK : STATUS_CORRUPT;
    }
    EVP_PKEY_free(point);
    (void)ERR_pop_to_mark();
    return status;
}

enum status openssl_rsa_verify(void *ctx, struct crypto_part key,
                               const uint8_t digest[CRYPTO_SHA256_SIZE],
                               struct crypto_part signature)
{
    const uint8_t *at = key.data;
    size_t size = 0;

    (void)ctx;
    const enum status status = rsa_public_key_check(key.data, key.size, &size);
    if (status != STATUS_OK) {
        return status;
    }
    (void)ERR_set_mark();
    EVP_PKEY *read = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)key.size);
    const bool good = read != NULL && signature.size == size &&
                      verify(read, RSA_PKCS1_PADDING, digest, signature.data, signature.size);
    const bool failed = read == NULL;
    EVP_PKEY_free(read);
    (void)ERR_pop_to_mark();
    return failed ? STATUS_IO : good ? STATUS_OK : STATUS_CORRUPT;
}

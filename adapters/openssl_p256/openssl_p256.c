// SPDX-License-Identifier: MIT
#include "openssl_p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdbool.h>

#include "ecdsa_der.h"

static bool read_halves(const EVP_PKEY *pkey, struct openssl_p256_key *key)
{
    BIGNUM *scalar = NULL;
    size_t size = 0;
    const bool good =
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
        BN_bn2binpad(scalar, key->private_key, OPENSSL_P256_PRIVATE_SIZE) ==
            OPENSSL_P256_PRIVATE_SIZE &&
        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, key->public_key,
                                        sizeof key->public_key, &size) == 1 &&
        size == sizeof key->public_key;
    BN_clear_free(scalar);
    return good;
}

enum status openssl_p256_generate(struct openssl_p256_key *key)
{
    (void)ERR_set_mark();
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    const bool good = pkey != NULL && read_halves(pkey, key);
    EVP_PKEY_free(pkey);
    (void)ERR_pop_to_mark();
    if (!good) {
        OPENSSL_cleanse(key, sizeof *key);
    }
    return good ? STATUS_OK : STATUS_IO;
}

static EVP_PKEY *from_params(OSSL_PARAM *params)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (maker == NULL || params == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_KEYPAIR, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(maker);
    return pkey;
}

static EVP_PKEY *write_halves(const struct openssl_p256_key *key)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    // In the secure heap if the program has one; OpenSSL then keeps its copy there, too.
    BIGNUM *scalar = BN_secure_new();

    if (builder != NULL && scalar != NULL &&
        BN_bin2bn(key->private_key, OPENSSL_P256_PRIVATE_SIZE, scalar) != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, key->public_key,
                                         sizeof key->public_key) == 1) {
        params = OSSL_PARAM_BLD_to_param(builder);
        pkey = from_params(params);
    }
    OSSL_PARAM_free(params);
    BN_clear_free(scalar);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static bool sign(EVP_PKEY *pkey, const uint8_t *digest, uint8_t *signature)
{
    uint8_t der[ECDSA_DER_LIMIT];
    size_t size = sizeof der;
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(pkey, NULL);
    const bool good = signer != NULL && EVP_PKEY_sign_init(signer) == 1 &&
                      EVP_PKEY_CTX_set_signature_md(signer, EVP_sha256()) == 1 &&
                      EVP_PKEY_sign(signer, der, &size, digest, CRYPTO_SHA256_SIZE) == 1;
    EVP_PKEY_CTX_free(signer);
    return good && ecdsa_der_decode(der, size, signature) == STATUS_OK;
}

enum status openssl_p256_sign(const struct openssl_p256_key *key,
                              const uint8_t digest[CRYPTO_SHA256_SIZE],
                              uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    (void)ERR_set_mark();
    EVP_PKEY *pkey = write_halves(key);
    const bool is_key = pkey != NULL;
    const bool good = is_key && sign(pkey, digest, signature);
    EVP_PKEY_free(pkey);
    (void)ERR_pop_to_mark();
    return good ? STATUS_OK : is_key ? STATUS_IO : STATUS_CORRUPT;
}

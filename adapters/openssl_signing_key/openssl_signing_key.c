// SPDX-License-Identifier: MIT

// EC_KEY_METHOD is marked as deprecated for the sake of providers, which would take ten times the
// code for the same: OpenSSL 3 supports it in full.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "openssl_signing_key.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>

enum { HALF = CRYPTO_P256_SIGNATURE_SIZE / 2 };

/// OpenSSL's table of functions for such keys, and the number under which a key finds its signer.
/// Made once for the program: OpenSSL has no end for either.
static struct {
    pthread_once_t once;
    EC_KEY_METHOD *method;
    int index;
} registered = { .once = PTHREAD_ONCE_INIT, .index = -1 };

static ECDSA_SIG *to_pair(const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, HALF, NULL);
    BIGNUM *s = BN_bin2bn(signature + HALF, HALF, NULL);

    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        ECDSA_SIG_free(pair);
        BN_free(r);
        BN_free(s);
        return NULL;
    }
    return pair;
}

static ECDSA_SIG *sign_elsewhere(const unsigned char *digest, int size, const BIGNUM *inverse,
                                 const BIGNUM *r, EC_KEY *key)
{
    const struct openssl_signer *signer = EC_KEY_get_ex_data(key, registered.index);
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    (void)inverse;
    (void)r;
    if (signer == NULL || size < CRYPTO_SHA256_SIZE ||
        signer->sign(signer->ctx, digest, signature) != STATUS_OK) {
        return NULL;
    }
    return to_pair(signature);
}

static void free_signer(void *parent, void *signer, CRYPTO_EX_DATA *data, int index, long number,
                        void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    OPENSSL_free(signer);
}

/// A copy of a key has a copy of its signer.
static int copy_signer(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **signer, int index,
                       long number, void *pointer)
{
    (void)to;
    (void)from;
    (void)index;
    (void)number;
    (void)pointer;
    if (*signer != NULL) {
        *signer = OPENSSL_memdup(*signer, sizeof(struct openssl_signer));
        return *signer != NULL;
    }
    return 1;
}

static void register_once(void)
{
    int (*sign)(int type, const unsigned char *digest, int size, unsigned char *der,
                unsigned int *der_size, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *key) = NULL;
    EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    const int index = EC_KEY_get_ex_new_index(0, NULL, NULL, copy_signer, free_signer);

    if (method == NULL || index < 0) {
        EC_KEY_METHOD_free(method);
        return;
    }
    EC_KEY_METHOD_get_sign(method, &sign, NULL, NULL);
    EC_KEY_METHOD_set_sign(method, sign, NULL, sign_elsewhere);
    registered.index = index;
    registered.method = method;
}

static bool prepare(EC_KEY *key, const uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE],
                    const struct openssl_signer *signer)
{
    struct openssl_signer *copy = OPENSSL_memdup(signer, sizeof *signer);

    if (copy == NULL || public_key[0] != POINT_CONVERSION_UNCOMPRESSED ||
        EC_KEY_oct2key(key, public_key, CRYPTO_P256_PUBLIC_SIZE, NULL) != 1 ||
        EC_KEY_set_method(key, registered.method) != 1 ||
        EC_KEY_set_ex_data(key, registered.index, copy) != 1) {
        OPENSSL_free(copy);
        return false;
    }
    return true;
}

EVP_PKEY *openssl_signing_key_new(const uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE],
                                  const struct openssl_signer *signer)
{
    if (pthread_once(&registered.once, register_once) != 0 || registered.method == NULL) {
        return NULL;
    }
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (key == NULL || pkey == NULL || !prepare(key, public_key, signer) ||
        EVP_PKEY_assign_EC_KEY(pkey, key) != 1) {
        EC_KEY_free(key);
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

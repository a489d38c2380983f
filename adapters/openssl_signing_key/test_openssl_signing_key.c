// SPDX-License-Identifier: MIT
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_p256.h"
#include "openssl_signing_key.h"

struct holder {
    struct openssl_p256_key key;
    unsigned signatures;
    enum status status;
};

static enum status sign(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    struct holder *holder = ctx;
    holder->signatures++;
    return holder->status == STATUS_OK ? openssl_p256_sign(&holder->key, digest, signature)
                                       : holder->status;
}

static EVP_PKEY *new_key(struct holder *holder)
{
    const struct openssl_signer signer = { sign, holder };
    *holder = (struct holder){ .status = STATUS_OK };
    assert_int_equal(openssl_p256_generate(&holder->key), STATUS_OK);
    EVP_PKEY *pkey = openssl_signing_key_new(holder->key.public_key, &signer);
    assert_non_null(pkey);
    return pkey;
}

/// Signs a text; 0 when that fails.
static size_t sign_text(EVP_PKEY *pkey, const EVP_MD *digest, uint8_t *der, size_t capacity)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = capacity;
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, pkey), 1);
    if (EVP_DigestSign(context, der, &size, (const uint8_t *)"text", 4) != 1) {
        size = 0;
    }
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return size;
}

/// Judges with a key that OpenSSL has wholly to itself.
static int verify_text(const struct holder *holder, const EVP_MD *digest, const uint8_t *der,
                       size_t size)
{
    EVP_PKEY *plain = NULL;
    const uint8_t *at = holder->key.public_key;
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    plain = EVP_PKEY_new();
    assert_int_equal(EVP_PKEY_copy_parameters(plain, curve), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(plain, at, CRYPTO_P256_PUBLIC_SIZE), 1);
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, digest, NULL, plain), 1);
    const int verdict = EVP_DigestVerify(context, der, size, (const uint8_t *)"text", 4);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(plain);
    EVP_PKEY_free(curve);
    ERR_clear_error();
    return verdict;
}

static void asks_the_holder_for_every_signature(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY *pkey = new_key(&holder);
    for (unsigned i = 1; i <= 20; i++) {
        uint8_t der[80];
        const size_t size = sign_text(pkey, EVP_sha256(), der, sizeof der);
        assert_int_equal(holder.signatures, i);
        assert_int_equal(verify_text(&holder, EVP_sha256(), der, size), 1);
        der[size - 1] ^= 1;
        assert_int_not_equal(verify_text(&holder, EVP_sha256(), der, size), 1);
    }
    EVP_PKEY_free(pkey);
}

static void signs_the_beginning_of_longer_digests_and_no_shorter_ones(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY *pkey = new_key(&holder);
    uint8_t der[80];
    size_t size = sign_text(pkey, EVP_sha384(), der, sizeof der);
    assert_int_equal(verify_text(&holder, EVP_sha384(), der, size), 1);
    size = sign_text(pkey, EVP_sha512(), der, sizeof der);
    assert_int_equal(verify_text(&holder, EVP_sha512(), der, size), 1);
    assert_int_equal(sign_text(pkey, EVP_sha1(), der, sizeof der), 0);
    assert_int_equal(holder.signatures, 2);
    EVP_PKEY_free(pkey);
}

static void fails_when_the_holder_does(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY *pkey = new_key(&holder);
    uint8_t der[80];
    holder.status = STATUS_IO;
    assert_int_equal(sign_text(pkey, EVP_sha256(), der, sizeof der), 0);
    holder.status = STATUS_OK;
    assert_true(sign_text(pkey, EVP_sha256(), der, sizeof der) > 0);
    EVP_PKEY_free(pkey);
}

static void a_copy_signs_too_and_outlives_the_first(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY *pkey = new_key(&holder);
    EVP_PKEY *copy = EVP_PKEY_dup(pkey);
    uint8_t der[80];
    assert_non_null(copy);
    EVP_PKEY_free(pkey);
    const size_t size = sign_text(copy, EVP_sha256(), der, sizeof der);
    assert_int_equal(holder.signatures, 1);
    assert_int_equal(verify_text(&holder, EVP_sha256(), der, size), 1);
    EVP_PKEY_free(copy);
}

static void has_no_private_half_to_give(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY *pkey = new_key(&holder);
    BIGNUM *scalar = NULL;
    uint8_t *der = NULL;
    // OpenSSL answers with a number even where there is none.
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1) {
        assert_true(scalar == NULL || BN_is_zero(scalar));
    }
    BN_free(scalar);
    assert_true(i2d_PrivateKey(pkey, &der) <= 0);
    ERR_clear_error();
    EVP_PKEY_free(pkey);
}

static void takes_no_key_that_is_no_point(void **state)
{
    (void)state;
    struct holder holder;
    EVP_PKEY_free(new_key(&holder));
    const struct openssl_signer signer = { sign, &holder };
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    memcpy(key, holder.key.public_key, sizeof key);
    key[64] ^= 1;
    assert_null(openssl_signing_key_new(key, &signer));
    memcpy(key, holder.key.public_key, sizeof key);
    key[0] = (uint8_t)(6 + (key[64] & 1)); // A hybrid point.
    assert_null(openssl_signing_key_new(key, &signer));
    ERR_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_holder_for_every_signature),
        cmocka_unit_test(signs_the_beginning_of_longer_digests_and_no_shorter_ones),
        cmocka_unit_test(fails_when_the_holder_does),
        cmocka_unit_test(a_copy_signs_too_and_outlives_the_first),
        cmocka_unit_test(has_no_private_half_to_give),
        cmocka_unit_test(takes_no_key_that_is_no_point),
    };
    return cmocka_run_group_tests_name("openssl_signing_key", tests, NULL, NULL);
}

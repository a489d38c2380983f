// SPDX-License-Identifier: MIT
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certificate_key.h"

/// A certificate of `key`, signed by itself. @return its size.
static size_t certify(EVP_PKEY *key, uint8_t der[2048])
{
    X509 *certificate = X509_new();
    uint8_t *out = der;
    assert_non_null(certificate);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    const int size = i2d_X509(certificate, &out);
    X509_free(certificate);
    assert_in_range(size, 1, 2048);
    return (size_t)size;
}

static void reads_the_key_that_was_certified_and_nothing_from_a_part(void **state)
{
    uint8_t der[2049];
    uint8_t wanted[CRYPTO_P256_PUBLIC_SIZE];
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    size_t key_size = 0;
    (void)state;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    const size_t size = certify(pair, der);
    assert_int_equal(EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, wanted,
                                                     sizeof wanted, &key_size),
                     1);
    EVP_PKEY_free(pair);
    assert_int_equal(certificate_key_read(der, size, key), STATUS_OK);
    assert_memory_equal(key, wanted, sizeof key);
    for (size_t part = 0; part < size; part++) {
        assert_int_equal(certificate_key_read(der, part, key), STATUS_CORRUPT);
    }
    der[size] = 0;
    assert_int_equal(certificate_key_read(der, size + 1, key), STATUS_CORRUPT);
}

static void takes_no_other_kind_of_key(void **state)
{
    uint8_t der[2048];
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    (void)state;
    EVP_PKEY *const others[] = { EVP_EC_gen("P-384"), EVP_RSA_gen(2048) };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const size_t size = certify(others[i], der);
        assert_int_equal(certificate_key_read(der, size, key), STATUS_INVALID);
        EVP_PKEY_free(others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_key_that_was_certified_and_nothing_from_a_part),
        cmocka_unit_test(takes_no_other_kind_of_key),
    };
    return cmocka_run_group_tests_name("certificate_key", tests, NULL, NULL);
}

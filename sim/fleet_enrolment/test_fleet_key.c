// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "certificate_request_reader.h"
#include "csr.h"
#include "fleet_key.h"
#include "openssl_crypto.h"

/// Whose key a certificate is for is all that matters here.
static size_t make_certificate(EVP_PKEY *issuer, EVP_PKEY *key, uint8_t *der)
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_true(X509_sign(certificate, issuer, EVP_sha256()) > 0);
    const int size = i2d_X509(certificate, &der);
    X509_free(certificate);
    assert_true(size > 0);
    return (size_t)size;
}

static EVP_PKEY *public_half(const struct fleet_key *key)
{
    EVP_PKEY *half = EVP_EC_gen("P-256");
    assert_non_null(half);
    assert_int_equal(
        EVP_PKEY_set1_encoded_public_key(half, key->pair.public_key, sizeof key->pair.public_key),
        1);
    return half;
}

static void its_request_is_sound_for_its_name(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    struct fleet_key key;
    struct certificate_request request = { 0 };
    uint8_t der[CSR_LIMIT];
    size_t size = 0;
    uint8_t text[2 * CSR_LIMIT];

    assert_int_equal(fleet_key_make(&key), STATUS_OK);
    assert_int_equal(fleet_key_request(&key, &crypto, "sim-0", der, sizeof der, &size), STATUS_OK);
    const int length = EVP_EncodeBlock(text, der, (int)size);
    assert_int_equal(certificate_request_read(REQUEST_FORM_BASE64, text, (size_t)length, &request),
                     REQUEST_SOUND);
    assert_string_equal(request.common_name, "sim-0");
    fleet_key_wipe(&key);
}

static void two_keys_differ(void **state)
{
    (void)state;
    struct fleet_key one;
    struct fleet_key other;
    assert_int_equal(fleet_key_make(&one), STATUS_OK);
    assert_int_equal(fleet_key_make(&other), STATUS_OK);
    assert_memory_not_equal(one.pair.public_key, other.pair.public_key, sizeof one.pair.public_key);
}

static void a_certificate_for_another_key_is_not_shown(void **state)
{
    (void)state;
    struct fleet_key own;
    struct fleet_key other;
    uint8_t der[CERTIFICATE_DER_LIMIT];

    assert_int_equal(fleet_key_make(&own), STATUS_OK);
    assert_int_equal(fleet_key_make(&other), STATUS_OK);
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    EVP_PKEY *half = public_half(&own);
    const size_t issuer_size = make_certificate(issuer, issuer, der);
    const uint8_t *cursor = der;
    X509 *trust = d2i_X509(NULL, &cursor, (long)issuer_size);
    assert_non_null(trust);

    const size_t size = make_certificate(issuer, half, der);
    SSL_CTX *context = fleet_key_context(&own, der, size, trust, "localhost");
    assert_non_null(context);
    assert_null(fleet_key_context(&other, der, size, trust, "localhost"));
    assert_int_equal(fleet_key_show(&own, der, size, context), STATUS_OK);
    assert_int_equal(fleet_key_show(&other, der, size, context), STATUS_INVALID);

    SSL_CTX_free(context);
    X509_free(trust);
    EVP_PKEY_free(half);
    EVP_PKEY_free(issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_request_is_sound_for_its_name),
        cmocka_unit_test(two_keys_differ),
        cmocka_unit_test(a_certificate_for_another_key_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

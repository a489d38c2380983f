// SPDX-License-Identifier: MIT

/// Certificates made by OpenSSL, read by ours.

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certificate_reader.h"

enum { LIMIT = 2048 };

/// Signs a certificate; its subject has organisations and common names by turns.
static size_t make(EVP_PKEY *key, const char *const *names, size_t name_count, const char *from,
                   const char *until, uint8_t *der)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), from), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), until), 1);
    X509_NAME *subject = X509_get_subject_name(cert);
    for (size_t i = 0; i < name_count; i++) {
        const char *field = i % 2 == 0 ? "O" : "CN";
        assert_int_equal(X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                                    (const uint8_t *)names[i], -1, -1, 0),
                         1);
    }
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    const int size = i2d_X509(cert, &(uint8_t *){ der });
    assert_in_range(size, 1, LIMIT);
    X509_EXTENSION_free(extension);
    X509_free(cert);
    return (size_t)size;
}

static int make_key(void **state)
{
    *state = EVP_EC_gen("P-256");
    return *state == NULL ? -1 : 0;
}

static int free_key(void **state)
{
    EVP_PKEY_free(*state);
    return 0;
}

static const char *const METER[] = { "fleet", "meter-1" };

static void reads_key_name_and_life(void **state)
{
    uint8_t der[LIMIT];
    uint8_t key[CERTIFICATE_READER_KEY_SIZE];
    size_t key_size = 0;
    struct certificate_facts facts;
    const size_t size = make(*state, METER, 2, "260101120000Z", "20500301000000Z", der);

    assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_OK);
    assert_string_equal(facts.common_name, "meter-1");
    assert_int_equal(EVP_PKEY_get_octet_string_param(*state, "pub", key, sizeof key, &key_size), 1);
    assert_memory_equal(facts.public_key, key, sizeof key);
    assert_true(facts.from_s == 1767268800);
    assert_true(facts.until_s == 2529705600);
}

static void knows_the_calendar_as_openssl_does(void **state)
{
    static const char *const DAYS[] = { "500101000000Z",   "20500101000000Z", "000229235959Z",
                                        "240229120000Z",   "20991231235959Z", "21000228000000Z",
                                        "21000301000000Z", "491231235959Z",   "700101000000Z",
                                        "24000229000000Z" };
    for (unsigned i = 0; i < sizeof DAYS / sizeof DAYS[0]; i++) {
        uint8_t der[LIMIT];
        struct certificate_facts facts;
        ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
        ASN1_TIME *when = ASN1_TIME_new();
        int days = 0;
        int seconds = 0;
        assert_int_equal(ASN1_TIME_set_string_X509(when, DAYS[i]), 1);
        assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, when), 1);
        const size_t size = make(*state, METER, 2, "500101000000Z", DAYS[i], der);
        assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_OK);
        assert_true(facts.until_s == (int64_t)days * 86400 + seconds);
        ASN1_TIME_free(epoch);
        ASN1_TIME_free(when);
    }
}

static void refuses_a_certificate_that_is_cut_short_or_too_long(void **state)
{
    uint8_t der[LIMIT] = { 0 };
    struct certificate_facts facts;
    const size_t size = make(*state, METER, 2, "260101120000Z", "270101120000Z", der);

    for (size_t found = 0; found < size; found++) {
        assert_int_equal(certificate_reader_read(der, found, &facts), STATUS_CORRUPT);
    }
    assert_int_equal(certificate_reader_read(der, size + 1, &facts), STATUS_CORRUPT);
}

static void survives_any_changed_byte(void **state)
{
    uint8_t der[LIMIT];
    struct certificate_facts facts;
    const size_t size = make(*state, METER, 2, "260101120000Z", "270101120000Z", der);

    for (size_t at = 0; at < size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            der[at] = (uint8_t)(der[at] ^ 1u << bit);
            (void)!certificate_reader_read(der, size, &facts);
            der[at] = (uint8_t)(der[at] ^ 1u << bit);
        }
    }
}

static void wants_exactly_one_common_name_of_plain_letters(void **state)
{
    static const char *const TWO[] = { "fleet", "meter-1", "fleet", "meter-2" };
    static const char *const ACCENT[] = { "fleet", "m\xC3\xA9ter" };
    uint8_t der[LIMIT];
    struct certificate_facts facts;

    size_t size = make(*state, METER, 1, "260101120000Z", "270101120000Z", der);
    assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_INVALID);
    size = make(*state, TWO, 4, "260101120000Z", "270101120000Z", der);
    assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_INVALID);
    size = make(*state, ACCENT, 2, "260101120000Z", "270101120000Z", der);
    assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_INVALID);
}

static void refuses_other_keys(void **state)
{
    (void)state;
    EVP_PKEY *const keys[] = { EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(2048) };
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint8_t der[LIMIT];
        struct certificate_facts facts;
        assert_non_null(keys[i]);
        const size_t size = make(keys[i], METER, 2, "260101120000Z", "270101120000Z", der);
        assert_int_equal(certificate_reader_read(der, size, &facts), STATUS_INVALID);
        EVP_PKEY_free(keys[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_key_name_and_life),
        cmocka_unit_test(knows_the_calendar_as_openssl_does),
        cmocka_unit_test(refuses_a_certificate_that_is_cut_short_or_too_long),
        cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(wants_exactly_one_common_name_of_plain_letters),
        cmocka_unit_test(refuses_other_keys),
    };
    return cmocka_run_group_tests_name("certificate_reader", tests, make_key, free_key);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "guard_certificate.h"

/// A common name as it stands in a certificate.
struct common_name {
    int type; ///< V_ASN1_…
    const char *bytes;
    int size;
};

static X509 *certificate_with(const struct common_name *names, size_t count, const char *end)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    X509_NAME *subject = X509_NAME_new();
    assert_true(key != NULL && x509 != NULL && subject != NULL);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                                                (const unsigned char *)"Ohmstead", -1, -1, 0),
                     1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_commonName, names[i].type,
                                                    (const unsigned char *)names[i].bytes,
                                                    names[i].size, -1, 0),
                         1);
    }
    assert_int_equal(X509_set_subject_name(x509, subject), 1);
    assert_int_equal(X509_set_issuer_name(x509, subject), 1);
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(x509), "20250101000000Z"), 1);
    assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(x509), end), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    EVP_PKEY_free(key);
    return x509;
}

static void assert_named(const struct common_name *names, size_t count, const char *expected)
{
    struct guard_certificate certificate;
    X509 *x509 = certificate_with(names, count, "20260101000000Z");
    assert_true(guard_certificate_read(x509, &certificate));
    assert_string_equal(certificate.name, expected);
    X509_free(x509);
}

static void gives_the_only_common_name(void **state)
{
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz-_0189";
    (void)state;
    assert_named(&(struct common_name){ V_ASN1_UTF8STRING, "meter-1", 7 }, 1, "meter-1");
    assert_named(&(struct common_name){ V_ASN1_PRINTABLESTRING, "M_9", 3 }, 1, "M_9");
    assert_named(&(struct common_name){ V_ASN1_UTF8STRING, longest, 32 }, 1, longest);
}

static void gives_no_name_that_could_be_taken_for_another(void **state)
{
    static const struct common_name bad[] = {
        { V_ASN1_UTF8STRING, "meter-1/x", 9 },
        { V_ASN1_UTF8STRING, "#", 1 },
        { V_ASN1_UTF8STRING, "+", 1 },
        { V_ASN1_UTF8STRING, "$SYS", 4 },
        { V_ASN1_UTF8STRING, " meter-1", 8 },
        { V_ASN1_UTF8STRING, "meter-1\n", 8 },
        { V_ASN1_UTF8STRING, "meter-1\0x", 9 },
        { V_ASN1_UTF8STRING, "meter-1\0", 8 },
        { V_ASN1_UTF8STRING, "m\xC3\xA9ter", 6 },
        { V_ASN1_UTF8STRING,
          "meter\xEF\xBC\x8D"
          "1",
          9 },
        { V_ASN1_T61STRING, "m\xE9ter", 5 },
        { V_ASN1_BMPSTRING, "\0m\0e", 4 },
        { V_ASN1_UTF8STRING, "abcdefghijklmnopqrstuvwxyz-_01890", 33 },
    };
    const struct common_name two[] = { { V_ASN1_UTF8STRING, "meter-1", 7 },
                                       { V_ASN1_UTF8STRING, "meter-2", 7 } };
    const struct common_name same[] = { { V_ASN1_UTF8STRING, "meter-1", 7 },
                                        { V_ASN1_UTF8STRING, "meter-1", 7 } };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_named(&bad[i], 1, "");
    }
    assert_named(NULL, 0, "");
    assert_named(two, 2, "");
    assert_named(same, 2, "");
}

static void gives_the_digest_of_the_der_and_the_end(void **state)
{
    struct guard_certificate certificate;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    unsigned char *der = NULL;
    const struct common_name name = { V_ASN1_UTF8STRING, "meter-1", 7 };
    X509 *x509 = certificate_with(&name, 1, "20251121010640Z");
    (void)state;

    assert_true(guard_certificate_read(x509, &certificate));
    assert_int_equal(certificate.not_after_s, 1763687200);
    const int size = i2d_X509(x509, &der);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(digest, certificate.sha256, sizeof digest);
    OPENSSL_free(der);
    X509_free(x509);

    x509 = certificate_with(&name, 1, "99991231235959Z"); // RFC 5280 section 4.1.2.5: no end.
    assert_true(guard_certificate_read(x509, &certificate));
    assert_int_equal(certificate.not_after_s, 253402300799);
    X509_free(x509);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_only_common_name),
        cmocka_unit_test(gives_no_name_that_could_be_taken_for_another),
        cmocka_unit_test(gives_the_digest_of_the_der_and_the_end),
    };
    return cmocka_run_group_tests_name("guard_certificate", tests, NULL, NULL);
}

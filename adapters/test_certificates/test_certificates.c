// SPDX-License-Identifier: MIT
#include "test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY_S = 86400 };

static char folder[64];

const char *test_certificates_path(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/// Writes a key and a certificate that it signed itself, valid from one day to the other.
static void make_pair(const char *cert_name, const char *key_name, long from_s, long until_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    assert_non_null(key);
    assert_non_null(cert);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), until_s));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);

    FILE *file = fopen(test_certificates_path(cert_name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(test_certificates_path(key_name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

int test_certificates_make(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-certificates-XXXXXX");
    assert_non_null(mkdtemp(folder));
    make_pair("cert.pem", "key.pem", -DAY_S, DAY_S);
    make_pair("other.pem", "other_key.pem", -DAY_S, DAY_S);
    make_pair("old.pem", "old_key.pem", -2 * DAY_S, -DAY_S);
    make_pair("early.pem", "early_key.pem", DAY_S, 2 * DAY_S);
    FILE *file = fopen(test_certificates_path("nonsense.pem"), "w");
    assert_non_null(file);
    assert_true(fputs("no certificate\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    return 0;
}

int test_certificates_remove(void **state)
{
    static const char *const names[] = { "cert.pem",      "key.pem",       "other.pem",
                                         "other_key.pem", "old.pem",       "old_key.pem",
                                         "early.pem",     "early_key.pem", "nonsense.pem" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(test_certificates_path(names[i]));
    }
    return rmdir(folder);
}

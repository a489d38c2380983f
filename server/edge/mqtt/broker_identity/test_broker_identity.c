// SPDX-License-Identifier: MIT
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker_identity.h"

enum { DAY_S = 86400 };

static char folder[64];

static const char *in_folder(const char *name)
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

    FILE *file = fopen(in_folder(cert_name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(in_folder(key_name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static int prepare(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-broker-XXXXXX");
    assert_non_null(mkdtemp(folder));
    make_pair("cert.pem", "key.pem", -DAY_S, DAY_S);
    make_pair("other.pem", "other_key.pem", -DAY_S, DAY_S);
    make_pair("old.pem", "old_key.pem", -2 * DAY_S, -DAY_S);
    make_pair("early.pem", "early_key.pem", DAY_S, 2 * DAY_S);
    FILE *file = fopen(in_folder("nonsense.pem"), "w");
    assert_non_null(file);
    assert_true(fputs("no certificate\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    return 0;
}

static int clean_up(void **state)
{
    static const char *const names[] = { "cert.pem",      "key.pem",       "other.pem",
                                         "other_key.pem", "old.pem",       "old_key.pem",
                                         "early.pem",     "early_key.pem", "nonsense.pem" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(in_folder(names[i]));
    }
    return rmdir(folder);
}

static enum status try_files(const char *ca, const char *cert, const char *key, char *error,
                             size_t size)
{
    const struct broker_identity identity = { in_folder(ca), in_folder(cert), in_folder(key) };
    return broker_identity_check(&identity, error, size);
}

static void takes_files_that_fit(void **state)
{
    (void)state;
    char error[300] = "";
    assert_int_equal(try_files("cert.pem", "cert.pem", "key.pem", error, sizeof error), STATUS_OK);
    assert_string_equal(error, "");
}

static void names_file_cause_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *ca;
        const char *cert;
        const char *key;
        const char *file;
        const char *cause;
    } cases[] = {
        { "gone.pem", "cert.pem", "key.pem", "gone.pem: ", "No such file" },
        { "cert.pem", "gone.pem", "key.pem", "gone.pem: ", "No such file" },
        { "cert.pem", "cert.pem", "gone.pem", "gone.pem: ", "No such file" },
        { "nonsense.pem", "cert.pem", "key.pem", "nonsense.pem: ", "no certificate" },
        { "cert.pem", "nonsense.pem", "key.pem", "nonsense.pem: ", "no certificate" },
        { "cert.pem", "cert.pem", "nonsense.pem", "nonsense.pem: ", "no key" },
        { "cert.pem", "cert.pem", "other_key.pem", "other_key.pem: ", "not that of" },
        { "other.pem", "cert.pem", "key.pem", "cert.pem: ", "does not come from the authority" },
        { "old.pem", "old.pem", "old_key.pem", "old.pem: ", "expired on " },
        { "early.pem", "early.pem", "early_key.pem", "early.pem: ", "valid only from " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[300] = "";
        assert_int_equal(try_files(cases[i].ca, cases[i].cert, cases[i].key, error, sizeof error),
                         STATUS_INVALID);
        assert_non_null(strstr(error, cases[i].file));
        assert_non_null(strstr(error, cases[i].cause));
        assert_non_null(strstr(error, "; "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_files_that_fit),
        cmocka_unit_test(names_file_cause_and_remedy),
    };
    return cmocka_run_group_tests_name("broker_identity", tests, prepare, clean_up);
}

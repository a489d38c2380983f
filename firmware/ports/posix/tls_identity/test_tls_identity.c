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

#include "tls_identity.h"

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
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-tls-XXXXXX");
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

static enum status try_files(const char *ca, const char *cert, const char *key, char *fault)
{
    const struct tls_identity_files files = { in_folder(ca), in_folder(cert), in_folder(key) };
    SSL_CTX *context = NULL;
    const enum status status = tls_identity_open(&files, "localhost", &context, fault);
    assert_int_equal(status == STATUS_OK, context != NULL);
    SSL_CTX_free(context);
    return status;
}

static void demands_a_verified_peer_and_tls_1_2(void **state)
{
    (void)state;
    const struct tls_identity_files files = { in_folder("other.pem"), in_folder("cert.pem"),
                                              in_folder("key.pem") };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    assert_int_equal(tls_identity_open(&files, "127.0.0.1", &context, fault), STATUS_OK);
    assert_int_equal(SSL_CTX_get_verify_mode(context), SSL_VERIFY_PEER);
    assert_int_equal(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
    SSL_CTX_free(context);
}

static void names_the_file_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *ca;
        const char *cert;
        const char *key;
        enum status status;
        const char *word;
    } cases[] = {
        { "gone.pem", "cert.pem", "key.pem", STATUS_MISSING, "authority" },
        { "cert.pem", "gone.pem", "key.pem", STATUS_MISSING, "certificate" },
        { "cert.pem", "cert.pem", "gone.pem", STATUS_MISSING, "key" },
        { "nonsense.pem", "cert.pem", "key.pem", STATUS_CORRUPT, "nonsense.pem" },
        { "cert.pem", "nonsense.pem", "key.pem", STATUS_CORRUPT, "nonsense.pem" },
        { "cert.pem", "cert.pem", "nonsense.pem", STATUS_CORRUPT, "nonsense.pem" },
        { "cert.pem", "cert.pem", "other_key.pem", STATUS_CORRUPT, "other_key.pem" },
        { "cert.pem", "old.pem", "old_key.pem", STATUS_INVALID, "expired on" },
        { "cert.pem", "early.pem", "early_key.pem", STATUS_INVALID, "valid only from" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fault[TLS_IDENTITY_FAULT_SIZE] = "";
        assert_int_equal(try_files(cases[i].ca, cases[i].cert, cases[i].key, fault),
                         cases[i].status);
        assert_non_null(strstr(fault, cases[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demands_a_verified_peer_and_tls_1_2),
        cmocka_unit_test(names_the_file_that_is_wrong),
    };
    return cmocka_run_group_tests_name("tls_identity", tests, prepare, clean_up);
}

// SPDX-License-Identifier: MIT
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_certificates.h"
#include "tls_identity.h"

static enum status try_files(const char *ca, const char *cert, const char *key, char *fault)
{
    const struct tls_identity_files files = { test_certificates_path(ca),
                                              test_certificates_path(cert),
                                              test_certificates_path(key) };
    SSL_CTX *context = NULL;
    const enum status status = tls_identity_open(&files, "localhost", &context, fault);
    assert_int_equal(status == STATUS_OK, context != NULL);
    SSL_CTX_free(context);
    return status;
}

static void demands_a_verified_peer_and_tls_1_2(void **state)
{
    (void)state;
    const struct tls_identity_files files = { test_certificates_path("other.pem"),
                                              test_certificates_path("cert.pem"),
                                              test_certificates_path("key.pem") };
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
    return cmocka_run_group_tests_name("tls_identity", tests, test_certificates_make,
                                       test_certificates_remove);
}

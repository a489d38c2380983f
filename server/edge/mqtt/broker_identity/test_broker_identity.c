// SPDX-License-Identifier: MIT
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker_identity.h"
#include "test_certificates.h"

static enum status try_files(const char *ca, const char *cert, const char *key, char *error,
                             size_t size)
{
    const struct broker_identity identity = { test_certificates_path(ca),
                                              test_certificates_path(cert),
                                              test_certificates_path(key) };
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
    return cmocka_run_group_tests_name("broker_identity", tests, test_certificates_make,
                                       test_certificates_remove);
}

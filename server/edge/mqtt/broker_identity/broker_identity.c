// SPDX-License-Identifier: MIT
#include "broker_identity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// Where a complaint goes.
struct complaint {
    char *text;
    size_t size;
};

static enum status complain(const struct complaint *complaint, const char *file, const char *cause,
                            const char *advice)
{
    ERR_clear_error();
    (void)snprintf(complaint->text, complaint->size, "%s: %s; %s", file, cause, advice);
    return STATUS_INVALID;
}

static enum status check_readable(const char *file, const struct complaint *complaint)
{
    if (access(file, R_OK) == 0) {
        return STATUS_OK;
    }
    return complain(complaint, file, strerror(errno),
                    errno == ENOENT ? "correct the path, or make the file with tools/pki.sh"
                                    : "let the user that runs ohmd read it");
}

static enum status check_days(const X509 *certificate, const char *file,
                              const struct complaint *complaint)
{
    const bool early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    const bool late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    const ASN1_TIME *limit =
        early ? X509_get0_notBefore(certificate) : X509_get0_notAfter(certificate);
    struct tm when = { 0 };
    char cause[80];

    if (!early && !late) {
        return STATUS_OK;
    }
    const size_t verb = (size_t)snprintf(cause, sizeof cause, "the certificate %s ",
                                         early ? "is valid only from" : "expired on");
    if (ASN1_TIME_to_tm(limit, &when) == 1) {
        (void)strftime(cause + verb, sizeof cause - verb, "%Y-%m-%d %H:%M UTC", &when);
    }
    return complain(complaint, file, cause,
                    early ? "check the clock of this machine" : "renew it with tools/pki.sh");
}

/// Whether the certificate was signed by the authority; its days are judged elsewhere.
static bool is_signed(SSL_CTX *context)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool good = check != NULL && X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context),
                                                     SSL_CTX_get0_certificate(context), NULL) == 1;
    if (good) {
        X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(check);
        (void)X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
        (void)X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
        good = X509_verify_cert(check) == 1;
    }
    X509_STORE_CTX_free(check);
    return good;
}

static enum status check_files(SSL_CTX *context, const struct broker_identity *identity,
                               const struct complaint *complaint)
{
    if (SSL_CTX_load_verify_file(context, identity->ca_file) != 1) {
        return complain(complaint, identity->ca_file, "this is no certificate in PEM form",
                        "broker_ca_file must be the authority's");
    }
    if (SSL_CTX_use_certificate_chain_file(context, identity->certificate_file) != 1) {
        return complain(complaint, identity->certificate_file, "this is no certificate in PEM form",
                        "make it again with tools/pki.sh");
    }
    if (SSL_CTX_use_PrivateKey_file(context, identity->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return complain(complaint, identity->key_file,
                        "this is no key in PEM form, or not that of broker_certificate_file",
                        "make both again with tools/pki.sh");
    }
    const enum status status =
        check_days(SSL_CTX_get0_certificate(context), identity->certificate_file, complaint);
    if (status == STATUS_OK && !is_signed(context)) {
        return complain(complaint, identity->certificate_file,
                        "it does not come from the authority in broker_ca_file",
                        "use the certificate and the authority of one installation");
    }
    return status;
}

enum status broker_identity_check(const struct broker_identity *identity, char *error,
                                  size_t error_size)
{
    const struct complaint complaint = { error, error_size };
    const char *const files[] = { identity->ca_file, identity->certificate_file,
                                  identity->key_file };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const enum status status = check_readable(files[i], &complaint);
        if (status != STATUS_OK) {
            return status;
        }
    }
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return complain(&complaint, "TLS", "there is no memory", "give this machine more");
    }
    const enum status status = check_files(context, identity, &complaint);
    SSL_CTX_free(context);
    ERR_clear_error();
    return status;
}

// SPDX-License-Identifier: MIT
#include "tls_identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tls_identity_parts.h"

const char *tls_identity_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason != NULL ? reason : "unknown reason";
}

enum status tls_identity_check_readable(const char *path, const char *what, char *fault)
{
    if (access(path, R_OK) == 0) {
        return STATUS_OK;
    }
    (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "%s %s: %s", what, path, strerror(errno));
    return STATUS_MISSING;
}

enum status tls_identity_check_dates(const SSL_CTX *context, const char *name, char *fault)
{
    const X509 *cert = SSL_CTX_get0_certificate(context);
    struct tm when = { 0 };
    const bool early = X509_cmp_current_time(X509_get0_notBefore(cert)) > 0;
    const bool late = X509_cmp_current_time(X509_get0_notAfter(cert)) < 0;
    char text[32] = "";

    if (!early && !late) {
        return STATUS_OK;
    }
    if (ASN1_TIME_to_tm(early ? X509_get0_notBefore(cert) : X509_get0_notAfter(cert), &when) == 1) {
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &when);
    }
    (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "certificate %s %s %s; %s", name,
                   early ? "is valid only from" : "expired on", text,
                   early ? "check the clock of this machine" : "have it renewed");
    return STATUS_INVALID;
}

enum status tls_identity_trust(SSL_CTX *context, const char *ca, char *fault)
{
    if (SSL_CTX_load_verify_file(context, ca) == 1) {
        return STATUS_OK;
    }
    (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "authority %s is no PEM certificate: %s", ca,
                   tls_identity_reason());
    return STATUS_CORRUPT;
}

/// Loads the three files into `context`.
static enum status load(SSL_CTX *context, const struct tls_identity_files *files, char *fault)
{
    const enum status trusted = tls_identity_trust(context, files->ca, fault);

    if (trusted != STATUS_OK) {
        return trusted;
    }
    if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "certificate %s is no PEM certificate: %s",
                       files->cert, tls_identity_reason());
        return STATUS_CORRUPT;
    }
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE,
                       "key %s is no PEM key, or not that of certificate %s: %s", files->key,
                       files->cert, tls_identity_reason());
        return STATUS_CORRUPT;
    }
    return tls_identity_check_dates(context, files->cert, fault);
}

/// Demands a chain to our authority and the name that was dialled.
static bool demand_peer(SSL_CTX *context, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    unsigned char address[sizeof(struct in6_addr)];
    const bool is_address =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           (is_address ? X509_VERIFY_PARAM_set1_ip_asc(param, host)
                       : X509_VERIFY_PARAM_set1_host(param, host, 0)) == 1;
}

SSL_CTX *tls_identity_new_context(const char *host, char *fault)
{
    SSL_CTX *made = SSL_CTX_new(TLS_client_method());
    if (made == NULL || !demand_peer(made, host)) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "TLS: %s", tls_identity_reason());
        SSL_CTX_free(made);
        return NULL;
    }
    return made;
}

enum status tls_identity_open(const struct tls_identity_files *files, const char *host,
                              SSL_CTX **context, char fault[TLS_IDENTITY_FAULT_SIZE])
{
    enum status status = tls_identity_check_readable(files->ca, "authority", fault);

    if (status == STATUS_OK) {
        status = tls_identity_check_readable(files->cert, "certificate", fault);
    }
    if (status == STATUS_OK) {
        status = tls_identity_check_readable(files->key, "key", fault);
    }
    if (status != STATUS_OK) {
        return status;
    }
    SSL_CTX *made = tls_identity_new_context(host, fault);
    if (made == NULL) {
        return STATUS_IO;
    }
    status = load(made, files, fault);
    if (status != STATUS_OK) {
        SSL_CTX_free(made);
        return status;
    }
    *context = made;
    return STATUS_OK;
}

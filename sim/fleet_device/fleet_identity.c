// SPDX-License-Identifier: MIT
#include "fleet_identity.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct fleet_ca {
    X509 *certificate;
    EVP_PKEY *key;
};

enum { LIFETIME_S = 24 * 3600 };

struct fleet_ca *fleet_ca_open(const char *certificate_path, const char *key_path)
{
    struct fleet_ca *ca = calloc(1, sizeof *ca);
    FILE *certificate = fopen(certificate_path, "r");
    FILE *key = fopen(key_path, "r");

    if (ca != NULL && certificate != NULL && key != NULL) {
        ca->certificate = PEM_read_X509(certificate, NULL, NULL, NULL);
        ca->key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
    }
    if (certificate != NULL) {
        (void)fclose(certificate);
    }
    if (key != NULL) {
        (void)fclose(key);
    }
    if (ca == NULL || ca->certificate == NULL || ca->key == NULL) {
        fleet_ca_close(ca);
        return NULL;
    }
    return ca;
}

void fleet_ca_close(struct fleet_ca *ca)
{
    if (ca != NULL) {
        X509_free(ca->certificate);
        EVP_PKEY_free(ca->key);
        free(ca);
    }
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    const bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool fill_certificate(const struct fleet_ca *ca, X509 *certificate, EVP_PKEY *key,
                             const char *name)
{
    uint64_t serial = 0;
    X509_NAME *subject = X509_get_subject_name(certificate);

    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(ca->certificate)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_S) != NULL &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, ca->certificate, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           add_extension(certificate, ca->certificate, NID_ext_key_usage, "clientAuth") &&
           X509_sign(certificate, ca->key, EVP_sha256()) > 0;
}

SSL_CTX *fleet_identity_context(X509 *trust, X509 *certificate, EVP_PKEY *key, const char *host)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(context, 1); // One read of the socket for a record, not two.
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trust) != 1 ||
        X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(context), host, 0) != 1 ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

SSL_CTX *fleet_identity_open(const struct fleet_ca *ca, const char *name, const char *host)
{
    SSL_CTX *context = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();

    if (key != NULL && certificate != NULL && fill_certificate(ca, certificate, key, name)) {
        context = fleet_identity_context(ca->certificate, certificate, key, host);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

void fleet_identity_close(SSL_CTX *context)
{
    SSL_CTX_free(context);
}

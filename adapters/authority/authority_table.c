// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "authority_parts.h"
#include "certificate_key.h"
#include "certificate_request_reader.h"

static enum request_verdict read_request(void *ctx, enum request_form form, const void *text,
                                         size_t size, struct certificate_request *out)
{
    (void)ctx;
    return certificate_request_read(form, text, size, out);
}

static EVP_PKEY *load_key(const uint8_t point[CRYPTO_P256_PUBLIC_SIZE])
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char curve[] = "prime256v1";
    uint8_t copy[CRYPTO_P256_PUBLIC_SIZE];
    memcpy(copy, point, sizeof copy);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
        OSSL_PARAM_construct_end(),
    };
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

/// Copies what the rest of the program may know of a certificate.
static enum status describe(X509 *certificate, struct certificate *out)
{
    uint8_t *at = out->der;
    const int size = i2d_X509(certificate, NULL);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    if (size <= 0 || (size_t)size > sizeof out->der ||
        ASN1_STRING_length(serial) != CERTIFICATE_SERIAL_SIZE ||
        i2d_X509(certificate, &at) != size) {
        return STATUS_CORRUPT;
    }
    out->size = (size_t)size;
    memcpy(out->serial, ASN1_STRING_get0_data(serial), CERTIFICATE_SERIAL_SIZE);
    out->not_before_s = certificate_begin(certificate);
    out->not_after_s = certificate_end(certificate);
    return SHA256(out->der, out->size, out->fingerprint) != NULL ? STATUS_OK : STATUS_IO;
}

static int64_t early_s(int64_t life_s)
{
    return life_s < CERTIFICATE_EARLY_S ? life_s / CERTIFICATE_EARLY_PART : CERTIFICATE_EARLY_S;
}

static enum status issue(void *ctx, const struct certificate_order *order, struct certificate *out)
{
    const struct authority *authority = ctx;
    const struct authority_pair *issuer = &authority->part[AUTHORITY_PART_DEVICES];
    char name[CERTIFICATE_NAME_SIZE + 32];
    int64_t end_s = order->now_s + order->life_s;

    if (end_s > certificate_end(issuer->certificate)) {
        end_s = certificate_end(issuer->certificate);
    }
    if (end_s <= order->now_s) {
        return STATUS_BUSY;
    }
    (void)snprintf(name, sizeof name, "URI:urn:em:device:%s", order->device_id);
    char list[AUTHORITY_URL_SIZE + 8];
    (void)snprintf(list, sizeof list, "URI:%s", authority->crl_url);
    const struct certificate_extension extensions[] = {
        { NID_basic_constraints, "critical,CA:FALSE" },
        { NID_key_usage, "critical,digitalSignature" },
        { NID_ext_key_usage, "clientAuth" },
        { NID_subject_alt_name, name },
        { NID_subject_key_identifier, "hash" },
        { NID_authority_key_identifier, "keyid:always" },
        { NID_crl_distribution_points, list }, // The last one: left out without an address.
    };
    const size_t extension_count = sizeof extensions / sizeof extensions[0];
    EVP_PKEY *key = load_key(order->key);
    const struct certificate_recipe recipe = {
        .organisation = authority->organisation,
        .common_name = order->device_id,
        .key = key,
        .issuer = issuer->certificate,
        .issuer_key = issuer->key,
        .serial = order->serial,
        .not_before_s = order->now_s - early_s(order->life_s),
        .not_after_s = end_s,
        .extensions = extensions,
        .extension_count = authority->crl_url[0] != '\0' ? extension_count : extension_count - 1,
    };
    X509 *certificate = key != NULL ? certificate_make(&recipe) : NULL;
    const enum status status = certificate != NULL ? describe(certificate, out) : STATUS_IO;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}

/// Whether the chain to our intermediate holds, for a client, at any time.
static bool is_ours(const struct authority *authority, X509 *certificate)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    const bool good = context != NULL &&
                      X509_STORE_CTX_init(context, authority->clients, certificate, NULL) == 1 &&
                      X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    return good && (X509_get_extension_flags(certificate) & EXFLAG_CA) == 0 &&
           (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0 &&
           X509_get_extended_key_usage(certificate) == XKU_SSL_CLIENT;
}

static enum status recognise(void *ctx, const void *der, size_t size, struct certificate *out,
                             char name[CERTIFICATE_NAME_SIZE])
{
    const struct authority *authority = ctx;
    const unsigned char *at = der;
    if (size == 0 || size > CERTIFICATE_DER_LIMIT) {
        return STATUS_CORRUPT;
    }
    X509 *certificate = d2i_X509(NULL, &at, (long)size);
    enum status status = STATUS_CORRUPT;
    if (certificate != NULL && at == (const unsigned char *)der + size &&
        is_ours(authority, certificate)) {
        const int used = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                                                   NID_commonName, name, CERTIFICATE_NAME_SIZE);
        status = used > 0 ? describe(certificate, out) : STATUS_CORRUPT;
    }
    X509_free(certificate);
    return status;
}

static enum status read_key(void *ctx, const uint8_t *der, size_t size,
                            uint8_t key[CRYPTO_P256_PUBLIC_SIZE])
{
    (void)ctx;
    return certificate_key_read(der, size, key);
}

static enum status write_pem(void *ctx, const uint8_t *der, size_t size, char *out, size_t capacity)
{
    const unsigned char *at = der;
    (void)ctx;
    X509 *certificate = d2i_X509(NULL, &at, (long)size);
    const enum status status =
        certificate != NULL ? authority_write_pem(certificate, out, capacity) : STATUS_CORRUPT;
    X509_free(certificate);
    return status;
}

static const char *show_part(void *ctx, enum authority_part part)
{
    const struct authority *authority = ctx;
    return authority->pem[part];
}

static enum status write_bundle(void *ctx, const uint8_t *der, size_t size, uint8_t *out,
                                size_t capacity, size_t *written)
{
    const struct authority *authority = ctx;
    const unsigned char *at = der;
    X509 *first = size > 0 ? d2i_X509(NULL, &at, (long)size) : NULL;
    PKCS7 *bundle = PKCS7_new();
    uint8_t *to = out;

    bool good = bundle != NULL && (size == 0 || first != NULL) &&
                PKCS7_set_type(bundle, NID_pkcs7_signed) == 1 &&
                PKCS7_content_new(bundle, NID_pkcs7_data) == 1 && PKCS7_set_detached(bundle, 1);
    good = good && (first == NULL || PKCS7_add_certificate(bundle, first) == 1);
    for (unsigned i = 0; good && i < AUTHORITY_PART_COUNT; i++) {
        good = PKCS7_add_certificate(bundle, authority->part[i].certificate) == 1;
    }
    const int needed = good ? i2d_PKCS7(bundle, NULL) : -1;
    enum status status = needed > 0 ? STATUS_OK : STATUS_IO;
    if (status == STATUS_OK && (size_t)needed > capacity) {
        status = STATUS_FULL;
    }
    if (status == STATUS_OK) {
        *written = (size_t)i2d_PKCS7(bundle, &to);
    }
    PKCS7_free(bundle);
    X509_free(first);
    return status;
}

static bool add_revoked(X509_CRL *list, const struct revoked_certificate *revoked)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)revoked->revoked_s);
    BIGNUM *number = BN_bin2bn(revoked->serial, CERTIFICATE_SERIAL_SIZE, NULL);
    ASN1_INTEGER *serial = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    const bool added = entry != NULL && time != NULL && serial != NULL &&
                       X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
                       X509_REVOKED_set_revocationDate(entry, time) == 1 &&
                       X509_CRL_add0_revoked(list, entry) == 1;
    if (!added) {
        X509_REVOKED_free(entry);
    }
    ASN1_INTEGER_free(serial);
    BN_free(number);
    ASN1_TIME_free(time);
    return added;
}

static bool head_list(X509_CRL *list, X509 *issuer, uint64_t number, int64_t now_s, int64_t next_s)
{
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)now_s);
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)next_s);
    ASN1_INTEGER *count = ASN1_INTEGER_new();
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    X509_EXTENSION *key =
        X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    const bool good =
        from != NULL && until != NULL && count != NULL && key != NULL &&
        X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) == 1 &&
        X509_CRL_set1_lastUpdate(list, from) == 1 && X509_CRL_set1_nextUpdate(list, until) == 1 &&
        X509_CRL_add_ext(list, key, -1) == 1 && ASN1_INTEGER_set_uint64(count, number) == 1 &&
        X509_CRL_add1_ext_i2d(list, NID_crl_number, count, 0, 0) == 1;
    X509_EXTENSION_free(key);
    ASN1_INTEGER_free(count);
    ASN1_TIME_free(until);
    ASN1_TIME_free(from);
    return good;
}

static enum status write_revocations(void *ctx, const struct revoked_certificate *revoked,
                                     size_t count, uint64_t number, int64_t now_s, int64_t next_s,
                                     uint8_t **out, size_t *size)
{
    const struct authority *authority = ctx;
    const struct authority_pair *issuer = &authority->part[AUTHORITY_PART_DEVICES];
    X509_CRL *list = X509_CRL_new();

    bool good = list != NULL && head_list(list, issuer->certificate, number, now_s, next_s);
    for (size_t i = 0; good && i < count; i++) {
        good = add_revoked(list, &revoked[i]);
    }
    good = good && X509_CRL_sort(list) == 1 && X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0;
    const int needed = good ? i2d_X509_CRL(list, NULL) : -1;
    *out = needed > 0 ? malloc((size_t)needed) : NULL;
    if (*out != NULL) {
        uint8_t *at = *out;
        *size = (size_t)i2d_X509_CRL(list, &at);
    }
    X509_CRL_free(list);
    return *out != NULL ? STATUS_OK : STATUS_IO;
}

void authority_fill(struct authority *authority)
{
    authority->table = (struct certificate_authority){
        .read_request = read_request,
        .issue = issue,
        .recognise = recognise,
        .read_key = read_key,
        .write_pem = write_pem,
        .part = show_part,
        .write_bundle = write_bundle,
        .write_revocations = write_revocations,
        .revocations_url = authority->crl_url[0] != '\0' ? authority->crl_url : NULL,
        .ctx = authority,
    };
}

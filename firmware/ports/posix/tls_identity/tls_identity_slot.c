// SPDX-License-Identifier: MIT
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "openssl_signing_key.h"
#include "tls_identity_parts.h"

/// The signing key has one pointer for its holder: a function for each slot stands for the number.
static enum status sign_birth(void *ctx, const uint8_t *digest, uint8_t *signature)
{
    const struct keystore *keystore = ctx;
    return keystore->sign(keystore->ctx, KEYSTORE_BIRTH, digest, signature);
}

static enum status sign_identity_a(void *ctx, const uint8_t *digest, uint8_t *signature)
{
    const struct keystore *keystore = ctx;
    return keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_A, digest, signature);
}

static enum status sign_identity_b(void *ctx, const uint8_t *digest, uint8_t *signature)
{
    const struct keystore *keystore = ctx;
    return keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_B, digest, signature);
}

static EVP_PKEY *key_of(const struct tls_identity_slot *identity,
                        const uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct openssl_signer signer = { .sign = NULL, .ctx = (void *)identity->keystore };

    switch (identity->slot) {
    case KEYSTORE_BIRTH:
        signer.sign = sign_birth;
        break;
    case KEYSTORE_IDENTITY_A:
        signer.sign = sign_identity_a;
        break;
    case KEYSTORE_IDENTITY_B:
        signer.sign = sign_identity_b;
        break;
    case KEYSTORE_ATTEST: // Signs reports alone.
    case KEYSTORE_SLOT_COUNT:
        break;
    }
    return signer.sign != NULL ? openssl_signing_key_new(public_key, &signer) : NULL;
}

static enum status complain(enum status status, char *fault, const char *what)
{
    (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "keystore: %s (%s)", what, status_name(status));
    return status;
}

static enum status use_certificate(SSL_CTX *context, const struct tls_identity_slot *identity,
                                   char *fault)
{
    const struct keystore *keystore = identity->keystore;
    uint8_t der[KEYSTORE_CERTIFICATE_LIMIT];
    const uint8_t *at = der;
    size_t size = 0;

    const enum status status =
        keystore->certificate(keystore->ctx, identity->slot, der, sizeof der, &size);
    if (status != STATUS_OK) {
        return complain(status, fault, "the slot gives no certificate; enrol the device");
    }
    X509 *certificate = d2i_X509(NULL, &at, (long)size);
    const bool good = certificate != NULL && at == der + size &&
                      SSL_CTX_use_certificate(context, certificate) == 1;
    X509_free(certificate);
    if (!good) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE,
                       "keystore: the slot's certificate is none (%s); enrol the device again",
                       tls_identity_reason());
    }
    return good ? STATUS_OK : STATUS_CORRUPT;
}

static enum status use_key(SSL_CTX *context, const struct tls_identity_slot *identity, char *fault)
{
    const struct keystore *keystore = identity->keystore;
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];

    const enum status status = keystore->public_key(keystore->ctx, identity->slot, public_key);
    if (status != STATUS_OK) {
        return complain(status, fault, "the slot gives no key; enrol the device");
    }
    EVP_PKEY *key = key_of(identity, public_key);
    // This also compares the key with that of the certificate.
    const bool good = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!good) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE,
                       "keystore: the slot's key is not that of its certificate, or not for "
                       "connections (%s); enrol the device again",
                       tls_identity_reason());
    }
    return good ? STATUS_OK : STATUS_CORRUPT;
}

enum status tls_identity_use_slot(SSL_CTX *context, const struct tls_identity_slot *identity,
                                  char fault[TLS_IDENTITY_FAULT_SIZE])
{
    if (identity->keystore == NULL) {
        return STATUS_OK;
    }
    enum status status = use_certificate(context, identity, fault);
    if (status == STATUS_OK) {
        status = use_key(context, identity, fault);
    }
    return status == STATUS_OK ? tls_identity_check_dates(context, "of this device", fault)
                               : status;
}

enum status tls_identity_open_slot(const struct tls_identity_slot *identity, const char *host,
                                   SSL_CTX **context, char fault[TLS_IDENTITY_FAULT_SIZE])
{
    enum status status = tls_identity_check_readable(identity->ca, "authority", fault);
    if (status != STATUS_OK) {
        return status;
    }
    SSL_CTX *made = tls_identity_new_context(host, fault);
    if (made == NULL) {
        return STATUS_IO;
    }
    status = tls_identity_trust(made, identity->ca, fault);
    if (status == STATUS_OK) {
        status = tls_identity_use_slot(made, identity, fault);
    }
    if (status != STATUS_OK) {
        SSL_CTX_free(made);
        return status;
    }
    *context = made;
    return STATUS_OK;
}

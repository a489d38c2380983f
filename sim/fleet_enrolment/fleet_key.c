// SPDX-License-Identifier: MIT
#include "fleet_key.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "csr.h"
#include "fleet_identity.h"
#include "openssl_signing_key.h"

enum status fleet_key_make(struct fleet_key *key)
{
    return openssl_p256_generate(&key->pair);
}

static enum status tell_public_key(void *ctx, enum keystore_slot slot,
                                   uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct fleet_key *key = ctx;
    if (slot != KEYSTORE_IDENTITY_A) {
        return STATUS_MISSING;
    }
    memcpy(public_key, key->pair.public_key, sizeof key->pair.public_key);
    return STATUS_OK;
}

static enum status sign(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    const struct fleet_key *key = ctx;
    return openssl_p256_sign(&key->pair, digest, signature);
}

static enum status sign_as_keystore(void *ctx, enum keystore_slot slot,
                                    const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                                    uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    return slot == KEYSTORE_IDENTITY_A ? sign(ctx, digest, signature) : STATUS_MISSING;
}

enum status fleet_key_request(struct fleet_key *key, const struct crypto *crypto,
                              const char *device_id, uint8_t *der, size_t capacity, size_t *size)
{
    // A request asks for nothing else of a keystore.
    const struct keystore keystore = { .public_key = tell_public_key,
                                       .sign = sign_as_keystore,
                                       .ctx = key };
    const struct csr_signer signer = { .keystore = &keystore, .crypto = crypto };
    return csr_write(&signer, KEYSTORE_IDENTITY_A, device_id, der, capacity, size);
}

static EVP_PKEY *signing_key(struct fleet_key *key)
{
    const struct openssl_signer signer = { .sign = sign, .ctx = key };
    return openssl_signing_key_new(key->pair.public_key, &signer);
}

SSL_CTX *fleet_key_context(struct fleet_key *key, const uint8_t *der, size_t size, X509 *trust,
                           const char *host)
{
    SSL_CTX *context = NULL;
    X509 *certificate = d2i_X509(NULL, &der, (long)size);
    EVP_PKEY *signing = signing_key(key);

    if (certificate != NULL && signing != NULL) {
        context = fleet_identity_context(trust, certificate, signing, host);
    }
    X509_free(certificate);
    EVP_PKEY_free(signing);
    return context;
}

enum status fleet_key_show(struct fleet_key *key, const uint8_t *der, size_t size, SSL_CTX *context)
{
    EVP_PKEY *signing = signing_key(key);
    const bool shown = signing != NULL &&
                       SSL_CTX_use_certificate_ASN1(context, (int)size, der) == 1 &&
                       SSL_CTX_use_PrivateKey(context, signing) == 1;
    EVP_PKEY_free(signing);
    return shown ? STATUS_OK : STATUS_INVALID;
}

void fleet_key_wipe(struct fleet_key *key)
{
    explicit_bzero(key, sizeof *key);
}

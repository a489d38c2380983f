// SPDX-License-Identifier: MIT
#include "csr.h"

#include <string.h>

#include "credential_rules.h"
#include "der_writer.h"
#include "ecdsa_der.h"

/// Algorithms and attributes, whole elements of DER.
static const uint8_t common_name[] = { 0x06, 3, 0x55, 0x04, 0x03 }; // 2.5.4.3
static const uint8_t ec_public_key[] = { 0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 };
static const uint8_t prime256v1[] = { 0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
static const uint8_t ecdsa_with_sha256[] = {
    0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02
};
static const uint8_t version_1[] = { DER_INTEGER, 1, 0 };
static const uint8_t no_attributes[] = { 0xA0, 0 }; // [0] IMPLICIT, which may not be left out.

/// A BIT STRING of whole bytes.
static void put_bits(struct der_writer *writer, const uint8_t *bytes, size_t size)
{
    static const uint8_t no_unused_bits[] = { 0 };
    const size_t mark = der_writer_mark(writer);
    der_writer_bytes(writer, bytes, size);
    der_writer_bytes(writer, no_unused_bits, sizeof no_unused_bits);
    der_writer_wrap(writer, DER_BIT_STRING, mark);
}

/// SubjectPublicKeyInfo (RFC 5480 section 2).
static void put_key(struct der_writer *writer, const uint8_t key[KEYSTORE_PUBLIC_SIZE])
{
    const size_t whole = der_writer_mark(writer);
    put_bits(writer, key, KEYSTORE_PUBLIC_SIZE);
    const size_t algorithm = der_writer_mark(writer);
    der_writer_bytes(writer, prime256v1, sizeof prime256v1);
    der_writer_bytes(writer, ec_public_key, sizeof ec_public_key);
    der_writer_wrap(writer, DER_SEQUENCE, algorithm);
    der_writer_wrap(writer, DER_SEQUENCE, whole);
}

/// A Name with nothing but a common name.
static void put_name(struct der_writer *writer, const char *name)
{
    const size_t mark = der_writer_mark(writer);
    der_writer_element(writer, DER_UTF8_STRING, name, strlen(name));
    der_writer_bytes(writer, common_name, sizeof common_name);
    der_writer_wrap(writer, DER_SEQUENCE, mark);
    der_writer_wrap(writer, DER_SET, mark);
    der_writer_wrap(writer, DER_SEQUENCE, mark);
}

/// CertificationRequestInfo (RFC 2986 section 4.1): what is signed.
static void put_info(struct der_writer *writer, const char *name,
                     const uint8_t key[KEYSTORE_PUBLIC_SIZE])
{
    const size_t mark = der_writer_mark(writer);
    der_writer_bytes(writer, no_attributes, sizeof no_attributes);
    put_key(writer, key);
    put_name(writer, name);
    der_writer_bytes(writer, version_1, sizeof version_1);
    der_writer_wrap(writer, DER_SEQUENCE, mark);
}

static enum status sign_info(const struct csr_signer *signer, enum keystore_slot slot,
                             struct crypto_part info, uint8_t signature[ECDSA_DER_LIMIT],
                             size_t *signature_size)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t pair[KEYSTORE_SIGNATURE_SIZE];

    enum status status = signer->crypto->sha256(signer->crypto->ctx, &info, 1, digest);
    if (status == STATUS_OK) {
        status = signer->keystore->sign(signer->keystore->ctx, slot, digest, pair);
    }
    if (status == STATUS_OK) {
        *signature_size = ecdsa_der_encode(pair, signature);
    }
    return status;
}

/// CertificationRequest (RFC 2986 section 4.2).
static enum status put_request(uint8_t *der, size_t capacity, struct crypto_part info,
                               const uint8_t *signature, size_t signature_size, size_t *size)
{
    struct der_writer writer;

    der_writer_open(&writer, der, capacity);
    put_bits(&writer, signature, signature_size);
    const size_t mark = der_writer_mark(&writer);
    der_writer_bytes(&writer, ecdsa_with_sha256, sizeof ecdsa_with_sha256);
    der_writer_wrap(&writer, DER_SEQUENCE, mark);
    der_writer_bytes(&writer, info.data, info.size);
    der_writer_wrap(&writer, DER_SEQUENCE, 0);
    return der_writer_finish(&writer, size);
}

enum status csr_write(const struct csr_signer *signer, enum keystore_slot slot,
                      const char *device_id, uint8_t *der, size_t capacity, size_t *size)
{
    const struct keystore *keystore = signer->keystore;
    uint8_t info[CSR_LIMIT];
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t signature[ECDSA_DER_LIMIT];
    size_t info_size = 0;
    size_t signature_size = 0;
    struct der_writer writer;

    if (!credential_is_device_id(device_id, strlen(device_id))) {
        return STATUS_INVALID;
    }
    enum status status = keystore->public_key(keystore->ctx, slot, key);
    if (status == STATUS_OK) {
        der_writer_open(&writer, info, sizeof info);
        put_info(&writer, device_id, key);
        status = der_writer_finish(&writer, &info_size);
    }
    const struct crypto_part signed_part = { info, info_size };
    if (status == STATUS_OK) {
        status = sign_info(signer, slot, signed_part, signature, &signature_size);
    }
    return status == STATUS_OK
               ? put_request(der, capacity, signed_part, signature, signature_size, size)
               : status;
}

static enum status encode(void *ctx, enum keystore_slot slot, const char *device_id, uint8_t *der,
                          size_t capacity, size_t *size)
{
    return csr_write(ctx, slot, device_id, der, capacity, size);
}

struct csr_encoder csr_encoder_of(struct csr_signer *signer)
{
    return (struct csr_encoder){ .encode = encode, .ctx = signer };
}

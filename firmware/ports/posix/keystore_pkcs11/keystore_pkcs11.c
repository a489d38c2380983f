// SPDX-License-Identifier: MIT
#include "keystore_pkcs11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constant_time.h"
#include "der_reader.h"
#include "hkdf.h"
#include "pkcs11_slot.h"

enum { LEAST_SECRET = 16, NUMBER_SIZE = 4, POINT_LIMIT = KEYSTORE_PUBLIC_SIZE + 2 };

struct keystore_pkcs11 {
    struct keystore keystore;
    struct pkcs11_token token;
    const struct crypto *crypto;
};

/// A secret as the token has it: a number, of which the highest counts, and the value.
struct kept_secret {
    CK_OBJECT_HANDLE object;
    uint32_t number; ///< 0: none.
    size_t size;
    uint8_t value[KEYSTORE_SECRET_LIMIT];
};

static const char *const secret_labels[KEYSTORE_SECRET_COUNT] = {
    [KEYSTORE_SECRET_POSSESSION] = "ohmstead secret possession",
    [KEYSTORE_SECRET_LINK] = "ohmstead secret link",
};

static enum status look(struct keystore_pkcs11 *store, enum keystore_slot slot,
                        struct pkcs11_slot *view)
{
    return (unsigned)slot < KEYSTORE_SLOT_COUNT ? pkcs11_slot_look(&store->token, slot, view)
                                                : STATUS_INVALID;
}

/// As look(), but the slot must have a key.
static enum status look_up(struct keystore_pkcs11 *store, enum keystore_slot slot,
                           struct pkcs11_slot *view)
{
    const enum status status = look(store, slot, view);
    return status == STATUS_OK && view->pair == 0 ? STATUS_MISSING : status;
}

/// After a change: looks again, and sweeps away what it replaced.
static enum status settle(struct keystore_pkcs11 *store, enum status changed,
                          struct pkcs11_slot *view)
{
    if (changed != STATUS_OK) {
        return changed;
    }
    const enum status status = pkcs11_slot_look(&store->token, view->slot, view);
    if (status == STATUS_OK) {
        pkcs11_slot_sweep(&store->token, view);
    }
    return status;
}

static uint32_t capabilities(void *ctx)
{
    const struct keystore_pkcs11 *store = ctx;
    return store->token.is_hardware ? KEYSTORE_IN_HARDWARE : 0;
}

/// The point as PKCS #11 has it, in an OCTET STRING (2.40 section 2.3.3), or bare, as some have it.
static enum status read_point(const struct pkcs11_token *token, CK_OBJECT_HANDLE key,
                              uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    uint8_t bytes[POINT_LIMIT];
    size_t size = 0;
    struct der_reader whole;
    struct der_reader point;

    const enum status status =
        pkcs11_token_read(token, key, CKA_EC_POINT, bytes, sizeof bytes, &size);
    if (status != STATUS_OK) {
        return STATUS_IO;
    }
    der_reader_open(&whole, bytes, size);
    if (size == KEYSTORE_PUBLIC_SIZE) {
        point = whole;
    } else if (der_reader_enter(&whole, DER_OCTET_STRING, &point) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    if (point.left != KEYSTORE_PUBLIC_SIZE || point.at[0] != 4) {
        return STATUS_CORRUPT;
    }
    memcpy(public_key, point.at, KEYSTORE_PUBLIC_SIZE);
    return STATUS_OK;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;

    enum status status = look(store, slot, &view);
    if (status == STATUS_OK) {
        status = settle(store, pkcs11_slot_add_key(&store->token, &view), &view);
    }
    return status == STATUS_OK ? read_point(&store->token, view.public_key, public_key) : status;
}

static enum status public_key_of(void *ctx, enum keystore_slot slot,
                                 uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;
    const enum status status = look_up(store, slot, &view);
    return status == STATUS_OK ? read_point(&store->token, view.public_key, public_key) : status;
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;
    const enum status status = look_up(store, slot, &view);
    return status == STATUS_OK
               ? pkcs11_token_sign(&store->token, view.private_key, digest, signature)
               : status;
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;
    uint8_t bytes[PKCS11_SLOT_HEAD_SIZE + KEYSTORE_CERTIFICATE_LIMIT];
    size_t read = 0;

    enum status status = look_up(store, slot, &view);
    if (status == STATUS_OK && view.certificate_number == 0) {
        status = STATUS_MISSING;
    }
    if (status == STATUS_OK) {
        status = pkcs11_token_read(&store->token, view.certificate, CKA_VALUE, bytes, sizeof bytes,
                                   &read);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (read - PKCS11_SLOT_HEAD_SIZE > capacity) {
        return STATUS_FULL;
    }
    *size = read - PKCS11_SLOT_HEAD_SIZE;
    memcpy(der, bytes + PKCS11_SLOT_HEAD_SIZE, *size);
    return STATUS_OK;
}

static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;

    const enum status status = look_up(store, slot, &view);
    if (status != STATUS_OK) {
        return status;
    }
    if (size == 0 || size > KEYSTORE_CERTIFICATE_LIMIT) {
        return STATUS_INVALID;
    }
    return settle(store, pkcs11_slot_add_certificate(&store->token, &view, der, size), &view);
}

static enum status erase(void *ctx, enum keystore_slot slot)
{
    struct keystore_pkcs11 *store = ctx;
    struct pkcs11_slot view;

    const enum status status = look_up(store, slot, &view);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK : status;
    }
    return settle(store, pkcs11_slot_add_erasure(&store->token, &view), &view);
}

/// Reads the newest of a secret's objects and, with `sweeps`, destroys the others.
static enum status find_secret(struct keystore_pkcs11 *store, enum keystore_secret secret,
                               bool sweeps, struct kept_secret *kept)
{
    struct pkcs11_objects found;
    uint8_t bytes[NUMBER_SIZE + KEYSTORE_SECRET_LIMIT];

    memset(kept, 0, sizeof *kept);
    enum status status = pkcs11_token_find(&store->token, CKO_DATA, secret_labels[secret], &found);
    for (size_t i = 0; status == STATUS_OK && i < found.count; i++) {
        size_t size = 0;
        status = pkcs11_token_read(&store->token, found.handles[i], CKA_VALUE, bytes, sizeof bytes,
                                   &size);
        const uint32_t number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                (uint32_t)bytes[2] << 8 | bytes[3];
        if (status == STATUS_OK && (size < NUMBER_SIZE + LEAST_SECRET || number == 0)) {
            status = STATUS_CORRUPT;
        }
        if (status == STATUS_OK && number > kept->number) {
            kept->object = found.handles[i];
            kept->number = number;
            kept->size = size - NUMBER_SIZE;
            memcpy(kept->value, bytes + NUMBER_SIZE, kept->size);
        }
    }
    constant_time_wipe(bytes, sizeof bytes);
    for (size_t i = 0; sweeps && status == STATUS_OK && i < found.count; i++) {
        if (found.handles[i] != kept->object) {
            (void)!pkcs11_token_destroy(&store->token, found.handles[i]);
        }
    }
    return status == STATUS_FULL ? STATUS_CORRUPT : status;
}

static enum status set_secret(void *ctx, enum keystore_secret secret, const uint8_t *value,
                              size_t size)
{
    struct keystore_pkcs11 *store = ctx;
    struct kept_secret kept;
    uint8_t bytes[NUMBER_SIZE + KEYSTORE_SECRET_LIMIT];

    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || size < LEAST_SECRET ||
        size > KEYSTORE_SECRET_LIMIT) {
        return STATUS_INVALID;
    }
    enum status status = find_secret(store, secret, false, &kept);
    if (status == STATUS_OK && kept.number == UINT32_MAX) {
        status = STATUS_FULL;
    }
    if (status == STATUS_OK) {
        for (unsigned i = 0; i < NUMBER_SIZE; i++) {
            bytes[i] = (uint8_t)((kept.number + 1) >> (24 - 8 * i));
        }
        memcpy(bytes + NUMBER_SIZE, value, size);
        status = pkcs11_token_keep(&store->token, secret_labels[secret], bytes, NUMBER_SIZE + size);
    }
    if (status == STATUS_OK) {
        status = find_secret(store, secret, true, &kept);
    }
    constant_time_wipe(bytes, sizeof bytes);
    constant_time_wipe(&kept, sizeof kept);
    return status;
}

/// HKDF of two inputs, one of which is the secret.
static enum status expand(struct keystore_pkcs11 *store, enum keystore_secret secret,
                          struct crypto_part label, uint8_t *out, size_t size,
                          struct crypto_part other, bool is_salt)
{
    struct kept_secret kept;

    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || label.size > KEYSTORE_LABEL_LIMIT) {
        return STATUS_INVALID;
    }
    enum status status = find_secret(store, secret, false, &kept);
    if (status == STATUS_OK && kept.number == 0) {
        status = STATUS_MISSING;
    }
    if (status == STATUS_OK) {
        const struct crypto_part value = { kept.value, kept.size };
        const struct hkdf hkdf = { .secret = is_salt ? other : value,
                                   .salt = is_salt ? value : other,
                                   .info = &label,
                                   .info_count = 1 };
        status = hkdf_sha256(store->crypto, &hkdf, out, size);
    }
    constant_time_wipe(&kept, sizeof kept);
    return status;
}

static enum status derive(void *ctx, enum keystore_secret secret, const uint8_t *salt,
                          size_t salt_size, const uint8_t *label, size_t label_size, uint8_t *out,
                          size_t size)
{
    return expand(ctx, secret, (struct crypto_part){ label, label_size }, out, size,
                  (struct crypto_part){ salt, salt_size }, false);
}

static enum status derive_salted(void *ctx, enum keystore_secret secret, const uint8_t *input,
                                 size_t input_size, const uint8_t *label, size_t label_size,
                                 uint8_t *out, size_t size)
{
    return expand(ctx, secret, (struct crypto_part){ label, label_size }, out, size,
                  (struct crypto_part){ input, input_size }, true);
}

/// Looks at every slot, and sweeps away what a power cut left.
static enum status check(struct keystore_pkcs11 *store, char *fault)
{
    for (int slot = 0; slot < KEYSTORE_SLOT_COUNT; slot++) {
        struct pkcs11_slot view;
        const enum status status = pkcs11_slot_look(&store->token, (enum keystore_slot)slot, &view);
        if (status != STATUS_OK) {
            (void)snprintf(fault, PKCS11_TOKEN_FAULT_SIZE,
                           "PKCS#11: the token's objects are %s; bring back the token as it was",
                           status == STATUS_CORRUPT ? "not whole: a key is lost" : "not readable");
            return status;
        }
        pkcs11_slot_sweep(&store->token, &view);
    }
    return STATUS_OK;
}

enum status keystore_pkcs11_open(struct keystore_pkcs11 **store,
                                 const struct pkcs11_token_options *options,
                                 const struct crypto *crypto, char fault[PKCS11_TOKEN_FAULT_SIZE])
{
    struct keystore_pkcs11 *made = calloc(1, sizeof *made);

    if (made == NULL) {
        (void)snprintf(fault, PKCS11_TOKEN_FAULT_SIZE, "PKCS#11: there is no memory");
        return STATUS_IO;
    }
    made->crypto = crypto;
    made->keystore = (struct keystore){ .capabilities = capabilities,
                                        .generate = generate,
                                        .public_key = public_key_of,
                                        .sign = sign,
                                        .certificate = certificate,
                                        .set_certificate = set_certificate,
                                        .set_secret = set_secret,
                                        .derive = derive,
                                        .derive_salted = derive_salted,
                                        .erase = erase,
                                        .ctx = made };
    enum status status = pkcs11_token_open(&made->token, options, fault);
    if (status == STATUS_OK) {
        status = check(made, fault);
    }
    if (status != STATUS_OK) {
        keystore_pkcs11_close(made);
        return status;
    }
    *store = made;
    return STATUS_OK;
}

const struct keystore *keystore_pkcs11_table(const struct keystore_pkcs11 *store)
{
    return &store->keystore;
}

void keystore_pkcs11_close(struct keystore_pkcs11 *store)
{
    if (store != NULL) {
        pkcs11_token_close(&store->token);
        free(store);
    }
}

// SPDX-License-Identifier: MIT
#include "keystore_values.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "constant_time.h"
#include "hkdf.h"
#include "kept_certificate.h"

/// What is kept of a slot; an empty value is an empty slot.
///
///     version 1 | bank 1 | certificate size 2 | CRC-32 4 | private key 32 | public key 65
///
/// integers little-endian. A secret is kept as it is.
enum {
    NOTE_VERSION = 1,
    NOTE_BANK_AT = 1,
    NOTE_SIZE_AT = 2,
    NOTE_CRC_AT = 4,
    NOTE_PRIVATE_AT = 8,
    NOTE_PUBLIC_AT = NOTE_PRIVATE_AT + KEYSTORE_VALUES_PRIVATE_SIZE,
    NOTE_SIZE = NOTE_PUBLIC_AT + KEYSTORE_PUBLIC_SIZE,
    NAME_SIZE = 5,
    LEAST_SECRET = 16,
};

struct note {
    struct kept_certificate certificate;
    uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE];
    uint8_t public_key[KEYSTORE_PUBLIC_SIZE];
};

/// ".ks0" is the note of slot 0 and the stem of its certificate, ".sx0" is secret 0.
static void name_it(char name[NAME_SIZE], const char *stem, unsigned number)
{
    memcpy(name, stem, NAME_SIZE - 2);
    name[NAME_SIZE - 2] = (char)('0' + (int)number);
    name[NAME_SIZE - 1] = '\0';
}

/// @return STATUS_MISSING  the slot is empty.
static enum status read_note(const struct keystore_values *store, enum keystore_slot slot,
                             struct note *note)
{
    char name[NAME_SIZE];
    uint8_t bytes[NOTE_SIZE];
    size_t size = 0;

    if ((unsigned)slot >= KEYSTORE_SLOT_COUNT) {
        return STATUS_INVALID;
    }
    name_it(name, ".ks", slot);
    enum status status = store->values->get(store->values->ctx, name, bytes, sizeof bytes, &size);
    if (status == STATUS_OK && size == 0) {
        status = STATUS_MISSING;
    } else if (status == STATUS_FULL ||
               (status == STATUS_OK && (size != NOTE_SIZE || bytes[0] != NOTE_VERSION))) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        note->certificate =
            (struct kept_certificate){ .bank = bytes[NOTE_BANK_AT],
                                       .size = bytes_load_le16(bytes + NOTE_SIZE_AT),
                                       .crc = bytes_load_le32(bytes + NOTE_CRC_AT) };
        memcpy(note->private_key, bytes + NOTE_PRIVATE_AT, sizeof note->private_key);
        memcpy(note->public_key, bytes + NOTE_PUBLIC_AT, sizeof note->public_key);
        if (note->certificate.bank > 1 || note->certificate.size > KEYSTORE_CERTIFICATE_LIMIT) {
            status = STATUS_CORRUPT;
        }
    }
    constant_time_wipe(bytes, sizeof bytes);
    return status;
}

static enum status write_note(const struct keystore_values *store, enum keystore_slot slot,
                              const struct note *note)
{
    char name[NAME_SIZE];
    uint8_t bytes[NOTE_SIZE] = { NOTE_VERSION, note->certificate.bank };

    bytes_store_le16(bytes + NOTE_SIZE_AT, note->certificate.size);
    bytes_store_le32(bytes + NOTE_CRC_AT, note->certificate.crc);
    memcpy(bytes + NOTE_PRIVATE_AT, note->private_key, sizeof note->private_key);
    memcpy(bytes + NOTE_PUBLIC_AT, note->public_key, sizeof note->public_key);
    name_it(name, ".ks", slot);
    const enum status status = store->values->set(store->values->ctx, name, bytes, sizeof bytes);
    constant_time_wipe(bytes, sizeof bytes);
    return status;
}

static uint32_t capabilities(void *ctx)
{
    (void)ctx;
    return 0;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct keystore_values *store = ctx;
    struct note note;

    enum status status = read_note(store, slot, &note);
    // A damaged slot stays so: a new key would be a new identity.
    if (status == STATUS_OK || status == STATUS_MISSING) {
        note = (struct note){ .certificate = { .size = 0 } };
        status = store->maker->generate(store->maker->ctx, note.private_key, note.public_key);
        if (status == STATUS_OK) {
            status = write_note(store, slot, &note);
        }
        if (status == STATUS_OK) {
            memcpy(public_key, note.public_key, sizeof note.public_key);
        }
    }
    constant_time_wipe(&note, sizeof note);
    return status;
}

static enum status public_key_of(void *ctx, enum keystore_slot slot,
                                 uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct note note;
    const enum status status = read_note(ctx, slot, &note);

    if (status == STATUS_OK) {
        memcpy(public_key, note.public_key, sizeof note.public_key);
    }
    constant_time_wipe(&note, sizeof note);
    return status;
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const struct keystore_values *store = ctx;
    struct note note;
    enum status status = read_note(store, slot, &note);

    if (status == STATUS_OK) {
        status = store->maker->sign(store->maker->ctx, note.private_key, digest, signature);
    }
    constant_time_wipe(&note, sizeof note);
    return status;
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    const struct keystore_values *store = ctx;
    char stem[NAME_SIZE];
    struct note note;
    enum status status = read_note(store, slot, &note);

    if (status == STATUS_OK) {
        name_it(stem, ".ks", slot);
        status = kept_certificate_read(store->values, stem, &note.certificate, der, capacity, size);
    }
    constant_time_wipe(&note, sizeof note);
    return status;
}

static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    const struct keystore_values *store = ctx;
    char stem[NAME_SIZE];
    struct note note;
    enum status status = read_note(store, slot, &note);

    if (status == STATUS_OK) {
        name_it(stem, ".ks", slot);
        status = kept_certificate_write(store->values, stem, &note.certificate, der, size);
    }
    if (status == STATUS_OK) {
        status = write_note(store, slot, &note);
    }
    constant_time_wipe(&note, sizeof note);
    return status;
}

static enum status set_secret(void *ctx, enum keystore_secret secret, const uint8_t *value,
                              size_t size)
{
    const struct keystore_values *store = ctx;
    char name[NAME_SIZE];

    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || size < LEAST_SECRET ||
        size > KEYSTORE_SECRET_LIMIT) {
        return STATUS_INVALID;
    }
    name_it(name, ".sx", secret);
    return store->values->set(store->values->ctx, name, value, size);
}

/// HKDF of two inputs, one of which is the secret.
static enum status expand(const struct keystore_values *store, enum keystore_secret secret,
                          struct crypto_part label, uint8_t *out, size_t out_size,
                          struct crypto_part other, bool is_salt)
{
    char name[NAME_SIZE];
    uint8_t value[KEYSTORE_SECRET_LIMIT];
    size_t size = 0;

    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || label.size > KEYSTORE_LABEL_LIMIT) {
        return STATUS_INVALID;
    }
    name_it(name, ".sx", secret);
    enum status status = store->values->get(store->values->ctx, name, value, sizeof value, &size);
    if (status == STATUS_FULL || (status == STATUS_OK && size < LEAST_SECRET)) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        const struct crypto_part held = { value, size };
        const struct hkdf hkdf = { .secret = is_salt ? other : held,
                                   .salt = is_salt ? held : other,
                                   .info = &label,
                                   .info_count = 1 };
        status = hkdf_sha256(store->crypto, &hkdf, out, out_size);
    }
    constant_time_wipe(value, sizeof value);
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

static enum status erase(void *ctx, enum keystore_slot slot)
{
    const struct keystore_values *store = ctx;
    char name[NAME_SIZE];
    struct note note;
    const enum status status = read_note(store, slot, &note);

    constant_time_wipe(&note, sizeof note);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK : status;
    }
    name_it(name, ".ks", slot);
    return store->values->set(store->values->ctx, name, "", 0);
}

void keystore_values_init(struct keystore_values *store, const struct key_value *values,
                          const struct crypto *crypto, const struct keystore_values_maker *maker)
{
    *store = (struct keystore_values){ .values = values,
                                       .crypto = crypto,
                                       .maker = maker,
                                       .keystore = { .capabilities = capabilities,
                                                     .generate = generate,
                                                     .public_key = public_key_of,
                                                     .sign = sign,
                                                     .certificate = certificate,
                                                     .set_certificate = set_certificate,
                                                     .set_secret = set_secret,
                                                     .derive = derive,
                                                     .derive_salted = derive_salted,
                                                     .erase = erase,
                                                     .ctx = store } };
}

const struct keystore *keystore_values_table(const struct keystore_values *store)
{
    return &store->keystore;
}

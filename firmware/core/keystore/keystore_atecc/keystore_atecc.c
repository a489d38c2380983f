// SPDX-License-Identifier: MIT
#include "keystore_atecc.h"

#include <stdbool.h>
#include <string.h>

#include "atecc_slots.h"
#include "bytes.h"
#include "kept_certificate.h"

enum { FIRST_CHANGING = 2, LAST_CHANGING = 4 };

static const uint8_t chip_slots[KEYSTORE_SLOT_COUNT] = {
    [KEYSTORE_BIRTH] = 0,
    [KEYSTORE_IDENTITY_A] = 2,
    [KEYSTORE_IDENTITY_B] = 3,
    [KEYSTORE_ATTEST] = 4,
};

/// A change that was begun and is not known to be over.
enum intent { INTENT_NONE, INTENT_MAKE, INTENT_ERASE, INTENT_COUNT };

/// What is noted down of a slot:
///
///     version 1 | held 1 | intent 1 | bank 1 | certificate size 2 | CRC-32 4 | point 64
///
/// integers little-endian. The point is that of the chip's key when this was written.
enum {
    NOTE_VERSION = 1,
    NOTE_HELD_AT = 1,
    NOTE_INTENT_AT = 2,
    NOTE_BANK_AT = 3,
    NOTE_SIZE_AT = 4,
    NOTE_CRC_AT = 6,
    NOTE_POINT_AT = 10,
    NOTE_SIZE = NOTE_POINT_AT + ATECC_SLOTS_POINT_SIZE,
    NAME_SIZE = 8,
};

struct note {
    bool held;
    enum intent intent;
    struct kept_certificate certificate;
    uint8_t point[ATECC_SLOTS_POINT_SIZE];
};

/// ".ac2" is the note of chip slot 2, and the stem of its certificate.
static void name_note(char name[NAME_SIZE], enum keystore_slot slot)
{
    memcpy(name, ".ac0", sizeof ".ac0");
    name[3] = (char)('0' + chip_slots[slot]);
}

static enum status write_note(const struct keystore_atecc *store, enum keystore_slot slot,
                              const struct note *note)
{
    char name[NAME_SIZE];
    uint8_t bytes[NOTE_SIZE] = { NOTE_VERSION, note->held, (uint8_t)note->intent,
                                 note->certificate.bank };

    bytes_store_le16(bytes + NOTE_SIZE_AT, note->certificate.size);
    bytes_store_le32(bytes + NOTE_CRC_AT, note->certificate.crc);
    memcpy(bytes + NOTE_POINT_AT, note->point, sizeof note->point);
    name_note(name, slot);
    return store->values->set(store->values->ctx, name, bytes, sizeof bytes);
}

static enum status read_note(const struct keystore_atecc *store, enum keystore_slot slot,
                             struct note *note)
{
    char name[NAME_SIZE];
    uint8_t bytes[NOTE_SIZE];
    size_t size = 0;

    memset(note, 0, sizeof *note);
    name_note(name, slot);
    const enum status status =
        store->values->get(store->values->ctx, name, bytes, sizeof bytes, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK
               : status == STATUS_FULL  ? STATUS_CORRUPT
                                        : status;
    }
    if (size != NOTE_SIZE || bytes[0] != NOTE_VERSION || bytes[NOTE_HELD_AT] > 1 ||
        bytes[NOTE_INTENT_AT] >= INTENT_COUNT || bytes[NOTE_BANK_AT] > 1) {
        return STATUS_CORRUPT;
    }
    note->held = bytes[NOTE_HELD_AT] != 0;
    note->intent = (enum intent)bytes[NOTE_INTENT_AT];
    note->certificate.bank = bytes[NOTE_BANK_AT];
    note->certificate.size = bytes_load_le16(bytes + NOTE_SIZE_AT);
    note->certificate.crc = bytes_load_le32(bytes + NOTE_CRC_AT);
    memcpy(note->point, bytes + NOTE_POINT_AT, sizeof note->point);
    return note->certificate.size <= KEYSTORE_CERTIFICATE_LIMIT ? STATUS_OK : STATUS_CORRUPT;
}

/// Finds out whether an unfinished change happened: then the chip's key is another one. `readable`
/// is false when the chip's slot holds no key, as after a cut while it wrote.
static enum status settle(struct note *note, bool readable, const uint8_t *point)
{
    const bool is_same = readable && memcmp(point, note->point, sizeof note->point) == 0;
    const enum intent intent = note->intent;

    note->intent = INTENT_NONE;
    if (is_same) {
        return STATUS_OK;
    }
    if (intent == INTENT_NONE) {
        return STATUS_CORRUPT;
    }
    note->held = intent == INTENT_MAKE && readable;
    note->certificate.size = 0;
    memset(note->point, 0, sizeof note->point);
    if (readable) {
        memcpy(note->point, point, sizeof note->point);
    }
    return STATUS_OK;
}

/// Tells what the slot holds: the note, checked against the chip. Birth needs no note, since its
/// key is always there; it may have one, for a certificate.
static enum status look(const struct keystore_atecc *store, enum keystore_slot slot,
                        struct note *note)
{
    uint8_t point[ATECC_SLOTS_POINT_SIZE];

    if ((unsigned)slot >= KEYSTORE_SLOT_COUNT) {
        return STATUS_INVALID;
    }
    enum status status = read_note(store, slot, note);
    if (status != STATUS_OK ||
        (slot != KEYSTORE_BIRTH && !note->held && note->intent == INTENT_NONE)) {
        return status;
    }
    status = atecc_slots_public(&store->link, chip_slots[slot], point);
    if (status != STATUS_OK && status != STATUS_CORRUPT) {
        return status;
    }
    if (slot == KEYSTORE_BIRTH && !note->held && status == STATUS_OK) {
        note->held = true;
        memcpy(note->point, point, sizeof point);
    }
    return settle(note, status == STATUS_OK, point);
}

/// As look(), but the slot must hold a key.
static enum status look_up(const struct keystore_atecc *store, enum keystore_slot slot,
                           struct note *note)
{
    const enum status status = look(store, slot, note);
    return status == STATUS_OK && !note->held ? STATUS_MISSING : status;
}

static uint32_t capabilities(void *ctx)
{
    (void)ctx;
    return KEYSTORE_IN_HARDWARE | KEYSTORE_BIRTH_IS_FIXED;
}

static void tell(uint8_t public_key[KEYSTORE_PUBLIC_SIZE], const struct note *note)
{
    public_key[0] = 4;
    memcpy(public_key + 1, note->point, sizeof note->point);
}

/// Makes another key in the slot, and notes first that it is about to.
static enum status renew(const struct keystore_atecc *store, enum keystore_slot slot,
                         enum intent intent, struct note *note)
{
    uint8_t before[ATECC_SLOTS_POINT_SIZE];

    enum status status = atecc_slots_public(&store->link, chip_slots[slot], before);
    if (status == STATUS_OK) {
        memcpy(note->point, before, sizeof before);
    } else if (status == STATUS_CORRUPT && !note->held) {
        memset(note->point, 0, sizeof note->point); // The slot never held a key, or half of one.
    } else {
        return status;
    }
    note->intent = intent;
    status = write_note(store, slot, note);
    if (status == STATUS_OK) {
        status = atecc_slots_make(&store->link, chip_slots[slot], note->point);
    }
    if (status == STATUS_OK) {
        note->held = intent == INTENT_MAKE;
        note->intent = INTENT_NONE;
        note->certificate.size = 0;
        status = write_note(store, slot, note);
    }
    return status;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct note note;

    if (slot == KEYSTORE_BIRTH) {
        return STATUS_INVALID;
    }
    enum status status = look(ctx, slot, &note);
    if (status == STATUS_OK) {
        status = renew(ctx, slot, INTENT_MAKE, &note);
    }
    if (status == STATUS_OK) {
        tell(public_key, &note);
    }
    return status;
}

static enum status erase(void *ctx, enum keystore_slot slot)
{
    struct note note;

    if (slot == KEYSTORE_BIRTH) {
        return STATUS_INVALID;
    }
    const enum status status = look_up(ctx, slot, &note);
    if (status == STATUS_OK) {
        return renew(ctx, slot, INTENT_ERASE, &note);
    }
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum status public_key_of(void *ctx, enum keystore_slot slot,
                                 uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct note note;
    const enum status status = look_up(ctx, slot, &note);
    if (status == STATUS_OK) {
        tell(public_key, &note);
    }
    return status;
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const struct keystore_atecc *store = ctx;
    struct note note;
    const enum status status = look_up(store, slot, &note);
    return status == STATUS_OK ? atecc_slots_sign(&store->link, chip_slots[slot], digest, signature)
                               : status;
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    const struct keystore_atecc *store = ctx;
    char stem[NAME_SIZE];
    struct note note;

    const enum status status = look_up(store, slot, &note);
    if (status != STATUS_OK) {
        return status;
    }
    name_note(stem, slot);
    return kept_certificate_read(store->values, stem, &note.certificate, der, capacity, size);
}

/// Writes beside the certificate in force, and then says that the new one counts.
static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    const struct keystore_atecc *store = ctx;
    char stem[NAME_SIZE];
    struct note note;

    enum status status = look_up(store, slot, &note);
    if (status == STATUS_OK) {
        name_note(stem, slot);
        status = kept_certificate_write(store->values, stem, &note.certificate, der, size);
    }
    return status == STATUS_OK ? write_note(store, slot, &note) : status;
}

static enum status set_secret(void *ctx, enum keystore_secret secret, const uint8_t *value,
                              size_t size)
{
    const struct keystore *secrets = ((const struct keystore_atecc *)ctx)->secrets;
    return secrets != NULL ? secrets->set_secret(secrets->ctx, secret, value, size)
                           : STATUS_INVALID;
}

static enum status derive(void *ctx, enum keystore_secret secret, const uint8_t *salt,
                          size_t salt_size, const uint8_t *label, size_t label_size, uint8_t *out,
                          size_t size)
{
    const struct keystore *secrets = ((const struct keystore_atecc *)ctx)->secrets;
    return secrets != NULL ? secrets->derive(secrets->ctx, secret, salt, salt_size, label,
                                             label_size, out, size)
                           : STATUS_INVALID;
}

static enum status derive_salted(void *ctx, enum keystore_secret secret, const uint8_t *input,
                                 size_t input_size, const uint8_t *label, size_t label_size,
                                 uint8_t *out, size_t size)
{
    const struct keystore *secrets = ((const struct keystore_atecc *)ctx)->secrets;
    return secrets != NULL ? secrets->derive_salted(secrets->ctx, secret, input, input_size, label,
                                                    label_size, out, size)
                           : STATUS_INVALID;
}

enum status keystore_atecc_open(struct keystore_atecc *store,
                                const struct keystore_atecc_parts *parts)
{
    *store = (struct keystore_atecc){ .link = { parts->i2c, parts->address },
                                      .values = parts->values,
                                      .secrets = parts->secrets,
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
    return atecc_slots_check(&store->link, chip_slots[KEYSTORE_BIRTH], FIRST_CHANGING,
                             LAST_CHANGING);
}

const struct keystore *keystore_atecc_table(const struct keystore_atecc *store)
{
    return &store->keystore;
}

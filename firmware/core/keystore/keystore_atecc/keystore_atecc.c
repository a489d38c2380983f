// SPDX-License-Identifier: MIT
#include "keystore_atecc.h"

#include <stdbool.h>
#include <string.h>

#include "atecc_slots.h"
#include "bytes.h"
#include "crc32.h"

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
    uint8_t bank; ///< 0 or 1: where the certificate is; a new one goes to the other.
    uint16_t certificate_size;
    uint32_t certificate_crc;
    uint8_t point[ATECC_SLOTS_POINT_SIZE];
};

/// ".ac2" is the note of chip slot 2, ".ac2b3" part 3 of its certificate in bank b.
static void name_note(char name[NAME_SIZE], enum keystore_slot slot)
{
    memcpy(name, ".ac0", sizeof ".ac0");
    name[3] = (char)('0' + chip_slots[slot]);
}

static void name_part(char name[NAME_SIZE], enum keystore_slot slot, unsigned bank, unsigned part)
{
    name_note(name, slot);
    name[4] = (char)('a' + (int)bank);
    name[5] = (char)('0' + (int)part);
    name[6] = '\0';
}

static enum status write_note(const struct keystore_atecc *store, enum keystore_slot slot,
                              const struct note *note)
{
    char name[NAME_SIZE];
    uint8_t bytes[NOTE_SIZE] = { NOTE_VERSION, note->held, (uint8_t)note->intent, note->bank };

    bytes_store_le16(bytes + NOTE_SIZE_AT, note->certificate_size);
    bytes_store_le32(bytes + NOTE_CRC_AT, note->certificate_crc);
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
    note->bank = bytes[NOTE_BANK_AT];
    note->certificate_size = bytes_load_le16(bytes + NOTE_SIZE_AT);
    note->certificate_crc = bytes_load_le32(bytes + NOTE_CRC_AT);
    memcpy(note->point, bytes + NOTE_POINT_AT, sizeof note->point);
    return note->certificate_size <= KEYSTORE_CERTIFICATE_LIMIT ? STATUS_OK : STATUS_CORRUPT;
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
    note->certificate_size = 0;
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
        note->certificate_size = 0;
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

static size_t part_size(size_t left)
{
    return left < KEY_VALUE_SIZE_LIMIT ? left : KEY_VALUE_SIZE_LIMIT;
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    const struct keystore_atecc *store = ctx;
    struct note note;

    enum status status = look_up(store, slot, &note);
    if (status == STATUS_OK && note.certificate_size == 0) {
        status = STATUS_MISSING;
    }
    if (status == STATUS_OK && note.certificate_size > capacity) {
        status = STATUS_FULL;
    }
    size_t done = 0;
    for (unsigned part = 0; status == STATUS_OK && done < note.certificate_size; part++) {
        char name[NAME_SIZE];
        size_t got = 0;
        const size_t wanted = part_size(note.certificate_size - done);
        name_part(name, slot, note.bank, part);
        status = store->values->get(store->values->ctx, name, der + done, wanted, &got);
        if (status == STATUS_MISSING || status == STATUS_FULL ||
            (status == STATUS_OK && got != wanted)) {
            status = STATUS_CORRUPT;
        }
        done += wanted;
    }
    if (status == STATUS_OK && crc32_extend(0, der, done) != note.certificate_crc) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        *size = done;
    }
    return status;
}

/// Writes beside the certificate in force, and then says that the new one counts.
static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    const struct keystore_atecc *store = ctx;
    struct note note;

    enum status status = look_up(store, slot, &note);
    if (status == STATUS_OK && (size == 0 || size > KEYSTORE_CERTIFICATE_LIMIT)) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        return status;
    }
    note.bank ^= 1U;
    size_t done = 0;
    for (unsigned part = 0; status == STATUS_OK && done < size; part++) {
        char name[NAME_SIZE];
        const size_t count = part_size(size - done);
        name_part(name, slot, note.bank, part);
        status = store->values->set(store->values->ctx, name, der + done, count);
        done += count;
    }
    note.certificate_size = (uint16_t)size;
    note.certificate_crc = crc32_extend(0, der, size);
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

// SPDX-License-Identifier: MIT
#include "pkcs11_slot.h"

#include <string.h>

struct labels {
    const char *key;
    const char *certificate;
    const char *erasure;
};

static const struct labels labels[KEYSTORE_SLOT_COUNT] = {
    [KEYSTORE_BIRTH] = { "ohmstead birth", "ohmstead birth certificate", "ohmstead birth erased" },
    [KEYSTORE_IDENTITY_A] = { "ohmstead identity a", "ohmstead identity a certificate",
                              "ohmstead identity a erased" },
    [KEYSTORE_IDENTITY_B] = { "ohmstead identity b", "ohmstead identity b certificate",
                              "ohmstead identity b erased" },
    [KEYSTORE_ATTEST] = { "ohmstead attest", "ohmstead attest certificate",
                          "ohmstead attest erased" },
};

/// Objects of one kind, with their numbers.
struct numbered {
    struct pkcs11_objects objects;
    uint32_t pair[PKCS11_TOKEN_FOUND_LIMIT];
    uint32_t number[PKCS11_TOKEN_FOUND_LIMIT]; ///< Of a certificate.
};

struct holdings {
    struct numbered public_keys;
    struct numbered private_keys;
    struct numbered certificates;
    struct numbered erasures;
};

static uint32_t load_be32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void store_be32(uint8_t *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static enum status list_keys(const struct pkcs11_token *token, CK_OBJECT_CLASS class,
                             const char *label, struct numbered *out)
{
    enum status status = pkcs11_token_find(token, class, label, &out->objects);
    for (size_t i = 0; status == STATUS_OK && i < out->objects.count; i++) {
        uint8_t id[PKCS11_TOKEN_ID_SIZE];
        size_t size = 0;
        status = pkcs11_token_read(token, out->objects.handles[i], CKA_ID, id, sizeof id, &size);
        // Somebody else's key may have our label: it has no number, and does not count.
        out->pair[i] = status == STATUS_OK && size == sizeof id ? load_be32(id) : 0;
        status = status == STATUS_FULL ? STATUS_OK : status;
    }
    return status;
}

static enum status list_data(const struct pkcs11_token *token, const char *label,
                             struct numbered *out)
{
    enum status status = pkcs11_token_find(token, CKO_DATA, label, &out->objects);
    for (size_t i = 0; status == STATUS_OK && i < out->objects.count; i++) {
        uint8_t bytes[PKCS11_SLOT_HEAD_SIZE + KEYSTORE_CERTIFICATE_LIMIT];
        size_t size = 0;
        status = pkcs11_token_read(token, out->objects.handles[i], CKA_VALUE, bytes, sizeof bytes,
                                   &size);
        if (status == STATUS_OK && size < PKCS11_SLOT_HEAD_SIZE) {
            status = STATUS_CORRUPT;
        }
        if (status == STATUS_OK) {
            out->pair[i] = load_be32(bytes);
            out->number[i] = load_be32(bytes + 4);
        }
    }
    return status;
}

static enum status list_all(const struct pkcs11_token *token, enum keystore_slot slot,
                            struct holdings *out)
{
    enum status status = list_keys(token, CKO_PUBLIC_KEY, labels[slot].key, &out->public_keys);
    if (status == STATUS_OK) {
        status = list_keys(token, CKO_PRIVATE_KEY, labels[slot].key, &out->private_keys);
    }
    if (status == STATUS_OK) {
        status = list_data(token, labels[slot].certificate, &out->certificates);
    }
    if (status == STATUS_OK) {
        status = list_data(token, labels[slot].erasure, &out->erasures);
    }
    return status;
}

static uint32_t highest_of(const struct numbered *numbered)
{
    uint32_t highest = 0;
    for (size_t i = 0; i < numbered->objects.count; i++) {
        highest = numbered->pair[i] > highest ? numbered->pair[i] : highest;
    }
    return highest;
}

static void choose_pair(const struct holdings *holdings, struct pkcs11_slot *view)
{
    const struct numbered *public_keys = &holdings->public_keys;
    const struct numbered *private_keys = &holdings->private_keys;

    for (size_t i = 0; i < public_keys->objects.count; i++) {
        for (size_t j = 0; j < private_keys->objects.count; j++) {
            const uint32_t pair = public_keys->pair[i];
            if (pair == private_keys->pair[j] && pair > view->erased && pair > view->pair) {
                view->pair = pair;
                view->public_key = public_keys->objects.handles[i];
                view->private_key = private_keys->objects.handles[j];
            }
        }
    }
}

static enum status choose_certificate(const struct holdings *holdings, struct pkcs11_slot *view)
{
    const struct numbered *certificates = &holdings->certificates;
    const uint32_t known = view->pair > view->erased ? view->pair : view->erased;

    for (size_t i = 0; i < certificates->objects.count; i++) {
        if (certificates->pair[i] > known) {
            return STATUS_CORRUPT;
        }
        if (certificates->pair[i] == view->pair && view->pair != 0 &&
            certificates->number[i] > view->certificate_number) {
            view->certificate_number = certificates->number[i];
            view->certificate = certificates->objects.handles[i];
        }
    }
    return STATUS_OK;
}

enum status pkcs11_slot_look(const struct pkcs11_token *token, enum keystore_slot slot,
                             struct pkcs11_slot *view)
{
    struct holdings holdings;

    *view = (struct pkcs11_slot){ .slot = slot };
    const enum status status = list_all(token, slot, &holdings);
    if (status != STATUS_OK) {
        return status;
    }
    view->erased = highest_of(&holdings.erasures);
    const struct numbered *const kinds[] = { &holdings.public_keys, &holdings.private_keys,
                                             &holdings.certificates, &holdings.erasures };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const uint32_t highest = highest_of(kinds[i]);
        view->highest = highest > view->highest ? highest : view->highest;
    }
    choose_pair(&holdings, view);
    return choose_certificate(&holdings, view);
}

/// Destroys the objects but the one that counts, which may be none.
static void sweep_but(const struct pkcs11_token *token, const struct numbered *numbered,
                      CK_OBJECT_HANDLE kept)
{
    for (size_t i = 0; i < numbered->objects.count; i++) {
        const bool is_ours = numbered->pair[i] != 0;
        if (is_ours && (kept == 0 || numbered->objects.handles[i] != kept)) {
            (void)!pkcs11_token_destroy(token, numbered->objects.handles[i]);
        }
    }
}

void pkcs11_slot_sweep(const struct pkcs11_token *token, const struct pkcs11_slot *view)
{
    struct holdings holdings;
    CK_OBJECT_HANDLE kept = 0;

    if (list_all(token, view->slot, &holdings) != STATUS_OK) {
        return;
    }
    sweep_but(token, &holdings.certificates, view->certificate);
    sweep_but(token, &holdings.private_keys, view->private_key);
    sweep_but(token, &holdings.public_keys, view->public_key);
    // Last, since it keeps the others from counting; and the highest stays as long as no pair is
    // above it.
    for (size_t i = 0; view->pair == 0 && i < holdings.erasures.objects.count; i++) {
        kept =
            holdings.erasures.pair[i] == view->erased ? holdings.erasures.objects.handles[i] : kept;
    }
    sweep_but(token, &holdings.erasures, kept);
}

enum status pkcs11_slot_add_key(const struct pkcs11_token *token, const struct pkcs11_slot *view)
{
    uint8_t id[PKCS11_TOKEN_ID_SIZE];
    if (view->highest == UINT32_MAX) {
        return STATUS_FULL;
    }
    store_be32(id, view->highest + 1);
    return pkcs11_token_generate(token, labels[view->slot].key, id);
}

enum status pkcs11_slot_add_certificate(const struct pkcs11_token *token,
                                        const struct pkcs11_slot *view, const uint8_t *der,
                                        size_t size)
{
    uint8_t bytes[PKCS11_SLOT_HEAD_SIZE + KEYSTORE_CERTIFICATE_LIMIT];
    if (view->certificate_number == UINT32_MAX) {
        return STATUS_FULL;
    }
    store_be32(bytes, view->pair);
    store_be32(bytes + 4, view->certificate_number + 1);
    memcpy(bytes + PKCS11_SLOT_HEAD_SIZE, der, size);
    return pkcs11_token_keep(token, labels[view->slot].certificate, bytes,
                             PKCS11_SLOT_HEAD_SIZE + size);
}

enum status pkcs11_slot_add_erasure(const struct pkcs11_token *token,
                                    const struct pkcs11_slot *view)
{
    uint8_t bytes[PKCS11_SLOT_HEAD_SIZE] = { 0 };
    store_be32(bytes, view->pair);
    return pkcs11_token_keep(token, labels[view->slot].erasure, bytes, sizeof bytes);
}

// SPDX-License-Identifier: MIT
#include "keystore_file.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bytes.h"
#include "constant_time.h"
#include "hkdf.h"
#include "sealed_content.h"

enum { LEAST_SECRET = 16 };

struct keystore_file {
    struct keystore keystore;
    const struct crypto *crypto;
    const struct entropy *entropy;
    const struct secret_file_probe *probe;
    char path[SECRET_FILE_PATH_SIZE];
    uint8_t seal_key[KEYSTORE_FILE_SEAL_SIZE];
    enum status health; ///< Whether `content` is what the file says.
    struct sealed_content content;
    struct sealed_content next; ///< What a change would make of it.
    char file[SEALED_CONTENT_FILE_SIZE + 1];
};

/// Makes the content what the file says.
static enum status load(struct keystore_file *store)
{
    size_t size = 0;
    const enum status found = secret_file_read(store->path, store->file, sizeof store->file, &size);

    constant_time_wipe(&store->content, sizeof store->content);
    if (found == STATUS_MISSING) {
        return STATUS_OK;
    }
    if (found == STATUS_FULL) {
        return STATUS_CORRUPT;
    }
    return found != STATUS_OK
               ? found
               : sealed_content_open(store->crypto, store->seal_key, (const uint8_t *)store->file,
                                     size, &store->content);
}

static enum status write_next(struct keystore_file *store)
{
    uint8_t nonce[CRYPTO_NONCE_SIZE];
    enum status status = store->entropy->fill(store->entropy->ctx, nonce, sizeof nonce);

    if (status == STATUS_OK) {
        status = sealed_content_close(store->crypto, store->seal_key, nonce, &store->next,
                                      (uint8_t *)store->file);
    }
    if (status == STATUS_OK) {
        status = secret_file_write(store->path, store->file, SEALED_CONTENT_FILE_SIZE,
                                   S_IRUSR | S_IWUSR, store->probe);
    }
    return status;
}

/// Starts a change of the content.
static struct sealed_content *begin(struct keystore_file *store)
{
    store->next = store->content;
    return &store->next;
}

/// Makes the change last, or undoes it. A disk that failed may have kept the change all the same,
/// so the file decides what holds.
static enum status commit(struct keystore_file *store)
{
    enum status status = write_next(store);

    if (status == STATUS_OK) {
        store->content = store->next;
    } else {
        store->health = load(store);
        status = store->health == STATUS_CORRUPT ? STATUS_CORRUPT : STATUS_IO;
    }
    constant_time_wipe(&store->next, sizeof store->next);
    return status;
}

/// STATUS_OK when the content can be relied upon; a disk that failed is tried again.
static enum status recover(struct keystore_file *store)
{
    if (store->health != STATUS_OK) {
        store->health = load(store);
    }
    return store->health;
}

static enum status check_slot(struct keystore_file *store, enum keystore_slot slot)
{
    return (unsigned)slot < KEYSTORE_SLOT_COUNT ? recover(store) : STATUS_INVALID;
}

/// STATUS_OK when the slot exists and has a key.
static enum status look_up(struct keystore_file *store, enum keystore_slot slot)
{
    const enum status status = check_slot(store, slot);
    return status == STATUS_OK && store->content.slots[slot].has_key == 0 ? STATUS_MISSING : status;
}

static uint32_t capabilities(void *ctx)
{
    (void)ctx;
    return 0;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct keystore_file *store = ctx;
    enum status status = check_slot(store, slot);

    if (status != STATUS_OK) {
        return status;
    }
    struct sealed_slot *changed = &begin(store)->slots[slot];
    constant_time_wipe(changed, sizeof *changed);
    changed->has_key = 1;
    status = openssl_p256_generate(&changed->key);
    if (status != STATUS_OK) {
        constant_time_wipe(&store->next, sizeof store->next);
        return status;
    }
    status = commit(store);
    if (status == STATUS_OK) {
        memcpy(public_key, store->content.slots[slot].key.public_key, KEYSTORE_PUBLIC_SIZE);
    }
    return status;
}

static enum status public_key_of(void *ctx, enum keystore_slot slot,
                                 uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct keystore_file *store = ctx;
    const enum status status = look_up(store, slot);

    if (status == STATUS_OK) {
        memcpy(public_key, store->content.slots[slot].key.public_key, KEYSTORE_PUBLIC_SIZE);
    }
    return status;
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    struct keystore_file *store = ctx;
    const enum status status = look_up(store, slot);
    return status == STATUS_OK
               ? openssl_p256_sign(&store->content.slots[slot].key, digest, signature)
               : status;
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    struct keystore_file *store = ctx;
    const enum status status = look_up(store, slot);

    if (status != STATUS_OK) {
        return status;
    }
    const struct sealed_slot *held = &store->content.slots[slot];
    const size_t held_size = bytes_load_le16(held->certificate_size);
    if (held_size == 0) {
        return STATUS_MISSING;
    }
    if (held_size > capacity) {
        return STATUS_FULL;
    }
    memcpy(der, held->certificate, held_size);
    *size = held_size;
    return STATUS_OK;
}

static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    struct keystore_file *store = ctx;
    const enum status status = look_up(store, slot);

    if (status != STATUS_OK) {
        return status;
    }
    if (size == 0 || size > KEYSTORE_CERTIFICATE_LIMIT) {
        return STATUS_INVALID;
    }
    struct sealed_slot *changed = &begin(store)->slots[slot];
    memset(changed->certificate, 0, sizeof changed->certificate);
    memcpy(changed->certificate, der, size);
    bytes_store_le16(changed->certificate_size, (uint16_t)size);
    return commit(store);
}

static enum status set_secret(void *ctx, enum keystore_secret secret, const uint8_t *value,
                              size_t size)
{
    struct keystore_file *store = ctx;

    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || size < LEAST_SECRET ||
        size > KEYSTORE_SECRET_LIMIT) {
        return STATUS_INVALID;
    }
    const enum status status = recover(store);
    if (status != STATUS_OK) {
        return status;
    }
    struct sealed_secret *changed = &begin(store)->secrets[secret];
    constant_time_wipe(changed, sizeof *changed);
    memcpy(changed->value, value, size);
    changed->size = (uint8_t)size;
    return commit(store);
}

/// HKDF of two inputs, one of which is the secret.
static enum status expand(struct keystore_file *store, enum keystore_secret secret,
                          struct crypto_part label, uint8_t *out, size_t size,
                          struct crypto_part other, bool is_salt)
{
    if ((unsigned)secret >= KEYSTORE_SECRET_COUNT || label.size > KEYSTORE_LABEL_LIMIT) {
        return STATUS_INVALID;
    }
    const enum status status = recover(store);
    if (status != STATUS_OK) {
        return status;
    }
    const struct sealed_secret *held = &store->content.secrets[secret];
    const struct crypto_part value = { held->value, held->size };
    const struct hkdf hkdf = { .secret = is_salt ? other : value,
                               .salt = is_salt ? value : other,
                               .info = &label,
                               .info_count = 1 };
    return held->size == 0 ? STATUS_MISSING : hkdf_sha256(store->crypto, &hkdf, out, size);
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
    struct keystore_file *store = ctx;
    const enum status status = look_up(store, slot);

    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK : status;
    }
    struct sealed_slot *changed = &begin(store)->slots[slot];
    constant_time_wipe(changed, sizeof *changed);
    return commit(store);
}

/// Pages of its own: never written to swap, where the limits allow it, nor to a core file.
static struct keystore_file *take_memory(void)
{
    struct keystore_file *store =
        mmap(NULL, sizeof *store, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (store == MAP_FAILED) {
        return NULL;
    }
    (void)mlock(store, sizeof *store);
    if (madvise(store, sizeof *store, MADV_DONTDUMP) != 0) {
        (void)munmap(store, sizeof *store);
        return NULL;
    }
    return store;
}

enum status keystore_file_open(struct keystore_file **store,
                               const struct keystore_file_parts *parts)
{
    struct keystore_file *made = take_memory();

    if (made == NULL || strlen(parts->path) >= sizeof made->path) {
        keystore_file_close(made);
        return STATUS_IO;
    }
    made->crypto = parts->crypto;
    made->entropy = parts->entropy;
    made->probe = parts->probe;
    memcpy(made->path, parts->path, strlen(parts->path));
    memcpy(made->seal_key, parts->seal_key, sizeof made->seal_key);
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
    const enum status status = load(made);
    if (status != STATUS_OK) {
        keystore_file_close(made);
        return status;
    }
    *store = made;
    return STATUS_OK;
}

const struct keystore *keystore_file_table(const struct keystore_file *store)
{
    return &store->keystore;
}

void keystore_file_close(struct keystore_file *store)
{
    if (store != NULL) {
        constant_time_wipe(store, sizeof *store);
        (void)munmap(store, sizeof *store);
    }
}

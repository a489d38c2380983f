// SPDX-License-Identifier: MIT
#include "shared_keystore.h"

static const struct keystore *take(const struct shared_keystore *shared)
{
    shared->lock.acquire(shared->lock.ctx);
    return shared->store;
}

static enum status give(const struct shared_keystore *shared, enum status status)
{
    shared->lock.release(shared->lock.ctx);
    return status;
}

static uint32_t capabilities(void *ctx)
{
    const struct keystore *store = take(ctx);
    const uint32_t bits = store->capabilities(store->ctx);
    (void)give(ctx, STATUS_OK);
    return bits;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->generate(store->ctx, slot, public_key));
}

static enum status public_key(void *ctx, enum keystore_slot slot, uint8_t key[KEYSTORE_PUBLIC_SIZE])
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->public_key(store->ctx, slot, key));
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->sign(store->ctx, slot, digest, signature));
}

static enum status certificate(void *ctx, enum keystore_slot slot, uint8_t *der, size_t capacity,
                               size_t *size)
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->certificate(store->ctx, slot, der, capacity, size));
}

static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->set_certificate(store->ctx, slot, der, size));
}

static enum status set_secret(void *ctx, enum keystore_secret secret, const uint8_t *value,
                              size_t size)
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->set_secret(store->ctx, secret, value, size));
}

static enum status derive(void *ctx, enum keystore_secret secret, const uint8_t *salt,
                          size_t salt_size, const uint8_t *label, size_t label_size, uint8_t *out,
                          size_t size)
{
    const struct keystore *store = take(ctx);
    return give(ctx,
                store->derive(store->ctx, secret, salt, salt_size, label, label_size, out, size));
}

static enum status derive_salted(void *ctx, enum keystore_secret secret, const uint8_t *input,
                                 size_t input_size, const uint8_t *label, size_t label_size,
                                 uint8_t *out, size_t size)
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->derive_salted(store->ctx, secret, input, input_size, label, label_size,
                                          out, size));
}

static enum status erase(void *ctx, enum keystore_slot slot)
{
    const struct keystore *store = take(ctx);
    return give(ctx, store->erase(store->ctx, slot));
}

struct keystore shared_keystore_init(struct shared_keystore *shared, const struct keystore *store,
                                     struct lock lock)
{
    *shared = (struct shared_keystore){ .store = store, .lock = lock };
    return (struct keystore){ .capabilities = capabilities,
                              .generate = generate,
                              .public_key = public_key,
                              .sign = sign,
                              .certificate = certificate,
                              .set_certificate = set_certificate,
                              .set_secret = set_secret,
                              .derive = derive,
                              .derive_salted = derive_salted,
                              .erase = erase,
                              .ctx = shared };
}

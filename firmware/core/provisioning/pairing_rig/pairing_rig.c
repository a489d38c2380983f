// SPDX-License-Identifier: MIT
#include "pairing_rig.h"

#include <string.h>

#include "hkdf.h"

static enum status derive(struct pairing_rig *rig, struct crypto_part input,
                          struct crypto_part salt, struct crypto_part label, uint8_t *out,
                          size_t size)
{
    const struct hkdf hkdf = { .secret = input, .salt = salt, .info = &label, .info_count = 1 };
    return rig->has_secret ? hkdf_sha256(rig->crypto, &hkdf, out, size) : STATUS_MISSING;
}

static enum status derive_plain(void *ctx, enum keystore_secret secret, const uint8_t *salt,
                                size_t salt_size, const uint8_t *label, size_t label_size,
                                uint8_t *out, size_t size)
{
    struct pairing_rig *rig = ctx;
    (void)secret;
    return derive(rig, (struct crypto_part){ rig->secret, sizeof rig->secret },
                  (struct crypto_part){ salt, salt_size },
                  (struct crypto_part){ label, label_size }, out, size);
}

static enum status derive_salted(void *ctx, enum keystore_secret secret, const uint8_t *input,
                                 size_t input_size, const uint8_t *label, size_t label_size,
                                 uint8_t *out, size_t size)
{
    struct pairing_rig *rig = ctx;
    (void)secret;
    return derive(rig, (struct crypto_part){ input, input_size },
                  (struct crypto_part){ rig->secret, sizeof rig->secret },
                  (struct crypto_part){ label, label_size }, out, size);
}

/// A multiplicative generator: every call differs, every run is the same.
static enum status fill(void *ctx, void *out, size_t size)
{
    struct pairing_rig *rig = ctx;
    for (size_t i = 0; i < size; i++) {
        rig->random = rig->random * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)out)[i] = (uint8_t)(rig->random >> 56);
    }
    return STATUS_OK;
}

static enum status get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct pairing_rig *rig = ctx;
    if (!rig->has_failures || strcmp(key, "pair_failures") != 0) {
        return STATUS_MISSING;
    }
    if (capacity < 1) {
        return STATUS_FULL;
    }
    memcpy(out, &rig->failures, 1);
    *size = 1;
    return STATUS_OK;
}

static enum status set(void *ctx, const char *key, const void *value, size_t size)
{
    struct pairing_rig *rig = ctx;
    if (strcmp(key, "pair_failures") != 0 || size != 1) {
        return STATUS_INVALID;
    }
    if (rig->writes_left == 0) {
        return STATUS_IO;
    }
    rig->writes_left -= rig->writes_left > 0 ? 1 : 0;
    rig->writes++;
    memcpy(&rig->failures, value, 1);
    rig->has_failures = true;
    return STATUS_OK;
}

void pairing_rig_init(struct pairing_rig *rig, const struct crypto *crypto)
{
    *rig = (struct pairing_rig){
        .crypto = crypto,
        .keystore = { .derive = derive_plain, .derive_salted = derive_salted, .ctx = rig },
        .entropy = { fill, rig },
        .key_value = { .get = get, .set = set, .ctx = rig },
        .has_secret = true,
        .random = 1,
        .writes_left = PAIRING_RIG_NEVER,
    };
    rig->needs = (struct pairing_session_needs){ crypto, &rig->keystore, &rig->entropy,
                                                 &rig->key_value, "meter-1" };
    for (size_t i = 0; i < PAIRING_SECRET_SIZE; i++) {
        rig->secret[i] = (uint8_t)i;
    }
}

// SPDX-License-Identifier: MIT
#include "summing_crypto.h"

#include <string.h>

enum { DIGEST = CRYPTO_SHA256_SIZE };

static void take_note(struct summing_notes *notes, uint8_t byte)
{
    if (notes->hashed_size < sizeof notes->hashed) {
        notes->hashed[notes->hashed_size] = byte;
    }
    notes->hashed_size++;
}

static enum status sum_up(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    struct summing_notes *notes = ctx;

    if (notes != NULL) {
        notes->hashed_size = 0;
    }
    memset(digest, 0, DIGEST);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = parts[i].data;
        for (size_t j = 0; j < parts[i].size; j++) {
            for (unsigned at = 0; at < DIGEST; at++) {
                digest[at] = (uint8_t)(digest[at] * 3u + (bytes[j] ^ at));
            }
            if (notes != NULL) {
                take_note(notes, bytes[j]);
            }
        }
    }
    return STATUS_OK;
}

void summing_crypto_sign(const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                         const uint8_t digest[CRYPTO_SHA256_SIZE],
                         uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    for (unsigned at = 0; at < DIGEST; at++) {
        signature[at] = (uint8_t)(digest[at] ^ key[at]);
        signature[DIGEST + at] = digest[at];
    }
}

static enum status verify(void *ctx, const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                          const uint8_t digest[CRYPTO_SHA256_SIZE],
                          const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    struct summing_notes *notes = ctx;
    uint8_t right[CRYPTO_P256_SIGNATURE_SIZE];

    if (notes != NULL) {
        notes->key = key;
        notes->verified++;
    }
    summing_crypto_sign(key, digest, right);
    return memcmp(signature, right, sizeof right) == 0 ? STATUS_OK : STATUS_CORRUPT;
}

struct crypto summing_crypto(struct summing_notes *notes)
{
    return (struct crypto){ .sha256 = sum_up, .p256_verify = verify, .ctx = notes };
}

// SPDX-License-Identifier: MIT
#include "sealed_content.h"

#include <string.h>

#include "bytes.h"
#include "constant_time.h"

enum { KEY_SIZE = 32, LEAST_SECRET = 16 };

static const uint8_t head[SEALED_CONTENT_HEAD] = { 'O', 'H', 'M', '-', 'K', 'E', 'Y', 'S', 1 };

_Static_assert(sizeof(struct sealed_slot) == 1 + 32 + 65 + 2 + 2048, "no padding");
_Static_assert(sizeof(struct sealed_content) ==
                   KEYSTORE_SLOT_COUNT * sizeof(struct sealed_slot) +
                       KEYSTORE_SECRET_COUNT * (1 + KEYSTORE_SECRET_LIMIT),
               "no padding");

static struct crypto_seal seal_of(const uint8_t *seal_key, const uint8_t *nonce)
{
    return (struct crypto_seal){ .algorithm = CRYPTO_AES_256_GCM,
                                 .key = seal_key,
                                 .key_size = KEY_SIZE,
                                 .nonce = nonce,
                                 .associated = { head, sizeof head } };
}

enum status sealed_content_close(const struct crypto *crypto, const uint8_t *seal_key,
                                 const uint8_t nonce[CRYPTO_NONCE_SIZE],
                                 const struct sealed_content *content,
                                 uint8_t file[SEALED_CONTENT_FILE_SIZE])
{
    const struct crypto_seal seal = seal_of(seal_key, nonce);

    memcpy(file, head, sizeof head);
    memcpy(file + sizeof head, nonce, CRYPTO_NONCE_SIZE);
    return crypto->seal(crypto->ctx, &seal, (struct crypto_part){ content, sizeof *content },
                        file + SEALED_CONTENT_AT, SEALED_CONTENT_FILE_SIZE - SEALED_CONTENT_AT);
}

static bool is_sound(const struct sealed_content *content)
{
    for (size_t i = 0; i < KEYSTORE_SLOT_COUNT; i++) {
        const struct sealed_slot *slot = &content->slots[i];
        const unsigned size = bytes_load_le16(slot->certificate_size);
        if (slot->has_key > 1 || size > KEYSTORE_CERTIFICATE_LIMIT ||
            (slot->has_key == 0 && size != 0)) {
            return false;
        }
    }
    for (size_t i = 0; i < KEYSTORE_SECRET_COUNT; i++) {
        const unsigned size = content->secrets[i].size;
        if (size != 0 && (size < LEAST_SECRET || size > KEYSTORE_SECRET_LIMIT)) {
            return false;
        }
    }
    return true;
}

enum status sealed_content_open(const struct crypto *crypto, const uint8_t *seal_key,
                                const uint8_t *file, size_t size, struct sealed_content *content)
{
    enum status status = STATUS_CORRUPT;

    if (size == SEALED_CONTENT_FILE_SIZE && memcmp(file, head, sizeof head) == 0) {
        const struct crypto_seal seal = seal_of(seal_key, file + sizeof head);
        const struct crypto_part sealed = { file + SEALED_CONTENT_AT, size - SEALED_CONTENT_AT };
        status = crypto->open(crypto->ctx, &seal, sealed, (uint8_t *)content, sizeof *content);
    }
    if (status == STATUS_OK && !is_sound(content)) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        constant_time_wipe(content, sizeof *content);
    }
    return status;
}

// SPDX-License-Identifier: MIT
#pragma once

/// What the file seals, byte for byte: every field is made of bytes, so the struct has the same
/// layout everywhere. All zero is an empty store.

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"
#include "keystore.h"
#include "openssl_p256.h"
#include "status.h"

struct sealed_slot {
    uint8_t has_key; ///< 0 or 1.
    struct openssl_p256_key key;
    uint8_t certificate_size[2]; ///< Little-endian; 0: none.
    uint8_t certificate[KEYSTORE_CERTIFICATE_LIMIT];
};

struct sealed_secret {
    uint8_t size; ///< 0: never set.
    uint8_t value[KEYSTORE_SECRET_LIMIT];
};

struct sealed_content {
    struct sealed_slot slots[KEYSTORE_SLOT_COUNT];
    struct sealed_secret secrets[KEYSTORE_SECRET_COUNT];
};

enum {
    SEALED_CONTENT_HEAD = 9, ///< Name and version.
    SEALED_CONTENT_AT = SEALED_CONTENT_HEAD + CRYPTO_NONCE_SIZE,
    SEALED_CONTENT_FILE_SIZE = SEALED_CONTENT_AT + sizeof(struct sealed_content) + CRYPTO_TAG_SIZE
};

/// Writes a whole file with this nonce.
MUST_CHECK enum status sealed_content_close(const struct crypto *crypto, const uint8_t *seal_key,
                                            const uint8_t nonce[CRYPTO_NONCE_SIZE],
                                            const struct sealed_content *content,
                                            uint8_t file[SEALED_CONTENT_FILE_SIZE]);

/// Reads a whole file.
///
/// @return STATUS_CORRUPT  it is none, is damaged, or was sealed with another key; `content` is all
///                         zero then.
MUST_CHECK enum status sealed_content_open(const struct crypto *crypto, const uint8_t *seal_key,
                                           const uint8_t *file, size_t size,
                                           struct sealed_content *content);

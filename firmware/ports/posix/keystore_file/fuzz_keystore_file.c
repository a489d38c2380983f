// SPDX-License-Identifier: MIT

/// Any bytes instead of a sealed file are refused and leave nothing. What seals itself correctly is
/// made here of the bytes as content, and then every size in it is within its limits.

#include <string.h>

#include "bytes.h"
#include "openssl_crypto.h"
#include "sealed_content.h"

static void check(const struct sealed_content *content)
{
    for (size_t i = 0; i < KEYSTORE_SLOT_COUNT; i++) {
        if (content->slots[i].has_key > 1 ||
            bytes_load_le16(content->slots[i].certificate_size) > KEYSTORE_CERTIFICATE_LIMIT) {
            __builtin_trap();
        }
    }
    for (size_t i = 0; i < KEYSTORE_SECRET_COUNT; i++) {
        if (content->secrets[i].size > KEYSTORE_SECRET_LIMIT) {
            __builtin_trap();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[sizeof(struct sealed_content)];
    static const uint8_t seal_key[32];
    static struct sealed_content content;
    static struct sealed_content opened;
    static uint8_t file[SEALED_CONTENT_FILE_SIZE];
    const struct crypto crypto = openssl_crypto();

    if (sealed_content_open(&crypto, seal_key, data, size, &opened) == STATUS_OK ||
        memcmp(&opened, zeros, sizeof opened) != 0) {
        __builtin_trap();
    }
    memset(&content, 0, sizeof content);
    memcpy(&content, data, size < sizeof content ? size : sizeof content);
    if (sealed_content_close(&crypto, seal_key, seal_key, &content, file) != STATUS_OK) {
        __builtin_trap();
    }
    if (sealed_content_open(&crypto, seal_key, file, sizeof file, &opened) == STATUS_OK) {
        check(&opened);
    }
    return 0;
}

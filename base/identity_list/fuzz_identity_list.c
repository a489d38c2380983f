// SPDX-License-Identifier: MIT

/// Any bytes either fail to open or give entries that are found again and make the same list again.
/// The digest is a constant here, so that the fuzzer gets past it.

#include <stdint.h>
#include <string.h>

#include "identity_list.h"

static enum status no_digest(void *ctx, const struct crypto_part *parts, size_t count,
                             uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    (void)parts;
    (void)count;
    memset(digest, 0, CRYPTO_SHA256_SIZE);
    return STATUS_OK;
}

static void check(bool good)
{
    if (!good) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[8192];
    const struct crypto crypto = { .sha256 = no_digest };
    struct identity_list list;
    struct identity_list_writer writer;
    struct identity_entry entry;
    struct identity_entry found;

    if (size > sizeof again || identity_list_open(&list, data, size, &crypto) != STATUS_OK) {
        return 0;
    }
    check(identity_list_begin(&writer, again, sizeof again, list.made_at_s) == STATUS_OK);
    // Backwards, so that the writer has something to sort.
    for (size_t i = list.count; i > 0; i--) {
        check(identity_list_at(&list, i - 1, &entry) == STATUS_OK);
        check(identity_list_find(&list, entry.certificate_sha256, &found) == STATUS_OK);
        check(strcmp(entry.name, found.name) == 0 && entry.state == found.state);
        check(identity_list_add(&writer, &entry) == STATUS_OK);
    }
    check(identity_list_at(&list, list.count, &entry) == STATUS_MISSING);
    size_t again_size = 0;
    check(identity_list_end(&writer, &crypto, &again_size) == STATUS_OK);
    check(again_size == size && memcmp(again, data, size) == 0);
    return 0;
}

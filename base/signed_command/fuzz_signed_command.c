// SPDX-License-Identifier: MIT

/// Any bytes are judged without reading past them; only what ends as a signed command does reaches
/// the key.

#include <stdint.h>
#include <string.h>

#include "agreeable_crypto.h"
#include "signed_command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct crypto crypto = agreeable_crypto();
    static const uint8_t key[CRYPTO_P256_PUBLIC_SIZE];

    if (signed_command_verify(&crypto, key, data, size) == STATUS_OK &&
        (size <= SIGNED_COMMAND_SUFFIX_SIZE || size > SIGNED_COMMAND_LIMIT ||
         memcmp(data + size - SIGNED_COMMAND_SUFFIX_SIZE, ",\"~sig\":\"", 9) != 0 ||
         data[size - 1] != '}')) {
        __builtin_trap();
    }
    return 0;
}

// SPDX-License-Identifier: MIT

/// Any bytes are refused, or are a key whose size is within the limits.

#include "rsa_public_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bytes = 0;
    if (rsa_public_key_check(data, size, &bytes) == STATUS_OK &&
        (bytes < RSA_PUBLIC_KEY_LEAST_BYTES || bytes > RSA_PUBLIC_KEY_MOST_BYTES ||
         size < bytes + 4 || size > bytes + 20)) {
        __builtin_trap();
    }
    return 0;
}

// SPDX-License-Identifier: MIT

/// Any text is refused, or comes out again when its bytes are written.

#include <stdint.h>
#include <string.h>

#include "base32.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[256];
    char again[BASE32_LENGTH(sizeof bytes) + 1];
    size_t count = 0;

    if (base32_decode((const char *)data, size, bytes, sizeof bytes, &count) == STATUS_OK) {
        base32_encode(bytes, count, again);
        if (strlen(again) != size || (size > 0 && memcmp(again, data, size) != 0)) {
            __builtin_trap();
        }
    }
    return 0;
}

// SPDX-License-Identifier: MIT

/// Any text as a block: what is accepted encodes and decodes to the same bytes.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pem.h"

enum { LIMIT = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t der[LIMIT];
    uint8_t again[LIMIT];
    char text[2 * LIMIT];
    size_t der_size = 0;
    size_t text_size = 0;

    if (pem_decode((const char *)data, size, "X", der, sizeof der, &der_size) != STATUS_OK) {
        return 0;
    }
    const size_t first_size = der_size;
    if (pem_encode("X", der, der_size, text, sizeof text, &text_size) != STATUS_OK ||
        pem_decode(text, text_size, "X", again, sizeof again, &der_size) != STATUS_OK ||
        der_size != first_size || memcmp(der, again, der_size) != 0) {
        abort();
    }
    return 0;
}

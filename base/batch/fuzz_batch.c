// SPDX-License-Identifier: MIT

/// Whatever decodes must encode again, and that must decode to the same bytes once more.

#include <stdlib.h>
#include <string.h>

#include "batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record records[BATCH_RECORD_LIMIT];
    static uint8_t first[BATCH_SIZE_LIMIT];
    static uint8_t second[BATCH_SIZE_LIMIT];
    struct batch_header header;
    size_t first_size;
    size_t second_size;

    if (batch_decode(data, size, &header, records) != STATUS_OK) {
        return 0;
    }
    if (batch_encode(&header, records, first, sizeof first, &first_size) != STATUS_OK ||
        batch_decode(first, first_size, &header, records) != STATUS_OK ||
        batch_encode(&header, records, second, sizeof second, &second_size) != STATUS_OK ||
        first_size != second_size || memcmp(first, second, first_size) != 0) {
        abort();
    }
    return 0;
}

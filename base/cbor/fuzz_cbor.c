// SPDX-License-Identifier: MIT

/// Walks any bytes as CBOR twice, item by item and by skipping; both walks must agree.

#include <stdlib.h>

#include "cbor_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status read_any(struct cbor_reader *reader, unsigned depth)
{
    uint64_t number;
    int64_t integer;
    const uint8_t *bytes;
    const char *text;
    size_t count;

    if (cbor_read_uint(reader, &number) == STATUS_OK ||
        cbor_read_int(reader, &integer) == STATUS_OK ||
        cbor_read_bytes(reader, &bytes, &count) == STATUS_OK ||
        cbor_read_text(reader, &text, &count) == STATUS_OK) {
        return STATUS_OK;
    }
    if (cbor_read_map(reader, &count) == STATUS_OK) {
        count *= 2;
    } else if (cbor_read_array(reader, &count) != STATUS_OK) {
        // A negative number below INT64_MIN is sound CBOR, though no int64_t holds it.
        return cbor_skip(reader);
    }
    if (count > 0 && depth == CBOR_DEPTH_LIMIT) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < count; i++) {
        if (read_any(reader, depth + 1) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cbor_reader reader;
    struct cbor_reader skipper;
    cbor_reader_init(&reader, data, size);
    cbor_reader_init(&skipper, data, size);

    const enum status read = read_any(&reader, 0);
    const enum status skipped = cbor_skip(&skipper);
    if (read != skipped || (read == STATUS_OK && reader.offset != skipper.offset)) {
        abort();
    }
    return 0;
}

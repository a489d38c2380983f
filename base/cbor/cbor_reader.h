// SPDX-License-Identifier: MIT
#pragma once

/// Reads CBOR (RFC 8949) from bytes that nobody vouches for, without copying them.
///
/// Accepted are integers, byte and text strings, arrays and maps of definite length with every
/// number in its shortest form (section 4.2.1). Floating point, indefinite lengths and longer forms
/// are refused, and so are booleans and tags but where they are asked for. A count is refused when
/// the bytes left could not hold so many items, so it is safe to loop over. No function reads
/// outside of the bytes given or leaves the reader elsewhere after a failure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { CBOR_DEPTH_LIMIT = 8 }; ///< How deep cbor_skip() follows arrays and maps in each other.

/// Use it only through the functions.
struct cbor_reader {
    const uint8_t *data;
    size_t size;
    size_t offset;
};

/// `data` must stay alive as long as the reader and what was read from it.
void cbor_reader_init(struct cbor_reader *reader, const uint8_t *data, size_t size);

/// Every reading function returns STATUS_CORRUPT when the next item is not what was asked for, is
/// malformed or does not fit the result.
MUST_CHECK enum status cbor_read_uint(struct cbor_reader *reader, uint64_t *value);
MUST_CHECK enum status cbor_read_int(struct cbor_reader *reader, int64_t *value);
MUST_CHECK enum status cbor_read_bytes(struct cbor_reader *reader, const uint8_t **data,
                                       size_t *size);

/// The text is not terminated and not checked for UTF-8.
MUST_CHECK enum status cbor_read_text(struct cbor_reader *reader, const char **text, size_t *size);

MUST_CHECK enum status cbor_read_boolean(struct cbor_reader *reader, bool *value);

/// Passes over a tag; the item that it is on follows.
MUST_CHECK enum status cbor_read_tag(struct cbor_reader *reader, uint64_t tag);

/// Enters an array; `*count` items follow.
MUST_CHECK enum status cbor_read_array(struct cbor_reader *reader, size_t *count);

/// Enters a map; `*count` pairs of key and value follow.
MUST_CHECK enum status cbor_read_map(struct cbor_reader *reader, size_t *count);

/// Passes over one item with all that it contains.
MUST_CHECK enum status cbor_skip(struct cbor_reader *reader);

/// Tells whether every byte has been read.
bool cbor_reader_is_at_end(const struct cbor_reader *reader);

// SPDX-License-Identifier: MIT
#pragma once

/// Writes the Distinguished Encoding Rules of ASN.1 (X.690 clause 10) into storage of the caller.
///
/// It writes from the end to the beginning, so that whatever holds others knows their size when its
/// head is due: the last element comes first, and a wrap comes after what it holds.
///
///     der_writer_element(&writer, DER_INTEGER, "\x02", 1);    // ..., second
///     der_writer_element(&writer, DER_INTEGER, "\x01", 1);    // first, second
///     der_writer_wrap(&writer, DER_SEQUENCE, 0);              // SEQUENCE { first, second }

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "der_reader.h"
#include "status.h"

/// Use it only through the functions below.
struct der_writer {
    uint8_t *storage;
    size_t capacity;
    size_t size; ///< Written so far, at the end of the storage.
    bool is_full;
};

/// `storage` of `capacity` bytes, at most 65535, must outlive the writer.
void der_writer_open(struct der_writer *writer, uint8_t *storage, size_t capacity);

/// What was written so far, in bytes: a mark for der_writer_wrap().
size_t der_writer_mark(const struct der_writer *writer);

/// Puts bytes that are DER already, or content for a wrap, in front of what there is.
void der_writer_bytes(struct der_writer *writer, const void *bytes, size_t size);

/// Makes everything that was written since `mark` the content of one element.
void der_writer_wrap(struct der_writer *writer, enum der_tag tag, size_t mark);

/// One element with this content.
void der_writer_element(struct der_writer *writer, enum der_tag tag, const void *content,
                        size_t size);

/// Moves what was written to the beginning of the storage.
///
/// @return STATUS_FULL  it did not fit.
MUST_CHECK enum status der_writer_finish(struct der_writer *writer, size_t *size);

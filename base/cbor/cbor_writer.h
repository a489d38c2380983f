// SPDX-License-Identifier: MIT
#pragma once

/// Writes CBOR (RFC 8949): integers, booleans, byte and text strings, arrays, maps and tags, all of
/// definite length, every number in its shortest form (section 4.2.1). What a map's keys are and
/// how they are ordered is the caller's business.
///
/// The writer counts on after the room has run out, so a series of calls needs one check at its
/// end.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Use it only through the functions.
struct cbor_writer {
    uint8_t *out;
    size_t capacity;
    size_t size; ///< Bytes that were asked for; more than `capacity` once it overflowed.
};

void cbor_writer_init(struct cbor_writer *writer, uint8_t *out, size_t capacity);

void cbor_write_uint(struct cbor_writer *writer, uint64_t value);
void cbor_write_int(struct cbor_writer *writer, int64_t value);
void cbor_write_bytes(struct cbor_writer *writer, const uint8_t *data, size_t size);
void cbor_write_text(struct cbor_writer *writer, const char *text, size_t size);

void cbor_write_boolean(struct cbor_writer *writer, bool value);

/// Tags the item that follows.
void cbor_write_tag(struct cbor_writer *writer, uint64_t tag);

/// Begins an array; `count` items must follow.
void cbor_write_array(struct cbor_writer *writer, size_t count);

/// Begins a map; `count` pairs of key and value must follow.
void cbor_write_map(struct cbor_writer *writer, size_t count);

/// Tells how many bytes were written.
///
/// @return STATUS_FULL  it did not all fit; `*size` is the room that would have been enough.
MUST_CHECK enum status cbor_writer_finish(const struct cbor_writer *writer, size_t *size);

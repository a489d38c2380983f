// SPDX-License-Identifier: MIT
#pragma once

/// Writes one JSON document (RFC 8259) into the caller's buffer as the calls come, without a tree.
///
/// A document that does not fit is never cut: once room runs out, the writer ignores what follows
/// and json_writer_finish() says STATUS_FULL. The same holds for nesting deeper than
/// JSON_WRITER_DEPTH. Fractions come from scaled integers, so that a number reads the same on every
/// machine.
///
/// `name` is the member's name inside an object, and NULL inside an array or for the outermost
/// value.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { JSON_WRITER_DEPTH = 16 };

/// Storage for one document, owned by the caller. Use it only through the functions below.
struct json_writer {
    char *out;
    size_t capacity;
    size_t size;
    uint32_t filled; ///< Bit d: the container at depth d already has a member.
    unsigned depth;
    bool failed;
};

/// Starts a document in `out`, which must outlive the writer.
void json_writer_init(struct json_writer *writer, char *out, size_t capacity);

void json_writer_begin_object(struct json_writer *writer, const char *name);
void json_writer_end_object(struct json_writer *writer);
void json_writer_begin_array(struct json_writer *writer, const char *name);
void json_writer_end_array(struct json_writer *writer);

/// Writes text, escaping what JSON demands. Bytes from 0x80 are passed on: `value` is UTF-8.
void json_writer_string(struct json_writer *writer, const char *name, const char *value);

void json_writer_integer(struct json_writer *writer, const char *name, int64_t value);
void json_writer_unsigned(struct json_writer *writer, const char *name, uint64_t value);
void json_writer_boolean(struct json_writer *writer, const char *name, bool value);
void json_writer_null(struct json_writer *writer, const char *name);

/// Writes `value` / 10^`decimals` exactly, without trailing zeros: (-12340, 3) becomes -12.34.
/// `decimals` is at most 18.
void json_writer_decimal(struct json_writer *writer, const char *name, int64_t value,
                         unsigned decimals);

/// Writes a value that is JSON already; whoever made it vouches for it.
void json_writer_verbatim(struct json_writer *writer, const char *name, const char *json);

/// Ends the document with a NUL that `*size` does not count.
///
/// @return STATUS_FULL     it did not fit, or was nested too deep; nothing in `out` may be used;
///         STATUS_INVALID  an object or array is still open.
MUST_CHECK enum status json_writer_finish(struct json_writer *writer, size_t *size);

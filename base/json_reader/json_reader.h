// SPDX-License-Identifier: MIT
#pragma once

/// Reads a small JSON object (RFC 8259) from outside, in memory of fixed size.
///
/// Strict: one object and nothing after it, valid UTF-8, no name twice in an object, no NUL in a
/// string, at most four containers deep. Everything is checked before the first member is handed
/// out.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    JSON_READER_SIZE_LIMIT = 2048,        ///< Largest document in bytes.
    JSON_READER_LARGE_LIMIT = UINT16_MAX, ///< Largest that json_reader_open_large() takes.
    JSON_READER_DEPTH_LIMIT = 4,
    JSON_READER_MEMBER_LIMIT = 48, ///< Members of all objects of one document together.
};

enum json_kind {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_member {
    uint16_t name;  ///< Offset of the name, behind its quote.
    uint16_t value; ///< Offset of the value; of a string, behind its quote.
    uint8_t kind;   ///< enum json_kind of the value.
    uint8_t parent; ///< The object it belongs to; 0 is the outermost.
    uint8_t object; ///< The object that is its value, if `kind` is JSON_OBJECT.
};

/// Storage for one document, owned by the caller. Use it only through the functions below.
struct json_reader {
    const char *text;
    uint16_t size;
    uint16_t position;
    uint8_t member_count;
    uint8_t object_count;
    struct json_member members[JSON_READER_MEMBER_LIMIT];
};

/// Checks the whole document. `text` need not end with NUL and must outlive the reader.
///
/// @return STATUS_FULL     larger, deeper or with more members than the limits allow;
///         STATUS_CORRUPT  not one JSON object. The reader then has no members.
MUST_CHECK enum status json_reader_open(struct json_reader *reader, const void *text, size_t size);

/// As json_reader_open(), for documents of up to `limit` bytes, at most JSON_READER_LARGE_LIMIT.
MUST_CHECK enum status json_reader_open_large(struct json_reader *reader, const void *text,
                                              size_t size, size_t limit);

/// Copies a string member, decoded to UTF-8, with a final NUL.
///
/// Here and below: @return STATUS_MISSING  the outermost object has no such member;
///                         STATUS_INVALID  it is of another kind or out of range;
///                         STATUS_FULL     it is longer than `capacity` - 1 bytes.
/// The output is written only on STATUS_OK, except that STATUS_FULL leaves `out` empty.
MUST_CHECK enum status json_reader_string(const struct json_reader *reader, const char *name,
                                          char *out, size_t capacity);

/// As json_reader_string(), for the member `name` of the object that is the outermost member
/// `object`. @return STATUS_INVALID  also if that is no object.
MUST_CHECK enum status json_reader_inner_string(const struct json_reader *reader,
                                                const char *object, const char *name, char *out,
                                                size_t capacity);

/// A whole number; one with a fraction or an exponent is STATUS_INVALID.
MUST_CHECK enum status json_reader_integer(const struct json_reader *reader, const char *name,
                                           int64_t *out);

MUST_CHECK enum status json_reader_boolean(const struct json_reader *reader, const char *name,
                                           bool *out);

/// Copies the name of the first outermost member that is none of `count` `names`, for documents in
/// which an unknown member is a mistake.
///
/// @return STATUS_MISSING  there is no such member.
MUST_CHECK enum status json_reader_stranger(const struct json_reader *reader,
                                            const char *const *names, size_t count, char *out,
                                            size_t capacity);

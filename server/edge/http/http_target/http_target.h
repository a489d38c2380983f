// SPDX-License-Identifier: MIT
#pragma once

/// The target of an HTTP request (RFC 9112 section 3.2.1, origin form), taken apart strictly.
///
/// Whatever could be read in two ways is refused: dot segments, empty segments, encoded slashes and
/// NULs, control characters, all beyond ASCII, names that come twice. So a path that passes names
/// one thing only, and never one above its root.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    HTTP_TARGET_SIZE_LIMIT = 2048, ///< Longest target in bytes.
    HTTP_TARGET_QUERY_LIMIT = 16,  ///< Most members of a query.
};

struct http_query_member {
    const char *name;
    const char *value;
};

/// Storage for one target, owned by the caller; all text lies in `text`.
struct http_target {
    char text[HTTP_TARGET_SIZE_LIMIT + 2];
    const char *path; ///< Decoded, begins with "/".
    struct http_query_member query[HTTP_TARGET_QUERY_LIMIT];
    size_t query_count;
    const char *repeated; ///< After STATUS_CORRUPT: the query's member that came twice, or NULL.
};

/// @return STATUS_FULL     longer or with more members than the limits allow;
///         STATUS_CORRUPT  not an unambiguous target. `*out` is then undefined but for
///                         `repeated`.
MUST_CHECK enum status http_target_parse(struct http_target *out, const char *raw, size_t size);

/// The value of a query's member; NULL when there is none.
const char *http_target_query(const struct http_target *target, const char *name);

/// Reads a whole decimal number, and nothing else.
///
/// @return STATUS_INVALID  it is none, or not within [least, most].
MUST_CHECK enum status http_target_number(const char *text, int64_t least, int64_t most,
                                          int64_t *out);

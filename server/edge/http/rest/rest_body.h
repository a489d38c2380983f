// SPDX-License-Identifier: MIT
#pragma once

/// Reads the JSON object in a request's body, strictly: an unknown member, a wrong type or a value
/// out of range is refused with a sentence that names the member.

#include "json_reader.h"
#include "rest.h"

/// Opens the body, which must be application/json with these members at most. Otherwise answers and
/// returns false.
bool rest_body_open(struct json_reader *reader, const struct rest_request *request,
                    const char *const *members, size_t count, struct http_reply *reply);

/// Each reads a member that must be there; otherwise answers 400 and returns false. `error` is the
/// word of the answer.
bool rest_body_text(const struct json_reader *reader, const char *name, char *out, size_t capacity,
                    const char *error, struct http_reply *reply);
bool rest_body_integer(const struct json_reader *reader, const char *name, int64_t least,
                       int64_t most, int64_t *out, const char *error, struct http_reply *reply);
bool rest_body_boolean(const struct json_reader *reader, const char *name, bool *out,
                       const char *error, struct http_reply *reply);

/// The same for members that may be left out; `*out` then stays as it is.
bool rest_body_optional_integer(const struct json_reader *reader, const char *name, int64_t least,
                                int64_t most, int64_t *out, const char *error,
                                struct http_reply *reply);
bool rest_body_optional_boolean(const struct json_reader *reader, const char *name, bool *out,
                                const char *error, struct http_reply *reply);

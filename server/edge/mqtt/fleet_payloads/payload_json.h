// SPDX-License-Identifier: MIT
#pragma once

/// JSON from devices, read strictly: cJSON alone takes what follows the object, a name twice, bytes
/// that are not UTF-8 and control characters, and would hand them on to every browser.

#include <stddef.h>

struct cJSON;

enum { PAYLOAD_MEMBER_LIMIT = 64 }; ///< Members of one object.

/// Parses one JSON object (RFC 8259); `text` need not end with NUL.
///
/// @return NULL  not one object and nothing else, not UTF-8, a name twice in an object, a NUL, more
///               members than the limit, or no memory. Otherwise the caller calls cJSON_Delete().
struct cJSON *payload_json_parse(const char *text, size_t size);

/// Copies UTF-8 with a final NUL; what does not fit is cut between two characters.
void payload_json_copy(const char *text, char *out, size_t size);

// SPDX-License-Identifier: MIT
#pragma once

/// Files of test vectors in JSON, from the folder TEST_DATA_DIR.

#include <cjson/cJSON.h>

#include "crypto.h"

/// For a test's main(): reads `name` in TEST_DATA_DIR, or else beside the repository.
///
/// @return 0, and `json` to be freed; or what main() returns: 77 when there is no such file, said
///         aloud, but 1 with OHM_REQUIRE_DATA=1, or when the file is no JSON.
int vector_file_open(const char *name, cJSON **json);

/// A member in hexadecimal digits as bytes; ends the program when there is none. The bytes live
/// until 15 further calls were made.
struct crypto_part vector_bytes(const cJSON *object, const char *name);

/// A member that is a text; ends the program when there is none.
const char *vector_text(const cJSON *object, const char *name);

/// A member that is a whole number; ends the program when there is none.
long long vector_number(const cJSON *object, const char *name);

// SPDX-License-Identifier: MIT
#pragma once

/// The name of a device, as in its certificate, its topics and its rows.

#include <stdbool.h>
#include <stddef.h>

enum { DEVICE_ID_SIZE = 33 }; ///< 1 to 32 of [A-Za-z0-9_-], and a terminator.

/// Copies `size` bytes of text to `device_id` with a terminator when they are a valid name.
///
/// @return false  they are not; `device_id` is untouched.
bool device_id_parse(const char *text, size_t size, char device_id[DEVICE_ID_SIZE]);

// SPDX-License-Identifier: MIT
#pragma once

/// Replaces a small file as a whole.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Writes `size` bytes beside `path`, syncs them, renames them to `path` and syncs the folder:
/// after a power cut at any moment there is the old file or the new one. The group may read it,
/// others may not.
///
/// @return STATUS_IO  errno says why; the old file is still in place, or the new one is and may not
///                    outlive a power cut.
MUST_CHECK enum status identity_file_replace(const char *path, const uint8_t *data, size_t size);

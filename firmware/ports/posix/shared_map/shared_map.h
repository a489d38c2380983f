// SPDX-License-Identifier: MIT
#pragma once

/// A file in memory, mapped: what is stored there outlives the process, and storing never waits.
///
/// Only files on a tmpfs (such as /dev/shm or /run) are taken. On a disk, the first store to a
/// clean page can wait for the disk, which is what this module exists to prevent.

#include <stddef.h>

#include "status.h"

/// Maps `size` bytes of the file `path`, made if need be and zero where it was shorter. The pages
/// are present, and locked where the system allows it. The mapping lasts until shared_map_close().
///
/// @return STATUS_INVALID  `path` is not on a tmpfs;
///         STATUS_IO       the file cannot be opened, grown or mapped; errno tells why.
MUST_CHECK enum status shared_map_open(const char *path, size_t size, void **memory);

/// Ends the mapping; the file stays. NULL is fine.
void shared_map_close(void *memory, size_t size);

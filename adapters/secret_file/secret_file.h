// SPDX-License-Identifier: MIT
#pragma once

/// Small files that are there whole or not at all, whatever happens to the power: written under
/// another name, synced, renamed, and the folder synced.

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "status.h"

enum { SECRET_FILE_PATH_SIZE = 512 };

/// For tests: stands before every step that changes the disk.
struct secret_file_probe {
    /// @return false  makes the step, and so the call, fail as a power cut would.
    bool (*may_go_on)(void *ctx);
    void *ctx;
};

/// Writes a file with these rights, replacing one that is there. What is left of an earlier attempt
/// is written over.
///
/// @return STATUS_IO  nothing changed, or the file is whole already.
MUST_CHECK enum status secret_file_write(const char *path, const void *data, size_t size,
                                         mode_t mode, const struct secret_file_probe *probe);

/// Reads a whole file of at most `capacity` - 1 bytes and ends it with NUL.
///
/// @return STATUS_MISSING  there is none;  STATUS_FULL  it is longer;  STATUS_IO  it cannot be
/// read.
MUST_CHECK enum status secret_file_read(const char *path, char *out, size_t capacity, size_t *size);

/// Whether others than the owner may read the file.
bool secret_file_is_open_to_others(const char *path);

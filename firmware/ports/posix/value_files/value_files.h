// SPDX-License-Identifier: MIT
#pragma once

/// Named values on a host: a folder with one file a value.
///
/// A value is written to a file of its own, synchronised, and renamed over the old one, so a power
/// cut leaves the old value or the new one. Chips keep theirs in flash instead.

#include "key_value.h"
#include "status.h"

enum { VALUE_FILES_FOLDER_SIZE = 400 };

/// Storage for one folder of values, owned by the caller. Use it only through the functions below.
struct value_files {
    char folder[VALUE_FILES_FOLDER_SIZE];
};

/// Uses the folder `path`, made if need be.
///
/// @return STATUS_INVALID  the path is too long;  STATUS_IO  errno tells why.
MUST_CHECK enum status value_files_open(struct value_files *files, const char *path);

/// The seam on `files`, which must outlive it. set() fails with STATUS_IO, and errno tells why. One
/// thread at a time.
struct key_value value_files_seam(struct value_files *files);

// SPDX-License-Identifier: MIT
#pragma once

/// A configuration file: one `key = value` a line, `#` starts a comment line, blank lines are free.
///
/// A value runs to the end of its line and may be put in double quotes, which are taken off.

#include <stddef.h>

#include "status.h"

enum { CONFIG_FILE_SIZE_LIMIT = 65536, CONFIG_FILE_FAULT_SIZE = 256 };

/// Takes one pair. @return NULL, or what is wrong with it in a few words.
struct config_taker {
    const char *(*take)(void *ctx, const char *key, const char *value);
    void *ctx;
};

/// Hands every pair of `text` to `taker`, in order, until one is wrong. `text` ends with NUL and is
/// changed on the way. `name` is what the fault calls the file.
///
/// @return STATUS_INVALID  a line is not as described, or the taker refused it; `fault` says which
///                         line and why.
MUST_CHECK enum status config_text_read(char *text, const char *name,
                                        const struct config_taker *taker,
                                        char fault[CONFIG_FILE_FAULT_SIZE]);

/// Reads the file `path` in the same way.
///
/// @return also STATUS_IO    it cannot be read;
///              STATUS_FULL  it is larger than CONFIG_FILE_SIZE_LIMIT, or holds a NUL.
MUST_CHECK enum status config_file_read(const char *path, const struct config_taker *taker,
                                        char fault[CONFIG_FILE_FAULT_SIZE]);

// SPDX-License-Identifier: MIT
#pragma once

/// The key that seals a keystore's file: 32 random bytes in a file of its own.
///
/// Kept apart from what it seals, it makes a copy of the store worthless. On a machine without a
/// place of its own for it, it only keeps the store out of careless copies and of core files.

#include <stdbool.h>
#include <stdint.h>

#include "entropy.h"
#include "status.h"

enum { SEAL_KEY_SIZE = 32, SEAL_KEY_FAULT_SIZE = 256 };

/// Reads the file, or makes it where there is none and `may_make`: never for a store that exists
/// already, since no new key opens it.
///
/// On failure `fault` says in a sentence what is wrong and what to do.
///
/// @return STATUS_MISSING  there is no file;
///         STATUS_INVALID  others than the owner may read or write it;
///         STATUS_CORRUPT  it is not SEAL_KEY_SIZE bytes long;
///         STATUS_IO       the disk or `entropy` failed.
MUST_CHECK enum status seal_key_load(const char *path, bool may_make, const struct entropy *entropy,
                                     uint8_t key[SEAL_KEY_SIZE], char fault[SEAL_KEY_FAULT_SIZE]);

// SPDX-License-Identifier: MIT
#pragma once

/// A keystore in one sealed file, for machines without a chip for it.
///
///     "OHM-KEYS" | version 1 | nonce 12 | AES-256-GCM of sealed_content.h | tag 16
///
/// What stands before the nonce is authenticated, too. Every change writes the whole file anew
/// under another name, with a new nonce, and renames it: after a power cut the old store is there
/// or the new one. A file that does not open is STATUS_CORRUPT and stays as it is.
///
/// It keeps out whoever has the file and not the seal key; it cannot know that somebody put an
/// older file back. While it is open, private keys are in one locked page range that core files
/// leave out.

#include <stdint.h>

#include "crypto.h"
#include "entropy.h"
#include "keystore.h"
#include "secret_file.h"
#include "status.h"

enum { KEYSTORE_FILE_SEAL_SIZE = 32 };

/// What the store works with. `crypto`, `entropy` and `probe` outlive it.
struct keystore_file_parts {
    const char *path;
    const uint8_t *seal_key; ///< KEYSTORE_FILE_SEAL_SIZE bytes; the store keeps a copy.
    const struct crypto *crypto;
    const struct entropy *entropy;
    const struct secret_file_probe *probe; ///< For tests; NULL.
};

struct keystore_file;

/// Opens the store; where there is no file, an empty one that the first change will write.
///
/// @return STATUS_CORRUPT  the file is damaged, or sealed with another key;
///         STATUS_IO       it cannot be read, or there is no memory.
MUST_CHECK enum status keystore_file_open(struct keystore_file **store,
                                          const struct keystore_file_parts *parts);

/// The table of the store; it lives until keystore_file_close().
///
/// Besides what keystore.h says: STATUS_INVALID for a slot or secret that does not exist, and
/// STATUS_IO when the disk failed. Then the store is what the file says, the old or the new.
const struct keystore *keystore_file_table(const struct keystore_file *store);

/// Wipes what is in memory. NULL is fine.
void keystore_file_close(struct keystore_file *store);

// SPDX-License-Identifier: MIT
#pragma once

/// What accounts need from cryptography and from the machine's randomness. The domain owns this
/// seam; server/store/password_hash fills it in. All functions may be called from several threads.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { ACCOUNT_DIGEST_SIZE = 32, PASSWORD_HASH_SIZE = 160 };

struct account_crypto {
    /// Fills `out` with bytes nobody can predict.
    MUST_CHECK enum status (*random)(void *ctx, uint8_t *out, size_t size);

    /// SHA-256 (FIPS 180-4).
    MUST_CHECK enum status (*digest)(void *ctx, const void *data, size_t size,
                                     uint8_t out[ACCOUNT_DIGEST_SIZE]);

    /// Writes a salted, slow, memory-hard hash of `password` as text.
    ///
    /// @return STATUS_BUSY  too many are being computed; STATUS_IO  no memory.
    MUST_CHECK enum status (*hash_password)(void *ctx, const char *password,
                                            char out[PASSWORD_HASH_SIZE]);

    /// @return STATUS_INVALID  the password is another one; STATUS_CORRUPT  `hash` is no hash;
    ///         otherwise as hash_password().
    MUST_CHECK enum status (*verify_password)(void *ctx, const char *password, const char *hash);

    /// Tells whether `hash` was made with weaker parameters than today's.
    bool (*is_outdated)(void *ctx, const char *hash);

    void *ctx;
};

// SPDX-License-Identifier: MIT
#pragma once

/// The fleet's own signature under its commands. What sends commands to devices uses it; a store
/// keeps the key. May be called from any thread.

#include <stdint.h>

#include "crypto.h"
#include "status.h"

struct command_signer {
    /// Signs a SHA-256 digest (ECDSA, P-256). @return STATUS_IO  it could not.
    MUST_CHECK enum status (*sign)(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                                   uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);
    void *ctx;
};

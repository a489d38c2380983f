// SPDX-License-Identifier: MIT
#pragma once

/// Fills in the domain's account_crypto: argon2id (RFC 9106) for passwords, SHA-256 and the
/// kernel's randomness. Hashes are PHC strings, so they name their own parameters.
///
/// At most PASSWORD_HASH_AT_ONCE passwords are hashed at one time, since each takes the memory of
/// its parameters; more are told STATUS_BUSY.

#include "account_crypto.h"

enum {
    PASSWORD_HASH_AT_ONCE = 2,
    PASSWORD_HASH_MEMORY_KIB = 64 * 1024,
    PASSWORD_HASH_PASSES = 3,
};

struct password_hash_parameters {
    uint32_t memory_kib;
    uint32_t passes;
};

/// Opens the machine with the parameters given; {0} stands for the two constants above. Close it
/// with password_hash_close() when nobody uses it any more.
///
/// @return STATUS_IO  no memory.
MUST_CHECK enum status password_hash_open(struct password_hash_parameters parameters,
                                          struct account_crypto *out);

void password_hash_close(struct account_crypto *crypto);

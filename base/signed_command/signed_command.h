// SPDX-License-Identifier: MIT
#pragma once

/// A JSON command that ends with its signature: `{…,"~sig":"<86 characters>"}`.
///
/// What is signed is "EM-CMD-V1", a zero byte, and the command as it was before the member was
/// added, byte for byte; so nobody has to bring JSON into a canonical form, and a command that was
/// written anew on its way is refused. The signature is ECDSA over P-256 with SHA-256 (FIPS 186-5),
/// r and s, in base64url without padding (RFC 4648 section 5).
///
/// Only the bytes are judged here: who may sign, the target, the expiry and repetition are the
/// caller's.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    SIGNED_COMMAND_LIMIT = 2048,    ///< Longest command in bytes, signature included.
    SIGNED_COMMAND_SUFFIX_SIZE = 97 ///< `,"~sig":"`, the signature, and `"}`.
};

/// Checks that `payload` ends with the signature of `key` over what is before it.
///
/// @return STATUS_INVALID  it is too long, or does not end with a signature;
///         STATUS_CORRUPT  the signature is not of this key and command;
///         anything else that `crypto` says.
MUST_CHECK enum status signed_command_verify(const struct crypto *crypto,
                                             const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                             const void *payload, size_t size);

/// What is to be signed of `command`, a JSON object from brace to brace that has at least one
/// member.
///
/// @return STATUS_INVALID  it is none;
///         STATUS_FULL     with its signature it would be too long.
MUST_CHECK enum status signed_command_digest(const struct crypto *crypto, const void *command,
                                             size_t size, uint8_t digest[CRYPTO_SHA256_SIZE]);

/// Adds the signature to the `*size` bytes of `command`, which grow by
/// SIGNED_COMMAND_SUFFIX_SIZE - 1.
///
/// @return STATUS_FULL  `capacity` is too small;  STATUS_INVALID  as signed_command_digest().
MUST_CHECK enum status signed_command_append(void *command, size_t *size, size_t capacity,
                                             const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

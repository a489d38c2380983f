// SPDX-License-Identifier: MIT
#pragma once

/// Reads certificate requests with OpenSSL: the one place where bytes of a stranger meet ASN.1.
///
/// Sizes are checked before anything is decoded, and of what is decoded only the public key, the
/// names asked for and the signature are looked at.

#include "certificate_authority.h"

/// @return as certificate_authority.read_request().
enum request_verdict certificate_request_read(enum request_form form, const void *text, size_t size,
                                              struct certificate_request *out);

/// The SHA-256 of the SubjectPublicKeyInfo of a P-256 key, in the one form with an uncompressed
/// point, so that no key has two digests.
///
/// @return false  the library failed.
bool certificate_key_digest(const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                            uint8_t digest[CRYPTO_SHA256_SIZE]);

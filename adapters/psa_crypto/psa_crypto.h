// SPDX-License-Identifier: MIT
#pragma once

/// `struct crypto` on PSA Crypto: for microcontrollers, where mbedTLS (2.28, or 3.6 in ESP-IDF) and
/// its hardware stand behind it. Only calls that 2.28, 3.6 and 4 all have. The library must be
/// built with GCM, ChaCha20-Poly1305, Curve25519, P-256 and RSA: ESP-IDF leaves ChaCha20 out unless
/// asked.
///
/// PSA has one store of keys for the whole program, which before 3.6 must not be used by two
/// threads at once: each call holds one lock while its key is in there, so the table may serve
/// several threads, one after the other.

#include "crypto.h"

/// Readies the library, which may take several calls as one, and fills in the table.
///
/// @return STATUS_IO  it has no entropy or no memory.
MUST_CHECK enum status psa_crypto_open(struct crypto *crypto);

/// Fills `out` from the library's generator, which psa_crypto_open() seeded. From any task.
///
/// @return STATUS_IO  the generator failed.
MUST_CHECK enum status psa_crypto_random(void *out, size_t size);

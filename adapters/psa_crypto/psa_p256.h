// SPDX-License-Identifier: MIT
#pragma once

/// Makes P-256 keys and signs with them by PSA Crypto, for a keystore made of software on a
/// microcontroller. psa_crypto_open() comes first.

#include <stdint.h>

#include "crypto.h"

enum { PSA_P256_PRIVATE_SIZE = 32 };

/// A new key: its private half big-endian, which whoever keeps it wipes, and its public half.
///
/// @return STATUS_IO  the library failed; `private_key` is wiped.
MUST_CHECK enum status psa_p256_generate(uint8_t private_key[PSA_P256_PRIVATE_SIZE],
                                         uint8_t public_key[CRYPTO_P256_PUBLIC_SIZE]);

/// ECDSA (FIPS 186-5 section 6.4.1).
///
/// @return STATUS_CORRUPT  it is no private key;  STATUS_IO  the library failed.
MUST_CHECK enum status psa_p256_sign(const uint8_t private_key[PSA_P256_PRIVATE_SIZE],
                                     const uint8_t digest[CRYPTO_SHA256_SIZE],
                                     uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE]);

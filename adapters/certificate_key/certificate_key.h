// SPDX-License-Identifier: MIT
#pragma once

/// Reads whose key a certificate is for.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

/// The public key of a certificate in DER.
///
/// @return STATUS_CORRUPT  it is no certificate;  STATUS_INVALID  its key is not on P-256.
MUST_CHECK enum status certificate_key_read(const uint8_t *der, size_t size,
                                            uint8_t key[CRYPTO_P256_PUBLIC_SIZE]);

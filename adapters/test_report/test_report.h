// SPDX-License-Identifier: MIT
#pragma once

/// A device's report on itself, signed by a test that plays the device.

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation.h"

/// Signs a report at level "software" that answers `nonce`, with the P-256 key `key`.
///
/// @return its size; 0: the library failed.
size_t test_report_sign(EVP_PKEY *key, const uint8_t nonce[ATTESTATION_NONCE_SIZE],
                        uint8_t message[ATTESTATION_SIZE_LIMIT]);

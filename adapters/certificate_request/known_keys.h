// SPDX-License-Identifier: MIT
#pragma once

/// Keys whose private half is printed somewhere.

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"

/// Tells whether a key is a published example, by the SHA-256 of its SubjectPublicKeyInfo.
bool known_keys_contain(const uint8_t key_digest[CRYPTO_SHA256_SIZE]);

// SPDX-License-Identifier: MIT
#pragma once

/// Keys out of a secret: HKDF with SHA-256 (RFC 5869).

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    HKDF_SIZE_LIMIT = 255 * CRYPTO_SHA256_SIZE, ///< Of the output (RFC 5869 section 2.3).
    HKDF_INFO_LIMIT = 6                         ///< Parts of the label.
};

struct hkdf {
    struct crypto_part secret; ///< The "input keying material"; may be empty.
    struct crypto_part salt;   ///< Empty means 32 zero bytes (RFC 5869 section 2.2).
    const struct crypto_part *info;
    size_t info_count; ///< Its parts count as one text.
};

/// Fills `out`, and wipes it when that fails.
///
/// @return STATUS_INVALID  `size` is above HKDF_SIZE_LIMIT, or there are too many parts; else as
///                         crypto->hmac_sha256().
MUST_CHECK enum status hkdf_sha256(const struct crypto *crypto, const struct hkdf *hkdf,
                                   uint8_t *out, size_t size);

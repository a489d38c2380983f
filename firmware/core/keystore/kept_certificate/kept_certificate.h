// SPDX-License-Identifier: MIT
#pragma once

/// A certificate in a store of small values: in parts, and in two banks that take turns, so that
/// the one in force is there until the next one is whole.
///
/// The parts of stem ".ac2" are ".ac2a0", ".ac2a1" … in bank a and ".ac2b0" … in bank b. Which bank
/// counts is for the caller to keep, in one value of its own.

#include <stddef.h>
#include <stdint.h>

#include "key_value.h"
#include "keystore.h"
#include "status.h"

enum { KEPT_CERTIFICATE_STEM_LIMIT = 8 }; ///< Characters.

struct kept_certificate {
    uint8_t bank;  ///< 0 or 1.
    uint16_t size; ///< Bytes of DER; 0: there is none.
    uint32_t crc;  ///< CRC-32 of them.
};

/// @return STATUS_MISSING  there is none;  STATUS_FULL  `capacity` is too small;
///         STATUS_CORRUPT  parts are missing or are not what was kept.
MUST_CHECK enum status kept_certificate_read(const struct key_value *values, const char *stem,
                                             const struct kept_certificate *kept, uint8_t *der,
                                             size_t capacity, size_t *size);

/// Writes to the other bank and tells so in `*kept`, which the caller keeps then. Until it has, the
/// old certificate is the one in force.
///
/// @return STATUS_INVALID  it is empty or longer than KEYSTORE_CERTIFICATE_LIMIT.
MUST_CHECK enum status kept_certificate_write(const struct key_value *values, const char *stem,
                                              struct kept_certificate *kept, const uint8_t *der,
                                              size_t size);

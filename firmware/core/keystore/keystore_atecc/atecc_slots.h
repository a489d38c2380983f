// SPDX-License-Identifier: MIT
#pragma once

/// The commands of an ATECC608A that a keystore needs, by chip slot.

#include <stdint.h>

#include "atecc_link.h"
#include "status.h"

enum { ATECC_SLOTS_POINT_SIZE = 64 }; ///< X and Y, without the 0x04.

/// Checks that the chip is a locked ATECC608A at full speed, that chip slot `fixed` holds a
/// private key that signs digests, and that slots `first` to `last` do and can be made anew.
///
/// @return STATUS_INVALID  it is not so; else as atecc_link_run().
MUST_CHECK enum status atecc_slots_check(const struct atecc_link *link, unsigned fixed,
                                         unsigned first, unsigned last);

/// Makes a new key in the slot, and tells its public part as the chip computes it afterwards.
MUST_CHECK enum status atecc_slots_make(const struct atecc_link *link, unsigned slot,
                                        uint8_t point[ATECC_SLOTS_POINT_SIZE]);

/// @return STATUS_CORRUPT  the slot holds no key.
MUST_CHECK enum status atecc_slots_public(const struct atecc_link *link, unsigned slot,
                                          uint8_t point[ATECC_SLOTS_POINT_SIZE]);

/// Signs a digest of 32 bytes; the signature is r and s, 32 bytes each.
MUST_CHECK enum status atecc_slots_sign(const struct atecc_link *link, unsigned slot,
                                        const uint8_t *digest, uint8_t *signature);

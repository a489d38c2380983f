// SPDX-License-Identifier: MIT
#pragma once

/// Who can sign a report on the device's own state.

#include <stddef.h>
#include <stdint.h>

#include "keystore.h"
#include "status.h"

enum { ATTESTER_NONCE_SIZE = 32, ATTESTER_MESSAGE_LIMIT = 512 };

struct attester {
    /// Writes a signed report (base/attestation) that answers `nonce` to `message`, which has room
    /// for ATTESTER_MESSAGE_LIMIT bytes. May block for as long as the keystore does.
    ///
    /// @return STATUS_MISSING  the device has no identity to sign with.
    MUST_CHECK enum status (*report)(void *ctx, const uint8_t nonce[ATTESTER_NONCE_SIZE],
                                     uint8_t *message, size_t *size);

    /// The same with the key in `slot`, whether it is certified yet or not.
    MUST_CHECK enum status (*report_with)(void *ctx, enum keystore_slot slot,
                                          const uint8_t nonce[ATTESTER_NONCE_SIZE],
                                          uint8_t *message, size_t *size);
    void *ctx;
};

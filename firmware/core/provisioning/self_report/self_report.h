// SPDX-License-Identifier: MIT
#pragma once

/// Signs what the device says of itself with the key that its certificate is for.
///
/// The level is never set higher than what is known: without a verified boot chain the report says
/// so, whatever signs it.

#include <stddef.h>
#include <stdint.h>

#include "attestation.h"
#include "attester.h"
#include "crypto.h"
#include "keystore.h"
#include "status.h"

/// Completes `facts` by nonce and key, and signs them with the key in `slot`. `facts` is what the
/// device knows of itself; its level is lowered where the keystore does not bear it out.
///
/// @return STATUS_MISSING  there is no key in `slot`; else what keystore and crypto say.
MUST_CHECK enum status self_report_sign(const struct attestation *facts,
                                        const struct keystore *keystore, enum keystore_slot slot,
                                        const struct crypto *crypto,
                                        const uint8_t nonce[ATTESTER_NONCE_SIZE],
                                        uint8_t message[ATTESTER_MESSAGE_LIMIT], size_t *size);

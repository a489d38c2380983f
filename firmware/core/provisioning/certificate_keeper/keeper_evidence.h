// SPDX-License-Identifier: MIT
#pragma once

/// What a device answers a challenge with. For certificate_keeper.c only.

#include "certificate_keeper.h"

struct keeper_evidence {
    bool has_proof;
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t report[ATTESTER_MESSAGE_LIMIT];
    size_t report_size; ///< 0: the device reports nothing.
};

/// Makes what goes with the request `csr` for `errand`, over the keeper's challenge: by the new key
/// for an enrolment, by the old one for a renewal, which needs no other proof than its certificate.
MUST_CHECK enum status keeper_evidence_make(const struct certificate_keeper *keeper,
                                            enum certificate_keeper_errand errand,
                                            struct crypto_part csr,
                                            struct keeper_evidence *evidence);

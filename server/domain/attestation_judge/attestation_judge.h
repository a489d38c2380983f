// SPDX-License-Identifier: MIT
#pragma once

/// What a device's report on itself is worth.
///
/// The judgement is never better than the report's level: software that was replaced can say what
/// it likes, so a report at level "software" is at best degraded.

#include <stddef.h>
#include <stdint.h>

#include "attestation.h"
#include "crypto.h"

enum { ATTESTATION_REASON_LIMIT = 4 };

enum attestation_verdict {
    ATTESTATION_TRUSTED,
    ATTESTATION_DEGRADED, ///< It is the device's own and fresh, and something about it is not good.
    ATTESTATION_FAILED,   ///< It proves nothing.
    ATTESTATION_VERDICT_COUNT,
};

struct attestation_judgement {
    enum attestation_verdict verdict;
    const char *reasons[ATTESTATION_REASON_LIMIT]; ///< Words of contracts/rest.md; static.
    size_t reason_count;
    struct attestation report; ///< Valid unless the verdict is ATTESTATION_FAILED.
};

/// Judges the report in `message`, which must be signed with `key` and answer `nonce`.
struct attestation_judgement attestation_judge(const struct crypto *crypto,
                                               const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                               const uint8_t nonce[ATTESTATION_NONCE_SIZE],
                                               const uint8_t *message, size_t size);

/// A static word such as "degraded".
const char *attestation_verdict_name(enum attestation_verdict verdict);

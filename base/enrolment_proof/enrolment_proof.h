// SPDX-License-Identifier: MIT
#pragma once

/// What a device signs to show a server that it has the key it asks a certificate for, now, with
/// this request and this token: the same bytes on both sides (contracts/rest.md).
///
///     SHA-256("EM-ENROLL-V1\0" | challenge | length of the name (u16, big-endian) | name
///             | SHA-256 of the request in DER | SHA-256 of the token's text)

#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum { ENROLMENT_CHALLENGE_SIZE = 32, ENROLMENT_PROOF_NAME_LIMIT = 64 };

struct enrolment_proof {
    const uint8_t *challenge; ///< ENROLMENT_CHALLENGE_SIZE bytes, as the server gave them.
    const char *device_id;
    const uint8_t *request_digest; ///< Of the PKCS #10 request, CRYPTO_SHA256_SIZE bytes.
    const uint8_t *token_digest;
};

/// The digest to sign, or to verify with the request's key.
///
/// @return STATUS_INVALID  the name is longer than ENROLMENT_PROOF_NAME_LIMIT; else what `crypto`
///         says.
MUST_CHECK enum status enrolment_proof_digest(const struct crypto *crypto,
                                              const struct enrolment_proof *proof,
                                              uint8_t digest[CRYPTO_SHA256_SIZE]);

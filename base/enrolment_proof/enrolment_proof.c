// SPDX-License-Identifier: MIT
#include "enrolment_proof.h"

#include <string.h>

#include "bytes.h"

enum status enrolment_proof_digest(const struct crypto *crypto, const struct enrolment_proof *proof,
                                   uint8_t digest[CRYPTO_SHA256_SIZE])
{
    static const char label[] = "EM-ENROLL-V1"; // With its NUL.
    const size_t name_size = strlen(proof->device_id);
    uint8_t size[2];

    if (name_size > ENROLMENT_PROOF_NAME_LIMIT) {
        return STATUS_INVALID;
    }
    bytes_store_be16(size, (uint16_t)name_size);
    const struct crypto_part parts[] = {
        { label, sizeof label },
        { proof->challenge, ENROLMENT_CHALLENGE_SIZE },
        { size, sizeof size },
        { proof->device_id, name_size },
        { proof->request_digest, CRYPTO_SHA256_SIZE },
        { proof->token_digest, CRYPTO_SHA256_SIZE },
    };
    return crypto->sha256(crypto->ctx, parts, sizeof parts / sizeof parts[0], digest);
}

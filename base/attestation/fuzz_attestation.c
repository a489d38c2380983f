// SPDX-License-Identifier: MIT

/// Any bytes, under a signature that always fits: what is read can be written again, and is then
/// the same.

#include <stdint.h>
#include <string.h>

#include "agreeable_crypto.h"
#include "attestation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct crypto crypto = agreeable_crypto();
    static const uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    uint8_t claims[ATTESTATION_SIZE_LIMIT];
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    struct attestation report;
    size_t claims_size = 0;
    size_t message_size = 0;

    if (attestation_open(&crypto, key, data, size, &report) != STATUS_OK) {
        return 0;
    }
    if (attestation_write(&report, claims, sizeof claims, &claims_size) != STATUS_OK ||
        attestation_wrap(claims, claims_size, data + size - CRYPTO_P256_SIGNATURE_SIZE, message,
                         sizeof message, &message_size) != STATUS_OK ||
        message_size != size || memcmp(message, data, size) != 0) {
        __builtin_trap();
    }
    return 0;
}

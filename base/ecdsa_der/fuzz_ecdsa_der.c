// SPDX-License-Identifier: MIT

/// Any bytes are refused, or come out again when the signature is written.

#include <string.h>

#include "ecdsa_der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t again[ECDSA_DER_LIMIT];

    if (ecdsa_der_decode(data, size, signature) == STATUS_OK &&
        (ecdsa_der_encode(signature, again) != size || memcmp(again, data, size) != 0)) {
        __builtin_trap();
    }
    return 0;
}

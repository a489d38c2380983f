// SPDX-License-Identifier: MIT
#include "chip_keys.h"

#include "psa_p256.h"

static enum status generate(void *ctx, uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    (void)ctx;
    return psa_p256_generate(private_key, public_key);
}

static enum status sign(void *ctx, const uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    (void)ctx;
    return psa_p256_sign(private_key, digest, signature);
}

struct keystore_values_maker chip_keys(void)
{
    return (struct keystore_values_maker){ .generate = generate, .sign = sign };
}

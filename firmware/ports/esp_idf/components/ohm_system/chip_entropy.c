// SPDX-License-Identifier: MIT
#include "chip_entropy.h"

#include "bootloader_random.h"
#include "psa_crypto.h"

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    return psa_crypto_random(out, size);
}

enum status chip_entropy_open(struct crypto *crypto)
{
    bootloader_random_enable();
    const enum status status = psa_crypto_open(crypto);
    bootloader_random_disable();
    return status;
}

struct entropy chip_entropy(void)
{
    return (struct entropy){ .fill = fill };
}

// SPDX-License-Identifier: MIT
#include "hkdf.h"

#include "constant_time.h"

/// RFC 5869 section 2.2.
static enum status extract(const struct crypto *crypto, const struct hkdf *hkdf,
                           uint8_t key[CRYPTO_SHA256_SIZE])
{
    static const uint8_t zeros[CRYPTO_SHA256_SIZE];
    const struct crypto_part no_salt = { zeros, sizeof zeros };
    return crypto->hmac_sha256(crypto->ctx, hkdf->salt.size > 0 ? hkdf->salt : no_salt,
                               &hkdf->secret, 1, key);
}

/// One block of section 2.3: `block` becomes T(number), made from T(number - 1), which is in it
/// unless this is the first.
static enum status next_block(const struct crypto *crypto, struct crypto_part key,
                              const struct hkdf *hkdf, uint8_t number,
                              uint8_t block[CRYPTO_SHA256_SIZE])
{
    struct crypto_part parts[HKDF_INFO_LIMIT + 2];
    uint8_t before[CRYPTO_SHA256_SIZE];
    size_t count = 0;

    for (size_t i = 0; i < sizeof before; i++) {
        before[i] = block[i];
    }
    parts[count++] = (struct crypto_part){ before, number > 1 ? sizeof before : 0 };
    for (size_t i = 0; i < hkdf->info_count; i++) {
        parts[count++] = hkdf->info[i];
    }
    parts[count++] = (struct crypto_part){ &number, 1 };
    const enum status status = crypto->hmac_sha256(crypto->ctx, key, parts, count, block);
    constant_time_wipe(before, sizeof before);
    return status;
}

enum status hkdf_sha256(const struct crypto *crypto, const struct hkdf *hkdf, uint8_t *out,
                        size_t size)
{
    uint8_t key[CRYPTO_SHA256_SIZE];
    uint8_t block[CRYPTO_SHA256_SIZE] = { 0 };

    if (size > HKDF_SIZE_LIMIT || hkdf->info_count > HKDF_INFO_LIMIT) {
        return STATUS_INVALID;
    }
    enum status status = extract(crypto, hkdf, key);
    for (size_t done = 0; status == STATUS_OK && done < size; done++) {
        const size_t at = done % sizeof block;
        if (at == 0) {
            const uint8_t number = (uint8_t)(done / sizeof block + 1);
            status =
                next_block(crypto, (struct crypto_part){ key, sizeof key }, hkdf, number, block);
        }
        out[done] = block[at];
    }
    constant_time_wipe(key, sizeof key);
    constant_time_wipe(block, sizeof block);
    if (status != STATUS_OK) {
        constant_time_wipe(out, size);
    }
    return status;
}

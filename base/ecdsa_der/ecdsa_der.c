// SPDX-License-Identifier: MIT
#include "ecdsa_der.h"

#include <string.h>

#include "der_reader.h"

enum { HALF = CRYPTO_P256_SIGNATURE_SIZE / 2, HEAD = 2, SIGN_BIT = 0x80 };

/// Writes a whole INTEGER and tells its size.
static size_t put_integer(const uint8_t value[HALF], uint8_t *out)
{
    size_t skipped = 0;

    while (skipped < HALF - 1 && value[skipped] == 0) {
        skipped++;
    }
    const size_t zeros = (value[skipped] & SIGN_BIT) != 0 ? 1 : 0;
    const size_t size = HALF - skipped;
    out[0] = DER_INTEGER;
    out[1] = (uint8_t)(zeros + size);
    out[HEAD] = 0; // Overwritten unless it is needed.
    memcpy(out + HEAD + zeros, value + skipped, size);
    return HEAD + zeros + size;
}

size_t ecdsa_der_encode(const uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE],
                        uint8_t der[ECDSA_DER_LIMIT])
{
    size_t size = put_integer(signature, der + HEAD);
    size += put_integer(signature + HALF, der + HEAD + size);
    der[0] = DER_SEQUENCE;
    der[1] = (uint8_t)size;
    return HEAD + size;
}

static enum status get_integer(struct der_reader *reader, uint8_t value[HALF])
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    const enum status status = der_reader_unsigned(reader, &bytes, &size);

    if (status != STATUS_OK || size > HALF) {
        return STATUS_CORRUPT;
    }
    memcpy(value + HALF - size, bytes, size);
    return STATUS_OK;
}

enum status ecdsa_der_decode(const uint8_t *der, size_t size,
                             uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE])
{
    uint8_t pair[CRYPTO_P256_SIGNATURE_SIZE] = { 0 };
    struct der_reader whole;
    struct der_reader inside;

    der_reader_open(&whole, der, size);
    if (der_reader_enter(&whole, DER_SEQUENCE, &inside) != STATUS_OK ||
        !der_reader_is_at_end(&whole) || get_integer(&inside, pair) != STATUS_OK ||
        get_integer(&inside, pair + HALF) != STATUS_OK || !der_reader_is_at_end(&inside)) {
        return STATUS_CORRUPT;
    }
    memcpy(signature, pair, sizeof pair);
    return STATUS_OK;
}

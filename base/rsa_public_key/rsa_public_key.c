// SPDX-License-Identifier: MIT
#include "rsa_public_key.h"

#include <stdbool.h>

#include "der_reader.h"

enum { TOP_BIT = 0x80, ODD_BIT = 1 };

static bool is_odd(const uint8_t *number, size_t size)
{
    return size > 0 && (number[size - 1] & ODD_BIT) != 0;
}

enum status rsa_public_key_check(const uint8_t *der, size_t size, size_t *modulus_bytes)
{
    struct der_reader whole;
    struct der_reader inside;
    const uint8_t *modulus = NULL;
    const uint8_t *exponent = NULL;
    size_t modulus_size = 0;
    size_t exponent_size = 0;

    der_reader_open(&whole, der, size);
    if (der_reader_enter(&whole, DER_SEQUENCE, &inside) != STATUS_OK ||
        !der_reader_is_at_end(&whole) ||
        der_reader_unsigned(&inside, &modulus, &modulus_size) != STATUS_OK ||
        der_reader_unsigned(&inside, &exponent, &exponent_size) != STATUS_OK ||
        !der_reader_is_at_end(&inside)) {
        return STATUS_INVALID;
    }
    const bool is_one = exponent_size == 1 && exponent[0] == 1;
    if (modulus_size < RSA_PUBLIC_KEY_LEAST_BYTES || modulus_size > RSA_PUBLIC_KEY_MOST_BYTES ||
        (modulus[0] & TOP_BIT) == 0 || !is_odd(modulus, modulus_size) || is_one ||
        exponent_size > RSA_PUBLIC_KEY_EXPONENT_BYTES || !is_odd(exponent, exponent_size)) {
        return STATUS_INVALID;
    }
    *modulus_bytes = modulus_size;
    return STATUS_OK;
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_crypto.h"
#include "openssl_p256.h"

static void signs_what_its_public_half_verifies(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    struct openssl_p256_key keys[2];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];

    memset(digest, 0x5A, sizeof digest);
    assert_int_equal(openssl_p256_generate(&keys[0]), STATUS_OK);
    assert_int_equal(openssl_p256_generate(&keys[1]), STATUS_OK);
    assert_memory_not_equal(keys[0].private_key, keys[1].private_key, sizeof keys[0].private_key);
    assert_int_equal(openssl_p256_sign(&keys[0], digest, signature), STATUS_OK);
    assert_int_equal(crypto.p256_verify(crypto.ctx, keys[0].public_key, digest, signature),
                     STATUS_OK);
    assert_int_equal(crypto.p256_verify(crypto.ctx, keys[1].public_key, digest, signature),
                     STATUS_CORRUPT);
    digest[0] ^= 1;
    assert_int_equal(crypto.p256_verify(crypto.ctx, keys[0].public_key, digest, signature),
                     STATUS_CORRUPT);
}

/// The key of RFC 6979 appendix A.2.5.
static void takes_the_halves_of_a_published_key(void **state)
{
    (void)state;
    static const struct openssl_p256_key key = {
        { 0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21,
          0x57, 0x67, 0xB1, 0xD6, 0x93, 0x4E, 0x50, 0xC3, 0xDB, 0x36, 0xE8,
          0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21 },
        { 0x04, 0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74,
          0xC6, 0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6,
          0x69, 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8,
          0xBC, 0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2,
          0x0C, 0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99 },
    };
    const struct crypto crypto = openssl_crypto();
    const uint8_t digest[CRYPTO_SHA256_SIZE] = { 1 };
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    assert_int_equal(openssl_p256_sign(&key, digest, signature), STATUS_OK);
    assert_int_equal(crypto.p256_verify(crypto.ctx, key.public_key, digest, signature), STATUS_OK);
}

static void refuses_halves_that_are_no_key(void **state)
{
    (void)state;
    struct openssl_p256_key key;
    const uint8_t digest[CRYPTO_SHA256_SIZE] = { 1 };
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    assert_int_equal(openssl_p256_generate(&key), STATUS_OK);
    key.public_key[64] ^= 1;
    assert_int_equal(openssl_p256_sign(&key, digest, signature), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_what_its_public_half_verifies),
        cmocka_unit_test(takes_the_halves_of_a_published_key),
        cmocka_unit_test(refuses_halves_that_are_no_key),
    };
    return cmocka_run_group_tests_name("openssl_p256", tests, NULL, NULL);
}

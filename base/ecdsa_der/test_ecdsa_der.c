// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ecdsa_der.h"

enum { HALF = 32 };

static void writes_each_number_as_short_as_it_can_be(void **state)
{
    (void)state;
    // Zeros before the number; its first byte then decides whether DER puts one more there.
    for (size_t zeros = 0; zeros <= HALF; zeros++) {
        for (unsigned first = 1; first < 256; first += 127) { // 0x01, 0x80, 0xFF
            uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE] = { 0 };
            uint8_t back[CRYPTO_P256_SIGNATURE_SIZE];
            uint8_t der[ECDSA_DER_LIMIT];
            memset(signature + zeros, 0xEE, HALF - zeros);
            if (zeros < HALF) {
                signature[zeros] = (uint8_t)first;
            }
            signature[CRYPTO_P256_SIGNATURE_SIZE - 1] = 0x80;

            const size_t size = ecdsa_der_encode(signature, der);
            const size_t r = zeros == HALF ? 1 : HALF - zeros + (first >= 0x80 ? 1 : 0);
            assert_int_equal(der[0], 0x30);
            assert_int_equal(der[1], size - 2);
            assert_int_equal(der[2], 0x02);
            assert_int_equal(der[3], r);
            assert_int_equal(size, 2 + 2 + r + 2 + 2);
            assert_memory_equal(der + 4 + r, "\x02\x02\x00\x80", 4);
            assert_int_equal(ecdsa_der_decode(der, size, back), STATUS_OK);
            assert_memory_equal(back, signature, sizeof back);
        }
    }
}

static void fills_its_limit_with_the_largest_numbers(void **state)
{
    (void)state;
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t der[ECDSA_DER_LIMIT];
    memset(signature, 0xFF, sizeof signature);
    assert_int_equal(ecdsa_der_encode(signature, der), ECDSA_DER_LIMIT);
}

static void refuses_every_cut_and_every_other_form(void **state)
{
    (void)state;
    static const uint8_t good[] = { 0x30, 6, 2, 1, 5, 2, 1, 9 };
    static const struct {
        size_t size;
        uint8_t der[12];
    } others[] = {
        { 9, { 0x30, 6, 2, 1, 5, 2, 1, 9, 0 } },        // Something behind it.
        { 10, { 0x30, 8, 2, 1, 5, 2, 1, 9, 5, 0 } },    // Something more in it.
        { 9, { 0x30, 0x81, 6, 2, 1, 5, 2, 1, 9 } },     // A long length.
        { 10, { 0x30, 0x80, 2, 1, 5, 2, 1, 9, 0, 0 } }, // Indefinite.
        { 9, { 0x30, 7, 2, 2, 0, 5, 2, 1, 9 } },        // A zero too many.
        { 8, { 0x30, 6, 2, 1, 0x85, 2, 1, 9 } },        // Negative.
        { 8, { 0x31, 6, 2, 1, 5, 2, 1, 9 } },           // A set.
        { 5, { 0x30, 3, 2, 1, 5 } },                    // One number.
        { 11, { 0x30, 9, 2, 1, 5, 2, 1, 9, 2, 1, 7 } }, // Three.
        { 7, { 0x30, 5, 2, 1, 5, 2, 0 } },              // An empty one.
    };
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];

    assert_int_equal(ecdsa_der_decode(good, sizeof good, signature), STATUS_OK);
    memset(signature, 0x5A, sizeof signature);
    for (size_t size = 0; size < sizeof good; size++) {
        assert_int_equal(ecdsa_der_decode(good, size, signature), STATUS_CORRUPT);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(ecdsa_der_decode(others[i].der, others[i].size, signature),
                         STATUS_CORRUPT);
    }
    assert_int_equal(signature[0], 0x5A);
    assert_int_equal(signature[63], 0x5A);
}

static void refuses_numbers_of_33_bytes(void **state)
{
    (void)state;
    uint8_t der[80] = { 0x30, 2 + 33 + 3, 2, 33, 1 };
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    memcpy(der + 4 + 33, "\x02\x01\x05", 3);
    assert_int_equal(ecdsa_der_decode(der, 2 + 2 + 33 + 3, signature), STATUS_CORRUPT);
    der[4] = 0;
    der[5] = 0x80;
    assert_int_equal(ecdsa_der_decode(der, 2 + 2 + 33 + 3, signature), STATUS_OK);
    assert_int_equal(signature[0], 0x80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_each_number_as_short_as_it_can_be),
        cmocka_unit_test(fills_its_limit_with_the_largest_numbers),
        cmocka_unit_test(refuses_every_cut_and_every_other_form),
        cmocka_unit_test(refuses_numbers_of_33_bytes),
    };
    return cmocka_run_group_tests_name("ecdsa_der", tests, NULL, NULL);
}

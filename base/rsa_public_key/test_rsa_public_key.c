// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rsa_public_key.h"

enum { LARGEST = 600, EXPONENT_LIMIT = 8 };

struct key {
    size_t modulus_size;
    size_t exponent_size;
    uint8_t modulus_first;
    uint8_t modulus_last;
    uint8_t exponent[EXPONENT_LIMIT];
};

static const struct key good = { 256, 3, 0x80, 0x01, { 1, 0, 1 } };

/// Writes the key, with a leading zero wherever DER wants one, and tells its size.
static size_t write_key(const struct key *key, uint8_t out[LARGEST])
{
    const size_t zero = key->modulus_first >= 0x80 ? 1 : 0;
    const size_t exponent_zero = key->exponent[0] >= 0x80 ? 1 : 0;
    const size_t modulus = zero + key->modulus_size;
    const size_t exponent = exponent_zero + key->exponent_size;
    const size_t inside = 4 + modulus + 2 + exponent;
    memset(out, 0, LARGEST);
    memcpy(out,
           (uint8_t[]){ 0x30, 0x82, (uint8_t)(inside >> 8), (uint8_t)inside, 0x02, 0x82,
                        (uint8_t)(modulus >> 8), (uint8_t)modulus },
           8);
    out[8 + zero] = key->modulus_first;
    out[8 + modulus - 1] = key->modulus_last;
    out[8 + modulus] = 0x02;
    out[8 + modulus + 1] = (uint8_t)exponent;
    memcpy(out + 8 + modulus + 2 + exponent_zero, key->exponent, key->exponent_size);
    return 4 + inside;
}

static enum status check(const struct key *key)
{
    uint8_t der[LARGEST];
    size_t bytes = 0;
    const size_t size = write_key(key, der);
    const enum status status = rsa_public_key_check(der, size, &bytes);
    assert_int_equal(bytes, status == STATUS_OK ? key->modulus_size : 0);
    return status;
}

static void takes_2048_to_4096_bits_in_whole_bytes(void **state)
{
    (void)state;
    struct key key = good;
    for (key.modulus_size = 250; key.modulus_size < 530; key.modulus_size++) {
        assert_int_equal(check(&key), key.modulus_size >= 256 && key.modulus_size <= 512
                                          ? STATUS_OK
                                          : STATUS_INVALID);
    }
    key = good;
    key.modulus_first = 0x40; // 2047 bits.
    assert_int_equal(check(&key), STATUS_INVALID);
    key = good;
    key.modulus_last = 2;
    assert_int_equal(check(&key), STATUS_INVALID);
}

static void takes_odd_exponents_of_3_to_32_bits(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t exponent[EXPONENT_LIMIT];
        enum status status;
    } cases[] = {
        { 1, { 3 }, STATUS_OK },
        { 1, { 17 }, STATUS_OK },
        { 4, { 0xFF, 0xFF, 0xFF, 0xFF }, STATUS_OK },
        { 1, { 0 }, STATUS_INVALID },
        { 1, { 1 }, STATUS_INVALID },
        { 1, { 2 }, STATUS_INVALID },
        { 3, { 1, 0, 0 }, STATUS_INVALID },
        { 5, { 1, 0, 0, 0, 1 }, STATUS_INVALID },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key key = good;
        key.exponent_size = cases[i].size;
        memcpy(key.exponent, cases[i].exponent, sizeof key.exponent);
        assert_int_equal(check(&key), cases[i].status);
    }
}

static void refuses_every_cut_and_whatever_follows(void **state)
{
    (void)state;
    uint8_t der[LARGEST];
    size_t bytes = 0;
    const size_t size = write_key(&good, der);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(rsa_public_key_check(der, cut, &bytes), STATUS_INVALID);
    }
    assert_int_equal(rsa_public_key_check(der, size, &bytes), STATUS_OK);
    assert_int_equal(rsa_public_key_check(der, size + 1, &bytes), STATUS_INVALID);
    der[3]++; // Now what follows is inside.
    assert_int_equal(rsa_public_key_check(der, size + 1, &bytes), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_2048_to_4096_bits_in_whole_bytes),
        cmocka_unit_test(takes_odd_exponents_of_3_to_32_bits),
        cmocka_unit_test(refuses_every_cut_and_whatever_follows),
    };
    return cmocka_run_group_tests_name("rsa_public_key", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_crypto.h"
#include "openssl_p256.h"
#include "psa_crypto.h"
#include "psa_p256.h"

enum { ROUNDS = 40 };

static const uint8_t digest[CRYPTO_SHA256_SIZE] = { 1, 2, 3, 4, 5 };

static void keys_and_signatures_are_good_to_another_library(void **state)
{
    const struct crypto judge = openssl_crypto();
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    struct openssl_p256_key key;
    struct openssl_p256_key last = { .private_key = { 0 } };

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        assert_int_equal(psa_p256_generate(key.private_key, key.public_key), STATUS_OK);
        assert_memory_not_equal(key.private_key, last.private_key, sizeof key.private_key);
        assert_int_equal(psa_p256_sign(key.private_key, digest, signature), STATUS_OK);
        assert_int_equal(judge.p256_verify(judge.ctx, key.public_key, digest, signature),
                         STATUS_OK);
        // The other library finds that both halves belong together.
        assert_int_equal(openssl_p256_sign(&key, digest, signature), STATUS_OK);
        last = key;
    }
}

static void what_is_no_private_key_signs_nothing(void **state)
{
    static const uint8_t zero[PSA_P256_PRIVATE_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    uint8_t order[PSA_P256_PRIVATE_SIZE];

    (void)state;
    memset(order, 0xFF, sizeof order); // Above n.
    for (unsigned round = 0; round < ROUNDS; round++) {
        assert_int_equal(psa_p256_sign(zero, digest, signature), STATUS_CORRUPT);
        assert_int_equal(psa_p256_sign(order, digest, signature), STATUS_CORRUPT);
    }
}

static void random_bytes_never_repeat(void **state)
{
    uint8_t last[32] = { 0 };
    uint8_t next[32];

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        assert_int_equal(psa_crypto_random(next, sizeof next), STATUS_OK);
        assert_memory_not_equal(next, last, sizeof next);
        memcpy(last, next, sizeof last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_signatures_are_good_to_another_library),
        cmocka_unit_test(what_is_no_private_key_signs_nothing),
        cmocka_unit_test(random_bytes_never_repeat),
    };
    struct crypto crypto;
    if (psa_crypto_open(&crypto) != STATUS_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

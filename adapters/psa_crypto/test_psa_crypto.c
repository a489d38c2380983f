// SPDX-License-Identifier: MIT
#include <psa/crypto.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto_suite.h"
#include "psa_crypto.h"

/// The store has room for 32 keys: one left behind by any path would soon show.
static void leaves_no_key_behind_on_any_path(void **state)
{
    (void)state;
    struct crypto crypto;
    static const uint8_t nonce[CRYPTO_NONCE_SIZE];
    static const uint8_t zeros[CRYPTO_P256_PUBLIC_SIZE];
    const struct crypto_part text = { "text", 4 };
    uint8_t out[64];

    assert_int_equal(psa_crypto_open(&crypto), STATUS_OK);
    for (unsigned round = 0; round < 100; round++) {
        const struct crypto_seal seal = { CRYPTO_AES_128_GCM, zeros, 16, nonce, { NULL, 0 } };
        uint8_t point[CRYPTO_P256_PUBLIC_SIZE] = { 4 };
        assert_int_equal(crypto.seal(NULL, &seal, text, out, sizeof out), STATUS_OK);
        out[0] ^= 1;
        assert_int_equal(
            crypto.open(NULL, &seal, (struct crypto_part){ out, 20 }, out + 32, sizeof out - 32),
            STATUS_CORRUPT);
        assert_int_equal(crypto.hmac_sha256(NULL, text, &text, 1, out), STATUS_OK);
        assert_int_equal(crypto.x25519_public(NULL, zeros, out), STATUS_OK);
        assert_int_equal(crypto.x25519(NULL, zeros, zeros, out), STATUS_INVALID);
        assert_int_equal(crypto.p256_verify(NULL, point, zeros, zeros), STATUS_INVALID);
        assert_int_equal(crypto.rsa_verify(NULL, text, zeros, text), STATUS_INVALID);
    }
}

static void *seal_and_open_often(void *argument)
{
    const struct crypto *crypto = argument;
    static const uint8_t nonce[CRYPTO_NONCE_SIZE];
    uint8_t key[32];
    uint8_t text[100];
    uint8_t sealed[100 + CRYPTO_TAG_SIZE];

    for (unsigned round = 0; round < 200; round++) {
        memset(key, (int)round, sizeof key);
        memset(text, (int)round, sizeof text);
        const struct crypto_seal seal = { CRYPTO_AES_256_GCM, key, sizeof key, nonce, { NULL, 0 } };
        if (crypto->seal(NULL, &seal, (struct crypto_part){ text, sizeof text }, sealed,
                         sizeof sealed) != STATUS_OK ||
            crypto->open(NULL, &seal, (struct crypto_part){ sealed, sizeof sealed }, sealed,
                         sizeof sealed) != STATUS_OK ||
            memcmp(sealed, text, sizeof text) != 0) {
            return argument;
        }
    }
    return NULL;
}

static void serves_several_threads(void **state)
{
    (void)state;
    struct crypto crypto;
    pthread_t threads[4];

    assert_int_equal(psa_crypto_open(&crypto), STATUS_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, seal_and_open_often, &crypto), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = &crypto;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_key_behind_on_any_path),
        cmocka_unit_test(serves_several_threads),
    };
    struct crypto crypto;
    if (psa_crypto_open(&crypto) != STATUS_OK) {
        return 1;
    }
    const int failed = crypto_suite_run("psa_crypto", &crypto) +
                       cmocka_run_group_tests_name("psa_keys", tests, NULL, NULL);
    mbedtls_psa_crypto_free();
    return failed;
}

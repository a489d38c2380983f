// SPDX-License-Identifier: MIT
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto_suite.h"
#include "openssl_crypto.h"

static void leaves_the_queue_of_errors_as_it_was(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    const uint8_t nothing[CRYPTO_P256_PUBLIC_SIZE] = { 4 };
    uint8_t shared[CRYPTO_X25519_SIZE];
    const struct crypto_part no_key = { nothing, sizeof nothing };

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 77);
    assert_int_equal(crypto.p256_verify(crypto.ctx, nothing, nothing, nothing), STATUS_INVALID);
    assert_int_equal(crypto.rsa_verify(crypto.ctx, no_key, nothing, no_key), STATUS_INVALID);
    assert_int_equal(crypto.x25519(crypto.ctx, nothing, nothing + 1, shared), STATUS_INVALID);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 77);
    assert_int_equal(ERR_get_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(leaves_the_queue_of_errors_as_it_was) };
    const struct crypto crypto = openssl_crypto();
    const int failed = crypto_suite_run("openssl_crypto", &crypto);
    return failed + cmocka_run_group_tests_name("openssl_errors", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keystore_pkcs11.h"
#include "keystore_suite.h"
#include "openssl_crypto.h"
#include "softhsm_token.h"

static struct crypto crypto;

static struct pkcs11_token_options good_options(void)
{
    return (struct pkcs11_token_options){ .module = softhsm_library(),
                                          .label = SOFTHSM_LABEL,
                                          .pin = SOFTHSM_PIN };
}

static enum status restart(void *ctx)
{
    struct keystore_pkcs11 **store = ctx;
    const struct pkcs11_token_options options = good_options();
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    keystore_pkcs11_close(*store);
    *store = NULL;
    const enum status status = keystore_pkcs11_open(store, &options, &crypto, fault);
    if (status != STATUS_OK) {
        print_error("%s\n", fault);
    }
    return status;
}

static enum status renew(void *ctx)
{
    struct keystore_pkcs11 **store = ctx;
    keystore_pkcs11_close(*store);
    *store = NULL;
    softhsm_renew();
    return restart(ctx);
}

static const struct keystore *table(void *ctx)
{
    struct keystore_pkcs11 **store = ctx;
    return keystore_pkcs11_table(*store);
}

/// A new token with a certified key in slot A; the store is closed.
static void fill(void)
{
    struct keystore_pkcs11 *store = NULL;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    assert_int_equal(renew(&store), STATUS_OK);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, key, 20),
                     STATUS_OK);
    keystore_pkcs11_close(store);
}

static CK_OBJECT_HANDLE private_key_of_a(struct pkcs11_token *token)
{
    const struct pkcs11_token_options options = good_options();
    struct pkcs11_objects found;
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    assert_int_equal(pkcs11_token_open(token, &options, fault), STATUS_OK);
    assert_int_equal(pkcs11_token_find(token, CKO_PRIVATE_KEY, "ohmstead identity a", &found),
                     STATUS_OK);
    assert_int_equal(found.count, 1);
    return found.handles[0];
}

static void the_token_gives_its_private_key_to_nobody(void **state)
{
    (void)state;
    struct pkcs11_token token;
    uint8_t bytes[256];
    size_t size = 0;
    CK_BBOOL answer = CK_FALSE;

    fill();
    const CK_OBJECT_HANDLE key = private_key_of_a(&token);
    assert_int_equal(pkcs11_token_read(&token, key, CKA_VALUE, bytes, sizeof bytes, &size),
                     STATUS_IO);
    assert_int_equal(size, 0);
    assert_int_equal(pkcs11_token_read(&token, key, CKA_SENSITIVE, &answer, 1, &size), STATUS_OK);
    assert_int_equal(answer, CK_TRUE);
    assert_int_equal(pkcs11_token_read(&token, key, CKA_EXTRACTABLE, &answer, 1, &size), STATUS_OK);
    assert_int_equal(answer, CK_FALSE);
    assert_int_equal(pkcs11_token_read(&token, key, CKA_NEVER_EXTRACTABLE, &answer, 1, &size),
                     STATUS_OK);
    assert_int_equal(answer, CK_TRUE);
    pkcs11_token_close(&token);
}

static void refuses_a_token_whose_key_is_lost_and_makes_none(void **state)
{
    (void)state;
    struct keystore_pkcs11 *store = NULL;
    const struct pkcs11_token_options options = good_options();
    struct pkcs11_token token;
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    fill();
    const CK_OBJECT_HANDLE key = private_key_of_a(&token);
    assert_int_equal(pkcs11_token_destroy(&token, key), STATUS_OK);
    pkcs11_token_close(&token);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(keystore_pkcs11_open(&store, &options, &crypto, fault), STATUS_CORRUPT);
        assert_null(store);
        assert_non_null(strstr(fault, "a key is lost"));
    }
}

static void notices_a_key_that_is_lost_while_it_is_open(void **state)
{
    (void)state;
    struct keystore_pkcs11 *store = NULL;
    struct pkcs11_token token;
    uint8_t room[KEYSTORE_SIGNATURE_SIZE + 1];

    fill();
    assert_int_equal(restart(&store), STATUS_OK);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    const CK_OBJECT_HANDLE key = private_key_of_a(&token);
    assert_int_equal(pkcs11_token_destroy(&token, key), STATUS_OK);
    assert_int_equal(keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_A, room, room),
                     STATUS_CORRUPT);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, room), STATUS_CORRUPT);
    assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A), STATUS_CORRUPT);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_B, room), STATUS_OK);
    pkcs11_token_close(&token);
    keystore_pkcs11_close(store);
}

static void says_why_a_token_does_not_open(void **state)
{
    (void)state;
    struct pkcs11_token_options options = good_options();
    struct keystore_pkcs11 *store = NULL;
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    fill();
    options.pin = "4321";
    assert_int_equal(keystore_pkcs11_open(&store, &options, &crypto, fault), STATUS_INVALID);
    assert_non_null(strstr(fault, "PIN"));
    assert_null(strstr(fault, "4321"));
    options = good_options();
    options.label = "ohmstead";
    assert_int_equal(keystore_pkcs11_open(&store, &options, &crypto, fault), STATUS_MISSING);
    assert_non_null(strstr(fault, "no token with the label ohmstead"));
    options = good_options();
    options.module = "/nowhere/module.so";
    assert_int_equal(keystore_pkcs11_open(&store, &options, &crypto, fault), STATUS_MISSING);
    assert_non_null(strstr(fault, "/nowhere/module.so"));
    options.module = "libm.so.6";
    assert_int_equal(keystore_pkcs11_open(&store, &options, &crypto, fault), STATUS_MISSING);
    assert_null(store);
    store = NULL;
    assert_int_equal(restart(&store), STATUS_OK);
    keystore_pkcs11_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_gives_its_private_key_to_nobody),
        cmocka_unit_test(refuses_a_token_whose_key_is_lost_and_makes_none),
        cmocka_unit_test(notices_a_key_that_is_lost_while_it_is_open),
        cmocka_unit_test(says_why_a_token_does_not_open),
    };
    struct keystore_pkcs11 *store = NULL;
    const struct keystore_subject subject = { .name = "keystore_pkcs11",
                                              .renew = renew,
                                              .restart = restart,
                                              .table = table,
                                              .crypto = &crypto,
                                              .ctx = &store };
    if (softhsm_library() == NULL) {
        (void)fprintf(stderr, "FAILED: SoftHSM is not installed (Debian package softhsm2)\n");
        return 1;
    }
    crypto = openssl_crypto();
    softhsm_begin();
    int failed = keystore_suite_run(&subject);
    keystore_pkcs11_close(store);
    failed += cmocka_run_group_tests_name("keystore_pkcs11_itself", tests, NULL, NULL);
    softhsm_end();
    return failed;
}

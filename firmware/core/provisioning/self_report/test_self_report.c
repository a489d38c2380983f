// SPDX-License-Identifier: MIT
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ecdsa_der.h"
#include "openssl_crypto.h"
#include "self_report.h"

/// A keystore with one key, and the capabilities that a test wants.
struct fake_store {
    struct keystore keystore;
    EVP_PKEY *key;
    uint32_t capabilities;
};

static uint32_t tell_capabilities(void *ctx)
{
    return ((const struct fake_store *)ctx)->capabilities;
}

static enum status read_key(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct fake_store *store = ctx;
    size_t size = 0;
    if (slot != KEYSTORE_IDENTITY_A) {
        return STATUS_MISSING;
    }
    assert_int_equal(EVP_PKEY_get_octet_string_param(store->key, OSSL_PKEY_PARAM_PUB_KEY,
                                                     public_key, KEYSTORE_PUBLIC_SIZE, &size),
                     1);
    return STATUS_OK;
}

static enum status sign(void *ctx, enum keystore_slot slot,
                        const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                        uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const struct fake_store *store = ctx;
    uint8_t der[80];
    size_t size = sizeof der;
    assert_int_equal(slot, KEYSTORE_IDENTITY_A);
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(store->key, NULL);
    assert_int_equal(EVP_PKEY_sign_init(signer), 1);
    assert_int_equal(EVP_PKEY_sign(signer, der, &size, digest, KEYSTORE_DIGEST_SIZE), 1);
    EVP_PKEY_CTX_free(signer);
    assert_int_equal(ecdsa_der_decode(der, size, signature), STATUS_OK);
    return STATUS_OK;
}

static struct fake_store store;
static struct crypto crypto;
static uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
static const uint8_t NONCE[ATTESTER_NONCE_SIZE] = { 1, 2, 3 };

static int set_up(void **state)
{
    (void)state;
    store = (struct fake_store){ .key = EVP_EC_gen("P-256") };
    store.keystore = (struct keystore){
        .capabilities = tell_capabilities, .public_key = read_key, .sign = sign, .ctx = &store
    };
    crypto = openssl_crypto();
    return store.key != NULL && read_key(&store, KEYSTORE_IDENTITY_A, key) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(store.key);
    return 0;
}

static struct attestation sign_and_open(const struct attestation *facts)
{
    uint8_t message[ATTESTER_MESSAGE_LIMIT];
    struct attestation report;
    size_t size = 0;
    assert_int_equal(self_report_sign(facts, &store.keystore, KEYSTORE_IDENTITY_A, &crypto, NONCE,
                                      message, &size),
                     STATUS_OK);
    assert_int_equal(attestation_open(&crypto, key, message, size, &report), STATUS_OK);
    return report;
}

static void answers_the_nonce_under_the_key_of_the_certificate(void **state)
{
    const struct attestation facts = { .hardware = "posix", .version = "1.2", .boot_count = 9 };
    (void)state;
    const struct attestation report = sign_and_open(&facts);
    assert_memory_equal(report.nonce, NONCE, sizeof NONCE);
    assert_string_equal(report.hardware, "posix");
    assert_int_equal(report.boot_count, 9);
}

static void never_claims_more_than_boot_chain_and_keystore_give(void **state)
{
    static const struct {
        bool secure_boot;
        uint32_t capabilities;
        enum attestation_level level;
    } CASES[] = {
        { false, 0, ATTESTATION_SOFTWARE },
        { false, KEYSTORE_IN_HARDWARE | KEYSTORE_SIGNS_OWN_STATE, ATTESTATION_SOFTWARE },
        { true, 0, ATTESTATION_SOFTWARE },
        { true, KEYSTORE_SIGNS_OWN_STATE, ATTESTATION_SOFTWARE },
        { true, KEYSTORE_IN_HARDWARE, ATTESTATION_VERIFIED_BOOT },
        { true, KEYSTORE_IN_HARDWARE | KEYSTORE_SIGNS_OWN_STATE, ATTESTATION_SECURE_ELEMENT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct attestation facts = { .secure_boot = CASES[i].secure_boot,
                                     .level = ATTESTATION_SECURE_ELEMENT };
        store.capabilities = CASES[i].capabilities;
        assert_int_equal(sign_and_open(&facts).level, CASES[i].level);
        facts.level = ATTESTATION_SOFTWARE;
        assert_int_equal(sign_and_open(&facts).level, ATTESTATION_SOFTWARE);
    }
}

static void without_a_key_there_is_no_report(void **state)
{
    const struct attestation facts = { .boot_count = 1 };
    uint8_t message[ATTESTER_MESSAGE_LIMIT];
    size_t size = 0;
    (void)state;
    assert_int_equal(self_report_sign(&facts, &store.keystore, KEYSTORE_IDENTITY_B, &crypto, NONCE,
                                      message, &size),
                     STATUS_MISSING);
}

static void nobody_elses_key_opens_it(void **state)
{
    const struct attestation facts = { .boot_count = 1 };
    uint8_t message[ATTESTER_MESSAGE_LIMIT];
    uint8_t other[CRYPTO_P256_PUBLIC_SIZE];
    struct attestation report;
    size_t size = 0;
    (void)state;
    assert_int_equal(self_report_sign(&facts, &store.keystore, KEYSTORE_IDENTITY_A, &crypto, NONCE,
                                      message, &size),
                     STATUS_OK);
    EVP_PKEY *stranger = EVP_EC_gen("P-256");
    size_t other_size = 0;
    assert_int_equal(EVP_PKEY_get_octet_string_param(stranger, OSSL_PKEY_PARAM_PUB_KEY, other,
                                                     sizeof other, &other_size),
                     1);
    EVP_PKEY_free(stranger);
    assert_int_equal(attestation_open(&crypto, other, message, size, &report), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_the_nonce_under_the_key_of_the_certificate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(never_claims_more_than_boot_chain_and_keystore_give, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_key_there_is_no_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_elses_key_opens_it, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("self_report", tests, NULL, NULL);
}

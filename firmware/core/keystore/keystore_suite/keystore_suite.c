// SPDX-License-Identifier: MIT
#include "keystore_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hkdf.h"

static const uint8_t digest[KEYSTORE_DIGEST_SIZE] = { 0x11, 0x22, 0x33, [31] = 0x44 };

/// Slots whose keys may be made and unmade.
enum { CHANGING_COUNT = 3 };
static const enum keystore_slot changing[CHANGING_COUNT] = { KEYSTORE_IDENTITY_A,
                                                             KEYSTORE_IDENTITY_B, KEYSTORE_ATTEST };

/// Makes the whole fixture: a subject with a new store.
static const struct keystore *renewed(void **state)
{
    const struct keystore_subject *subject = *state;
    assert_int_equal(subject->renew(subject->ctx), STATUS_OK);
    return subject->table(subject->ctx);
}

static const struct keystore *restarted(void **state)
{
    const struct keystore_subject *subject = *state;
    assert_int_equal(subject->restart(subject->ctx), STATUS_OK);
    return subject->table(subject->ctx);
}

static const struct crypto *judge(void **state)
{
    const struct keystore_subject *subject = *state;
    return subject->crypto;
}

static void generate(const struct keystore *keystore, enum keystore_slot slot,
                     uint8_t key[KEYSTORE_PUBLIC_SIZE])
{
    memset(key, 0, KEYSTORE_PUBLIC_SIZE);
    assert_int_equal(keystore->generate(keystore->ctx, slot, key), STATUS_OK);
    assert_int_equal(key[0], 4);
}

static enum status verify_with(const struct keystore *keystore, const struct crypto *crypto,
                               enum keystore_slot slot, const uint8_t *key)
{
    uint8_t signature[KEYSTORE_SIGNATURE_SIZE] = { 0 };
    const enum status status = keystore->sign(keystore->ctx, slot, digest, signature);
    return status == STATUS_OK ? crypto->p256_verify(crypto->ctx, key, digest, signature) : status;
}

static void a_new_store_holds_nothing(void **state)
{
    const struct keystore *keystore = renewed(state);
    uint8_t room[KEYSTORE_CERTIFICATE_LIMIT];
    size_t size = 0;

    for (size_t i = 0; i < CHANGING_COUNT; i++) {
        const enum keystore_slot slot = changing[i];
        assert_int_equal(keystore->public_key(keystore->ctx, slot, room), STATUS_MISSING);
        assert_int_equal(keystore->sign(keystore->ctx, slot, digest, room), STATUS_MISSING);
        assert_int_equal(keystore->certificate(keystore->ctx, slot, room, sizeof room, &size),
                         STATUS_MISSING);
        assert_int_equal(keystore->set_certificate(keystore->ctx, slot, room, 10), STATUS_MISSING);
        assert_int_equal(keystore->erase(keystore->ctx, slot), STATUS_OK);
    }
    for (int secret = 0; secret < KEYSTORE_SECRET_COUNT; secret++) {
        assert_int_equal(keystore->derive(keystore->ctx, (enum keystore_secret)secret, NULL, 0,
                                          digest, 4, room, 32),
                         STATUS_MISSING);
        assert_int_equal(keystore->derive_salted(keystore->ctx, (enum keystore_secret)secret,
                                                 digest, 32, digest, 4, room, 32),
                         STATUS_MISSING);
    }
}

static void makes_another_key_every_time(void **state)
{
    const struct keystore *keystore = renewed(state);
    uint8_t keys[2 * CHANGING_COUNT][KEYSTORE_PUBLIC_SIZE];

    for (size_t i = 0; i < 2 * CHANGING_COUNT; i++) {
        uint8_t told[KEYSTORE_PUBLIC_SIZE];
        const enum keystore_slot slot = changing[i % CHANGING_COUNT];
        generate(keystore, slot, keys[i]);
        assert_int_equal(keystore->public_key(keystore->ctx, slot, told), STATUS_OK);
        assert_memory_equal(told, keys[i], sizeof told);
        for (size_t other = 0; other < i; other++) {
            assert_memory_not_equal(keys[i], keys[other], KEYSTORE_PUBLIC_SIZE);
        }
    }
}

static void signs_with_the_key_of_the_slot_and_no_other(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    uint8_t keys[CHANGING_COUNT][KEYSTORE_PUBLIC_SIZE];
    uint8_t old[KEYSTORE_PUBLIC_SIZE];

    for (size_t i = 0; i < CHANGING_COUNT; i++) {
        generate(keystore, changing[i], keys[i]);
    }
    for (size_t i = 0; i < CHANGING_COUNT; i++) {
        for (size_t other = 0; other < CHANGING_COUNT; other++) {
            assert_int_equal(verify_with(keystore, crypto, changing[i], keys[other]),
                             i == other ? STATUS_OK : STATUS_CORRUPT);
        }
    }
    memcpy(old, keys[0], sizeof old);
    generate(keystore, changing[0], keys[0]);
    assert_int_equal(verify_with(keystore, crypto, changing[0], old), STATUS_CORRUPT);
    assert_int_equal(verify_with(keystore, crypto, changing[0], keys[0]), STATUS_OK);
}

/// One signature in 128 has a number that begins with a zero byte; a store that drops it is caught.
static void signatures_keep_their_leading_zeros(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    enum { LIMIT = 10000, WANTED = 2, HALF = KEYSTORE_SIGNATURE_SIZE / 2 };
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    unsigned with_zero[WANTED] = { 0 }; // Of r and of s.

    generate(keystore, KEYSTORE_IDENTITY_A, key);
    for (unsigned i = 0; i < LIMIT && (with_zero[0] == 0 || with_zero[1] == 0); i++) {
        uint8_t signature[KEYSTORE_SIGNATURE_SIZE];
        uint8_t text[KEYSTORE_DIGEST_SIZE] = { (uint8_t)i, (uint8_t)(i >> 8) };
        memset(signature, 0xAA, sizeof signature);
        assert_int_equal(keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_A, text, signature),
                         STATUS_OK);
        if (signature[0] == 0 || signature[HALF] == 0 || i == 0) {
            assert_int_equal(crypto->p256_verify(crypto->ctx, key, text, signature), STATUS_OK);
        }
        with_zero[0] += signature[0] == 0;
        with_zero[1] += signature[HALF] == 0;
    }
    assert_true(with_zero[0] > 0 && with_zero[1] > 0);
}

static void refuses_slots_and_secrets_that_do_not_exist(void **state)
{
    const struct keystore *keystore = renewed(state);
    static const int others[] = { -1, KEYSTORE_SLOT_COUNT, KEYSTORE_SLOT_COUNT + 1, 1000 };
    uint8_t room[KEYSTORE_CERTIFICATE_LIMIT];
    size_t size = 0;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const enum keystore_slot slot = (enum keystore_slot)others[i];
        const enum keystore_secret secret = (enum keystore_secret)others[i];
        assert_int_equal(keystore->generate(keystore->ctx, slot, room), STATUS_INVALID);
        assert_int_equal(keystore->public_key(keystore->ctx, slot, room), STATUS_INVALID);
        assert_int_equal(keystore->sign(keystore->ctx, slot, digest, room), STATUS_INVALID);
        assert_int_equal(keystore->certificate(keystore->ctx, slot, room, sizeof room, &size),
                         STATUS_INVALID);
        assert_int_equal(keystore->set_certificate(keystore->ctx, slot, digest, 32),
                         STATUS_INVALID);
        assert_int_equal(keystore->erase(keystore->ctx, slot), STATUS_INVALID);
        assert_int_equal(keystore->set_secret(keystore->ctx, secret, digest, 32), STATUS_INVALID);
        assert_int_equal(keystore->derive(keystore->ctx, secret, NULL, 0, digest, 4, room, 32),
                         STATUS_INVALID);
        assert_int_equal(
            keystore->derive_salted(keystore->ctx, secret, digest, 32, digest, 4, room, 32),
            STATUS_INVALID);
    }
}

static void keeps_a_certificate_beside_its_key(void **state)
{
    const struct keystore *keystore = renewed(state);
    static uint8_t der[KEYSTORE_CERTIFICATE_LIMIT + 1];
    static uint8_t read[KEYSTORE_CERTIFICATE_LIMIT];
    static const size_t sizes[] = { 1, 700, KEYSTORE_CERTIFICATE_LIMIT };
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    size_t size = 99;

    generate(keystore, KEYSTORE_IDENTITY_A, key);
    generate(keystore, KEYSTORE_IDENTITY_B, key);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(der, (int)(i + 1), sizeof der);
        assert_int_equal(
            keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, der, sizes[i]),
            STATUS_OK);
        assert_int_equal(
            keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, read, sizes[i] - 1, &size),
            STATUS_FULL);
        assert_int_equal(
            keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, read, sizes[i], &size),
            STATUS_OK);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(read, der, size);
    }
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, der, 0),
                     STATUS_INVALID);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, der, sizeof der),
                     STATUS_INVALID);
    assert_int_equal(
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_B, read, sizeof read, &size),
        STATUS_MISSING);
    // A new key is not the one that was certified.
    generate(keystore, KEYSTORE_IDENTITY_A, key);
    assert_int_equal(
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, read, sizeof read, &size),
        STATUS_MISSING);
}

static void erases_a_slot_and_leaves_the_others(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    uint8_t keys[2][KEYSTORE_PUBLIC_SIZE];
    uint8_t room[64];
    size_t size = 0;

    generate(keystore, KEYSTORE_IDENTITY_A, keys[0]);
    generate(keystore, KEYSTORE_IDENTITY_B, keys[1]);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, digest, 32),
                     STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_B, digest, 31),
                     STATUS_OK);
    assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A), STATUS_OK);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, keys[0]),
                         STATUS_MISSING);
        assert_int_equal(keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_A, digest, room),
                         STATUS_MISSING);
        assert_int_equal(
            keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, room, sizeof room, &size),
            STATUS_MISSING);
        assert_int_equal(verify_with(keystore, crypto, KEYSTORE_IDENTITY_B, keys[1]), STATUS_OK);
        assert_int_equal(
            keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_B, room, sizeof room, &size),
            STATUS_OK);
        assert_int_equal(size, 31);
        keystore = restarted(state);
    }
}

static void expect_derived(const struct crypto *crypto, const struct hkdf *hkdf,
                           const uint8_t *derived, size_t size)
{
    static uint8_t expected[HKDF_SIZE_LIMIT];
    assert_int_equal(hkdf_sha256(crypto, hkdf, expected, size), STATUS_OK);
    assert_memory_equal(derived, expected, size);
}

static void derives_by_hkdf_both_ways_round(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    static const size_t sizes[] = { 16, 33, KEYSTORE_SECRET_LIMIT };
    static const size_t out_sizes[] = { 1, 32, 96, HKDF_SIZE_LIMIT };
    static uint8_t out[HKDF_SIZE_LIMIT + 1];
    uint8_t value[KEYSTORE_SECRET_LIMIT];
    uint8_t label[KEYSTORE_LABEL_LIMIT];

    memset(label, 'l', sizeof label);
    const struct crypto_part info = { label, sizeof label };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(value, (int)(0xB0 + i), sizeof value);
        assert_int_equal(
            keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_POSSESSION, value, sizes[i]),
            STATUS_OK);
        for (size_t j = 0; j < sizeof out_sizes / sizeof out_sizes[0]; j++) {
            const struct crypto_part secret = { value, sizes[i] };
            const struct crypto_part other = { digest, sizeof digest };
            struct hkdf hkdf = { .secret = secret, .info = &info, .info_count = 1 };
            assert_int_equal(keystore->derive(keystore->ctx, KEYSTORE_SECRET_POSSESSION, NULL, 0,
                                              label, sizeof label, out, out_sizes[j]),
                             STATUS_OK);
            expect_derived(crypto, &hkdf, out, out_sizes[j]);
            hkdf.salt = other;
            assert_int_equal(keystore->derive(keystore->ctx, KEYSTORE_SECRET_POSSESSION, digest,
                                              sizeof digest, label, sizeof label, out,
                                              out_sizes[j]),
                             STATUS_OK);
            expect_derived(crypto, &hkdf, out, out_sizes[j]);
            hkdf.secret = other;
            hkdf.salt = secret;
            assert_int_equal(keystore->derive_salted(keystore->ctx, KEYSTORE_SECRET_POSSESSION,
                                                     digest, sizeof digest, label, sizeof label,
                                                     out, out_sizes[j]),
                             STATUS_OK);
            expect_derived(crypto, &hkdf, out, out_sizes[j]);
        }
    }
    assert_int_equal(
        keystore->derive(keystore->ctx, KEYSTORE_SECRET_LINK, NULL, 0, label, 4, out, 32),
        STATUS_MISSING);
}

static void refuses_secrets_labels_and_outputs_of_other_sizes(void **state)
{
    const struct keystore *keystore = renewed(state);
    const enum keystore_secret secret = KEYSTORE_SECRET_LINK;
    static uint8_t room[HKDF_SIZE_LIMIT + 1];

    assert_int_equal(keystore->set_secret(keystore->ctx, secret, room, 0), STATUS_INVALID);
    assert_int_equal(keystore->set_secret(keystore->ctx, secret, room, 15), STATUS_INVALID);
    assert_int_equal(keystore->set_secret(keystore->ctx, secret, room, KEYSTORE_SECRET_LIMIT + 1),
                     STATUS_INVALID);
    assert_int_equal(keystore->derive(keystore->ctx, secret, NULL, 0, digest, 4, room, 32),
                     STATUS_MISSING);
    assert_int_equal(keystore->set_secret(keystore->ctx, secret, room, 16), STATUS_OK);
    assert_int_equal(keystore->derive(keystore->ctx, secret, NULL, 0, room,
                                      KEYSTORE_LABEL_LIMIT + 1, room + 200, 32),
                     STATUS_INVALID);
    assert_int_equal(keystore->derive(keystore->ctx, secret, NULL, 0, digest, 4, room, sizeof room),
                     STATUS_INVALID);
    assert_int_equal(keystore->derive_salted(keystore->ctx, secret, digest, 32, room,
                                             KEYSTORE_LABEL_LIMIT + 1, room + 200, 32),
                     STATUS_INVALID);
    assert_int_equal(
        keystore->derive_salted(keystore->ctx, secret, digest, 32, digest, 4, room, sizeof room),
        STATUS_INVALID);
}

static void keeps_everything_while_it_is_off(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    static const uint8_t value[20] = { 0xC0, 0xFF, 0xEE };
    uint8_t keys[CHANGING_COUNT][KEYSTORE_PUBLIC_SIZE];
    uint8_t before[32];

    for (size_t i = 0; i < CHANGING_COUNT; i++) {
        generate(keystore, changing[i], keys[i]);
        assert_int_equal(keystore->set_certificate(keystore->ctx, changing[i], keys[i], 40 + i),
                         STATUS_OK);
    }
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, value, sizeof value),
                     STATUS_OK);
    assert_int_equal(keystore->derive(keystore->ctx, KEYSTORE_SECRET_LINK, NULL, 0, digest, 4,
                                      before, sizeof before),
                     STATUS_OK);
    keystore = restarted(state);
    for (size_t i = 0; i < CHANGING_COUNT; i++) {
        uint8_t room[KEYSTORE_PUBLIC_SIZE];
        size_t size = 0;
        assert_int_equal(keystore->public_key(keystore->ctx, changing[i], room), STATUS_OK);
        assert_memory_equal(room, keys[i], sizeof room);
        assert_int_equal(verify_with(keystore, crypto, changing[i], keys[i]), STATUS_OK);
        assert_int_equal(
            keystore->certificate(keystore->ctx, changing[i], room, sizeof room, &size), STATUS_OK);
        assert_int_equal(size, 40 + i);
        assert_memory_equal(room, keys[i], size);
    }
    uint8_t after[32];
    assert_int_equal(keystore->derive(keystore->ctx, KEYSTORE_SECRET_LINK, NULL, 0, digest, 4,
                                      after, sizeof after),
                     STATUS_OK);
    assert_memory_equal(before, after, sizeof after);
}

/// A store may lack this key. One that has it, or can make it, keeps to what it says of itself.
static void the_key_of_birth_is_as_fixed_as_the_store_says(void **state)
{
    const struct keystore *keystore = renewed(state);
    const struct crypto *crypto = judge(state);
    const bool is_fixed = (keystore->capabilities(keystore->ctx) & KEYSTORE_BIRTH_IS_FIXED) != 0;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    const enum status had = keystore->public_key(keystore->ctx, KEYSTORE_BIRTH, key);

    assert_true(had == STATUS_OK || had == STATUS_MISSING);
    if (had == STATUS_OK) {
        assert_int_equal(verify_with(keystore, crypto, KEYSTORE_BIRTH, key), STATUS_OK);
    }
    if (is_fixed) {
        assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_BIRTH, key), STATUS_INVALID);
        assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_BIRTH), STATUS_INVALID);
        assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_BIRTH, key), had);
    } else {
        generate(keystore, KEYSTORE_BIRTH, key);
        assert_int_equal(verify_with(keystore, crypto, KEYSTORE_BIRTH, key), STATUS_OK);
    }
}

int keystore_suite_run(const struct keystore_subject *subject)
{
    struct keystore_subject tested = *subject;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_new_store_holds_nothing, &tested),
        cmocka_unit_test_prestate(makes_another_key_every_time, &tested),
        cmocka_unit_test_prestate(signs_with_the_key_of_the_slot_and_no_other, &tested),
        cmocka_unit_test_prestate(signatures_keep_their_leading_zeros, &tested),
        cmocka_unit_test_prestate(refuses_slots_and_secrets_that_do_not_exist, &tested),
        cmocka_unit_test_prestate(keeps_a_certificate_beside_its_key, &tested),
        cmocka_unit_test_prestate(erases_a_slot_and_leaves_the_others, &tested),
        cmocka_unit_test_prestate(derives_by_hkdf_both_ways_round, &tested),
        cmocka_unit_test_prestate(refuses_secrets_labels_and_outputs_of_other_sizes, &tested),
        cmocka_unit_test_prestate(keeps_everything_while_it_is_off, &tested),
        cmocka_unit_test_prestate(the_key_of_birth_is_as_fixed_as_the_store_says, &tested),
    };
    return cmocka_run_group_tests_name(subject->name, tests, NULL, NULL);
}

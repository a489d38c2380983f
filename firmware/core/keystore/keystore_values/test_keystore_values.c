// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "keystore_suite.h"
#include "keystore_values.h"
#include "openssl_crypto.h"
#include "openssl_p256.h"
#include "record_store.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 4, LONG_CERTIFICATE = 1000, STRIDE = 61 };

static struct flash_memory flash;
static struct flash_memory before;
static struct record_store records;
static struct key_value values;
static struct keystore_values store;
static struct crypto crypto;

static enum status make_key(void *ctx, uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct openssl_p256_key key;
    (void)ctx;
    const enum status status = openssl_p256_generate(&key);
    memcpy(private_key, key.private_key, sizeof key.private_key);
    memcpy(public_key, key.public_key, sizeof key.public_key);
    return status;
}

static enum status sign_with(void *ctx, const uint8_t private_key[KEYSTORE_VALUES_PRIVATE_SIZE],
                             const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                             uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    // The suite signs with what it made here, so the public half is at hand.
    const struct keystore_values *of = ctx;
    struct openssl_p256_key key;
    memcpy(key.private_key, private_key, sizeof key.private_key);
    for (unsigned slot = 0; slot < KEYSTORE_SLOT_COUNT; slot++) {
        if (of->keystore.public_key(of->keystore.ctx, (enum keystore_slot)slot, key.public_key) ==
                STATUS_OK &&
            openssl_p256_sign(&key, digest, signature) == STATUS_OK) {
            return STATUS_OK;
        }
    }
    return STATUS_CORRUPT;
}

static const struct keystore_values_maker maker = { make_key, sign_with, &store };

static enum status restart(void *ctx)
{
    (void)ctx;
    const enum status status = record_store_open(&records, &flash.region);
    values = record_store_key_value(&records);
    keystore_values_init(&store, &values, &crypto, &maker);
    return status;
}

static enum status renew(void *ctx)
{
    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER, 1);
    return restart(ctx);
}

static const struct keystore *table(void *ctx)
{
    (void)ctx;
    return keystore_values_table(&store);
}

static const struct keystore *fresh(void)
{
    assert_int_equal(renew(NULL), STATUS_OK);
    return keystore_values_table(&store);
}

static void test_names_are_lasting_so_a_factory_reset_decides_about_each_slot(void **state)
{
    const struct keystore *keys = fresh();
    uint8_t made[KEYSTORE_PUBLIC_SIZE];
    uint8_t found[KEYSTORE_PUBLIC_SIZE];

    (void)state;
    assert_int_equal(keys->generate(keys->ctx, KEYSTORE_IDENTITY_A, made), STATUS_OK);
    assert_int_equal(values.erase_all(values.ctx), STATUS_OK);
    assert_int_equal(keys->public_key(keys->ctx, KEYSTORE_IDENTITY_A, found), STATUS_OK);
    assert_memory_equal(found, made, sizeof made);
}

static void test_a_damaged_slot_is_corrupt_and_no_new_key_takes_its_place(void **state)
{
    const struct keystore *keys = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    (void)state;
    assert_int_equal(keys->generate(keys->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_int_equal(values.set(values.ctx, ".ks1", "no key", 6), STATUS_OK);
    assert_int_equal(keys->public_key(keys->ctx, KEYSTORE_IDENTITY_A, key), STATUS_CORRUPT);
    assert_int_equal(keys->generate(keys->ctx, KEYSTORE_IDENTITY_A, key), STATUS_CORRUPT);
    assert_int_equal(keys->erase(keys->ctx, KEYSTORE_IDENTITY_A), STATUS_CORRUPT);
}

static void test_a_certificate_with_a_missing_part_is_corrupt(void **state)
{
    static uint8_t der[LONG_CERTIFICATE] = { 0x30 };
    const struct keystore *keys = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t out[LONG_CERTIFICATE];
    size_t size = 0;

    (void)state;
    assert_int_equal(keys->generate(keys->ctx, KEYSTORE_IDENTITY_B, key), STATUS_OK);
    assert_int_equal(keys->set_certificate(keys->ctx, KEYSTORE_IDENTITY_B, der, sizeof der),
                     STATUS_OK);
    assert_int_equal(keys->certificate(keys->ctx, KEYSTORE_IDENTITY_B, out, sizeof out, &size),
                     STATUS_OK);
    assert_int_equal(size, sizeof der);
    assert_int_equal(values.set(values.ctx, ".ks2b1", "", 0), STATUS_OK);
    assert_int_equal(keys->certificate(keys->ctx, KEYSTORE_IDENTITY_B, out, sizeof out, &size),
                     STATUS_CORRUPT);
}

/// What can be seen of identity A and of a secret from outside.
struct sight {
    enum status has_key;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    enum status has_certificate;
    uint8_t certificate[LONG_CERTIFICATE];
    size_t certificate_size;
    enum status has_secret;
    uint8_t derived[32];
};

static bool is_same(const struct sight *one, const struct sight *other)
{
    return one->has_key == other->has_key && memcmp(one->key, other->key, sizeof one->key) == 0 &&
           one->has_certificate == other->has_certificate &&
           one->certificate_size == other->certificate_size &&
           memcmp(one->certificate, other->certificate, sizeof one->certificate) == 0 &&
           one->has_secret == other->has_secret &&
           memcmp(one->derived, other->derived, sizeof one->derived) == 0;
}

static void look(struct sight *sight)
{
    const struct keystore *keys = keystore_values_table(&store);
    memset(sight, 0, sizeof *sight);
    sight->has_key = keys->public_key(keys->ctx, KEYSTORE_IDENTITY_A, sight->key);
    sight->has_certificate = keys->certificate(keys->ctx, KEYSTORE_IDENTITY_A, sight->certificate,
                                               sizeof sight->certificate, &sight->certificate_size);
    sight->has_secret =
        keys->derive(keys->ctx, KEYSTORE_SECRET_LINK, NULL, 0, (const uint8_t *)"label", 5,
                     sight->derived, sizeof sight->derived);
}

static enum status change(unsigned what)
{
    static uint8_t der[LONG_CERTIFICATE] = { 0x30, 1 };
    const struct keystore *keys = keystore_values_table(&store);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    switch (what) {
    case 0:
        return keys->generate(keys->ctx, KEYSTORE_IDENTITY_A, key);
    case 1:
        return keys->set_certificate(keys->ctx, KEYSTORE_IDENTITY_A, der, sizeof der);
    case 2:
        return keys->set_secret(keys->ctx, KEYSTORE_SECRET_LINK,
                                (const uint8_t *)"another secret..", 16);
    default:
        return keys->erase(keys->ctx, KEYSTORE_IDENTITY_A);
    }
}

/// A store with something old in every place.
static void fill(void)
{
    static uint8_t der[LONG_CERTIFICATE - 100] = { 0x30, 2 };
    const struct keystore *keys = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    assert_int_equal(keys->generate(keys->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_int_equal(keys->set_certificate(keys->ctx, KEYSTORE_IDENTITY_A, der, sizeof der),
                     STATUS_OK);
    assert_int_equal(
        keys->set_secret(keys->ctx, KEYSTORE_SECRET_LINK, (const uint8_t *)"the old secret..", 16),
        STATUS_OK);
}

/// What a change makes of `old`, as far as it can be known: a new key is any other.
static bool is_as_it_was_to_be(unsigned what, const struct sight *old, const struct sight *now)
{
    struct sight expected = *old;
    switch (what) {
    case 0:
        return now->has_key == STATUS_OK && memcmp(now->key, old->key, sizeof now->key) != 0 &&
               now->has_certificate == STATUS_MISSING;
    case 1:
        return now->has_certificate == STATUS_OK && now->certificate_size == LONG_CERTIFICATE &&
               now->certificate[1] == 1 && memcmp(now->key, old->key, sizeof now->key) == 0;
    case 2:
        memcpy(expected.derived, now->derived, sizeof expected.derived);
        return memcmp(now->derived, old->derived, sizeof now->derived) != 0 &&
               is_same(&expected, now);
    default:
        return now->has_key == STATUS_MISSING && now->has_certificate == STATUS_MISSING &&
               now->has_secret == STATUS_OK;
    }
}

static void test_a_power_cut_leaves_what_was_or_what_was_to_be(void **state)
{
    static struct sight old;
    static struct sight now;
    unsigned kept = 0;
    unsigned changed = 0;

    (void)state;
    fill();
    look(&old);
    flash_memory_copy(&before, &flash);
    for (unsigned what = 0; what < 4; what++) {
        for (uint64_t steps = 0;; steps += STRIDE) {
            flash_memory_copy(&flash, &before);
            assert_int_equal(restart(NULL), STATUS_OK);
            flash_memory_cut_after(&flash, steps);
            const enum status status = change(what);
            const bool was_cut = flash.is_dead;
            flash_memory_power_up(&flash);
            assert_int_equal(restart(NULL), STATUS_OK);
            look(&now);
            const bool is_old = is_same(&now, &old);
            assert_true(is_old || is_as_it_was_to_be(what, &old, &now));
            assert_true(status != STATUS_OK || !is_old);
            kept += is_old;
            changed += !is_old;
            if (!was_cut) {
                break;
            }
        }
    }
    assert_int_equal(flash.breaches, 0);
    assert_true(kept > 20 && changed >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_lasting_so_a_factory_reset_decides_about_each_slot),
        cmocka_unit_test(test_a_damaged_slot_is_corrupt_and_no_new_key_takes_its_place),
        cmocka_unit_test(test_a_certificate_with_a_missing_part_is_corrupt),
        cmocka_unit_test(test_a_power_cut_leaves_what_was_or_what_was_to_be),
    };
    crypto = openssl_crypto();
    const struct keystore_subject subject = { .name = "keystore_values",
                                              .renew = renew,
                                              .restart = restart,
                                              .table = table,
                                              .crypto = &crypto };
    const int failed = keystore_suite_run(&subject);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

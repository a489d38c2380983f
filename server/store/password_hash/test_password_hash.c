// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "password_hash.h"

static int open_machine(void **state)
{
    static struct account_crypto crypto;
    *state = &crypto;
    const struct password_hash_parameters quick = { .memory_kib = 64, .passes = 1 };
    return password_hash_open(quick, &crypto) == STATUS_OK ? 0 : -1;
}

static int close_machine(void **state)
{
    password_hash_close(*state);
    return 0;
}

static void accepts_the_password_and_no_other(void **state)
{
    struct account_crypto *crypto = *state;
    char hash[PASSWORD_HASH_SIZE];
    assert_int_equal(crypto->hash_password(crypto->ctx, "correct horse", hash), STATUS_OK);
    assert_memory_equal(hash, "$argon2id$v=19$m=64,t=1,p=1$", 28);
    assert_int_equal(crypto->verify_password(crypto->ctx, "correct horse", hash), STATUS_OK);
    assert_int_equal(crypto->verify_password(crypto->ctx, "correct hors", hash), STATUS_INVALID);
    assert_int_equal(crypto->verify_password(crypto->ctx, "correct horse ", hash), STATUS_INVALID);
    assert_int_equal(crypto->verify_password(crypto->ctx, "", hash), STATUS_INVALID);
}

static void salts_every_hash(void **state)
{
    struct account_crypto *crypto = *state;
    char one[PASSWORD_HASH_SIZE];
    char other[PASSWORD_HASH_SIZE];
    assert_int_equal(crypto->hash_password(crypto->ctx, "same", one), STATUS_OK);
    assert_int_equal(crypto->hash_password(crypto->ctx, "same", other), STATUS_OK);
    assert_string_not_equal(one, other);
}

static void calls_a_damaged_hash_damaged(void **state)
{
    struct account_crypto *crypto = *state;
    assert_int_equal(crypto->verify_password(crypto->ctx, "x", ""), STATUS_CORRUPT);
    assert_int_equal(crypto->verify_password(crypto->ctx, "x", "$argon2id$v=19$m=64"),
                     STATUS_CORRUPT);
}

static void knows_a_hash_of_yesterday(void **state)
{
    struct account_crypto *crypto = *state;
    char hash[PASSWORD_HASH_SIZE];
    struct account_crypto stronger;
    const struct password_hash_parameters more = { .memory_kib = 128, .passes = 1 };
    assert_int_equal(password_hash_open(more, &stronger), STATUS_OK);
    assert_int_equal(crypto->hash_password(crypto->ctx, "x", hash), STATUS_OK);
    assert_false(crypto->is_outdated(crypto->ctx, hash));
    assert_true(stronger.is_outdated(stronger.ctx, hash));
    assert_int_equal(stronger.verify_password(stronger.ctx, "x", hash), STATUS_OK);
    password_hash_close(&stronger);
}

/// FIPS 180-4, the one-block example "abc".
static void digests_as_the_standard_says(void **state)
{
    struct account_crypto *crypto = *state;
    static const uint8_t expected[ACCOUNT_DIGEST_SIZE] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    uint8_t out[ACCOUNT_DIGEST_SIZE];
    assert_int_equal(crypto->digest(crypto->ctx, "abc", 3, out), STATUS_OK);
    assert_memory_equal(out, expected, sizeof expected);
}

enum { THREADS = 12, ROUNDS = 20 };

struct crowd {
    struct account_crypto *crypto;
    unsigned done[THREADS];
    unsigned other[THREADS];
};

struct member {
    struct crowd *crowd;
    unsigned index;
};

static void *hash_often(void *argument)
{
    const struct member *member = argument;
    struct account_crypto *crypto = member->crowd->crypto;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char hash[PASSWORD_HASH_SIZE];
        const enum status status = crypto->hash_password(crypto->ctx, "x", hash);
        member->crowd->done[member->index] += status == STATUS_OK ? 1u : 0u;
        member->crowd->other[member->index] += status != STATUS_OK && status != STATUS_BUSY;
    }
    return NULL;
}

static void a_crowd_is_told_to_wait_and_leaves_no_place_taken(void **state)
{
    struct crowd crowd = { .crypto = *state };
    struct member members[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        members[i] = (struct member){ .crowd = &crowd, .index = i };
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &members[i]), 0);
    }
    unsigned done = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        done += crowd.done[i];
        assert_int_equal(crowd.other[i], 0);
    }
    assert_true(done > 0);
    char hash[PASSWORD_HASH_SIZE];
    assert_int_equal(crowd.crypto->hash_password(crowd.crypto->ctx, "x", hash), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_password_and_no_other),
        cmocka_unit_test(salts_every_hash),
        cmocka_unit_test(calls_a_damaged_hash_damaged),
        cmocka_unit_test(knows_a_hash_of_yesterday),
        cmocka_unit_test(digests_as_the_standard_says),
        cmocka_unit_test(a_crowd_is_told_to_wait_and_leaves_no_place_taken),
    };
    return cmocka_run_group_tests_name("password_hash", tests, open_machine, close_machine);
}

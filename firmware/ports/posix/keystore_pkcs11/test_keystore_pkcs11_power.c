// SPDX-License-Identifier: MIT

/// Cuts the power before every object that a change creates or destroys in the token, and between
/// the halves of a key: afterwards the store is the old one or the new one, and it goes on.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keystore_pkcs11.h"
#include "openssl_crypto.h"
#include "softhsm_token.h"

enum { NEVER = 1000 };

static struct crypto crypto;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST cut_list;

/// Steps until the cut. A key pair is two.
static struct {
    unsigned left;
    bool is_dead;
    bool keeps_litter; ///< Nothing can be destroyed; all else works.
} power;

static bool next_step(void)
{
    if (power.left == 0) {
        power.is_dead = true;
    }
    power.left -= power.left > 0 ? 1 : 0;
    return !power.is_dead;
}

static CK_RV cut_create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                        CK_OBJECT_HANDLE *object)
{
    return next_step() ? real->C_CreateObject(session, attributes, count, object)
                       : CKR_DEVICE_ERROR;
}

static CK_RV cut_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    if (power.keeps_litter) {
        return CKR_ACTION_PROHIBITED;
    }
    return next_step() ? real->C_DestroyObject(session, object) : CKR_DEVICE_ERROR;
}

static CK_RV cut_generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                          CK_ATTRIBUTE *public_half, CK_ULONG public_count,
                          CK_ATTRIBUTE *private_half, CK_ULONG private_count,
                          CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    if (!next_step()) {
        return CKR_DEVICE_ERROR;
    }
    const CK_RV result =
        real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half,
                                private_count, public_key, private_key);
    if (!next_step()) {
        assert_int_equal(real->C_DestroyObject(session, *private_key), CKR_OK);
        return CKR_DEVICE_ERROR;
    }
    return result;
}

static CK_RV cut_find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    return power.is_dead ? CKR_DEVICE_ERROR : real->C_FindObjectsInit(session, attributes, count);
}

static struct keystore_pkcs11 *open_store(unsigned steps)
{
    const struct pkcs11_token_options options = { .label = SOFTHSM_LABEL,
                                                  .pin = SOFTHSM_PIN,
                                                  .functions = &cut_list };
    struct keystore_pkcs11 *store = NULL;
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    power.left = NEVER;
    power.is_dead = false;
    power.keeps_litter = false;
    if (keystore_pkcs11_open(&store, &options, &crypto, fault) != STATUS_OK) {
        fail_msg("%s", fault);
    }
    power.left = steps;
    return store;
}

static const uint8_t label_digest[KEYSTORE_DIGEST_SIZE] = { 7 };

/// What can be seen of a store from outside.
struct sight {
    enum status has_key;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    enum status signs; ///< What the key makes of a signature of the slot.
    enum status has_certificate;
    uint8_t certificate[64];
    size_t certificate_size;
    enum status has_secret;
    uint8_t derived[32];
};

static struct sight look(const struct keystore *keystore)
{
    static const uint8_t label[] = "label";
    struct sight sight;
    memset(&sight, 0, sizeof sight);
    sight.has_key = keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, sight.key);
    uint8_t signature[KEYSTORE_SIGNATURE_SIZE];
    sight.signs = keystore->sign(keystore->ctx, KEYSTORE_IDENTITY_A, label_digest, signature);
    if (sight.signs == STATUS_OK) {
        sight.signs = crypto.p256_verify(crypto.ctx, sight.key, label_digest, signature);
    }
    sight.has_certificate =
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, sight.certificate,
                              sizeof sight.certificate, &sight.certificate_size);
    sight.has_secret = keystore->derive(keystore->ctx, KEYSTORE_SECRET_LINK, NULL, 0, label,
                                        sizeof label, sight.derived, sizeof sight.derived);
    return sight;
}

static bool is_same(const struct sight *one, const struct sight *other)
{
    return one->has_key == other->has_key && one->signs == other->signs &&
           one->has_certificate == other->has_certificate && one->has_secret == other->has_secret &&
           one->certificate_size == other->certificate_size &&
           memcmp(one->key, other->key, sizeof one->key) == 0 &&
           memcmp(one->certificate, other->certificate, sizeof one->certificate) == 0 &&
           memcmp(one->derived, other->derived, sizeof one->derived) == 0;
}

static enum status make_key(const struct keystore *keystore)
{
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    return keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key);
}

static enum status keep_certificate(const struct keystore *keystore)
{
    return keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A,
                                     (const uint8_t *)"another certificate", 19);
}

static enum status keep_secret(const struct keystore *keystore)
{
    return keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK,
                                (const uint8_t *)"another secret of 24 byt", 24);
}

static enum status forget_key(const struct keystore *keystore)
{
    return keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A);
}

/// A store with one of everything, or a new one.
static void prepare_token(bool is_filled)
{
    softhsm_renew();
    if (!is_filled) {
        return;
    }
    struct keystore_pkcs11 *store = open_store(NEVER);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    assert_int_equal(make_key(keystore), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A,
                                               (const uint8_t *)"a certificate", 13),
                     STATUS_OK);
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK,
                                          (const uint8_t *)"a secret of 16 b", 16),
                     STATUS_OK);
    keystore_pkcs11_close(store);
}

/// One cut of one change. @return whether the power lasted to the end.
static bool cut(enum status (*change)(const struct keystore *keystore), bool is_filled,
                unsigned steps)
{
    prepare_token(is_filled);
    struct keystore_pkcs11 *store = open_store(steps);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    const struct sight before = look(keystore);
    const enum status status = change(keystore);
    const bool lasted = !power.is_dead;
    keystore_pkcs11_close(store);

    store = open_store(NEVER);
    keystore = keystore_pkcs11_table(store);
    const struct sight after = look(keystore);
    assert_int_equal(after.signs, after.has_key);
    const bool is_old = is_same(&before, &after);
    assert_true(status == STATUS_OK || status == STATUS_IO);
    assert_false(status == STATUS_OK && is_old);
    if (memcmp(before.key, after.key, sizeof before.key) != 0) {
        assert_int_equal(after.has_certificate, STATUS_MISSING);
    }
    if (change != keep_secret) {
        assert_memory_equal(before.derived, after.derived, sizeof before.derived);
        assert_int_equal(before.has_secret, after.has_secret);
    }
    assert_int_equal(change(keystore), STATUS_OK);
    keystore_pkcs11_close(store);
    return lasted;
}

static void finds_the_old_store_or_the_new_one_after_every_cut(void **state)
{
    (void)state;
    static const struct {
        enum status (*change)(const struct keystore *keystore);
        bool is_filled;
        unsigned least; ///< Steps of the change at least.
    } cases[] = { { make_key, false, 2 },        { make_key, true, 5 },
                  { keep_certificate, true, 2 }, { keep_secret, false, 1 },
                  { keep_secret, true, 2 },      { forget_key, true, 4 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned steps = 0;
        while (!cut(cases[i].change, cases[i].is_filled, steps)) {
            steps++;
            assert_true(steps < NEVER);
        }
        assert_true(steps >= cases[i].least);
    }
}

/// Whatever could not be swept away, the newest counts.
static void the_newest_counts_among_what_could_not_be_destroyed(void **state)
{
    (void)state;
    struct sight before;
    prepare_token(false);
    struct keystore_pkcs11 *store = open_store(NEVER);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    power.keeps_litter = true;
    before = look(keystore);
    for (uint8_t round = 1; round <= 8; round++) {
        uint8_t value[16] = { round };
        power.left = NEVER;
        assert_int_equal(make_key(keystore), STATUS_OK);
        assert_int_equal(
            keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, value, round), STATUS_OK);
        assert_int_equal(
            keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, value, round + 1u),
            STATUS_OK);
        assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, value, 16),
                         STATUS_OK);
        const struct sight now = look(keystore);
        assert_int_equal(now.signs, STATUS_OK);
        assert_int_equal(now.certificate_size, round + 1);
        assert_memory_not_equal(now.key, before.key, sizeof now.key);
        assert_memory_not_equal(now.derived, before.derived, sizeof now.derived);
        before = now;
    }
    assert_int_equal(forget_key(keystore), STATUS_OK);
    assert_int_equal(look(keystore).has_key, STATUS_MISSING);
    power.keeps_litter = false;
    keystore_pkcs11_close(store);
}

/// Twenty renewals leave no more in the token than one.
static void leaves_no_litter(void **state)
{
    (void)state;
    static const CK_OBJECT_CLASS classes[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_DATA,
                                               CKO_DATA };
    static const char *const labels[] = { "ohmstead identity a", "ohmstead identity a",
                                          "ohmstead identity a certificate",
                                          "ohmstead identity a erased" };
    const struct pkcs11_token_options options = { .label = SOFTHSM_LABEL,
                                                  .pin = SOFTHSM_PIN,
                                                  .functions = &cut_list };
    struct pkcs11_token token;
    char fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    prepare_token(true);
    struct keystore_pkcs11 *store = open_store(NEVER);
    const struct keystore *keystore = keystore_pkcs11_table(store);
    for (unsigned round = 0; round < 20; round++) {
        assert_int_equal(round % 5 == 4 ? forget_key(keystore) : STATUS_OK, STATUS_OK);
        assert_int_equal(make_key(keystore), STATUS_OK);
        assert_int_equal(keep_certificate(keystore), STATUS_OK);
        assert_int_equal(keep_certificate(keystore), STATUS_OK);
        power.left = NEVER;
    }
    assert_int_equal(pkcs11_token_open(&token, &options, fault), STATUS_OK);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        struct pkcs11_objects found;
        assert_int_equal(pkcs11_token_find(&token, classes[i], labels[i], &found), STATUS_OK);
        assert_int_equal(found.count, i < 3 ? 1 : 0);
    }
    pkcs11_token_close(&token);
    keystore_pkcs11_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_old_store_or_the_new_one_after_every_cut),
        cmocka_unit_test(the_newest_counts_among_what_could_not_be_destroyed),
        cmocka_unit_test(leaves_no_litter),
    };
    if (softhsm_library() == NULL) {
        (void)fprintf(stderr, "FAILED: SoftHSM is not installed (Debian package softhsm2)\n");
        return 1;
    }
    crypto = openssl_crypto();
    softhsm_begin();
    real = softhsm_functions();
    cut_list = *real;
    cut_list.C_CreateObject = cut_create;
    cut_list.C_DestroyObject = cut_destroy;
    cut_list.C_GenerateKeyPair = cut_generate;
    cut_list.C_FindObjectsInit = cut_find;
    const int failed = cmocka_run_group_tests_name("keystore_pkcs11_power", tests, NULL, NULL);
    softhsm_end();
    return failed;
}

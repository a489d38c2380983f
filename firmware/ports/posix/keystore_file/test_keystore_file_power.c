// SPDX-License-Identifier: MIT

/// Cuts the power before every step on the disk of every change: afterwards the store is the old
/// one or the new one, it opens, and it goes on.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host_entropy.h"
#include "keystore_file.h"
#include "openssl_crypto.h"
#include "step_countdown.h"

static const uint8_t seal_key[KEYSTORE_FILE_SEAL_SIZE] = { 9, 8, 7 };
static const uint8_t label[] = "label";

static char folder[64];
static char path[96];
static char fresh[112];

/// What can be seen of a store from outside.
struct sight {
    enum status has_key;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    enum status has_certificate;
    uint8_t certificate[64];
    size_t certificate_size;
    enum status has_secret;
    uint8_t derived[32];
};

static struct sight look(const struct keystore *keystore)
{
    struct sight sight;
    memset(&sight, 0, sizeof sight);
    sight.has_key = keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, sight.key);
    sight.has_certificate =
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, sight.certificate,
                              sizeof sight.certificate, &sight.certificate_size);
    sight.has_secret = keystore->derive(keystore->ctx, KEYSTORE_SECRET_LINK, NULL, 0, label,
                                        sizeof label, sight.derived, sizeof sight.derived);
    return sight;
}

static bool is_same(const struct sight *one, const struct sight *other)
{
    return one->has_key == other->has_key && one->has_certificate == other->has_certificate &&
           one->has_secret == other->has_secret &&
           one->certificate_size == other->certificate_size &&
           memcmp(one->key, other->key, sizeof one->key) == 0 &&
           memcmp(one->certificate, other->certificate, sizeof one->certificate) == 0 &&
           memcmp(one->derived, other->derived, sizeof one->derived) == 0;
}

static struct keystore_file *open_store(struct step_countdown *countdown)
{
    static struct crypto crypto;
    static struct entropy entropy;
    static struct secret_file_probe probe;
    struct keystore_file *store = NULL;
    crypto = openssl_crypto();
    entropy = host_entropy();
    if (countdown != NULL) {
        probe = step_countdown_probe(countdown);
    }
    const struct keystore_file_parts parts = { .path = path,
                                               .seal_key = seal_key,
                                               .crypto = &crypto,
                                               .entropy = &entropy,
                                               .probe = countdown != NULL ? &probe : NULL };
    assert_int_equal(keystore_file_open(&store, &parts), STATUS_OK);
    return store;
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

static void fill(void)
{
    (void)unlink(path);
    (void)unlink(fresh);
    struct keystore_file *store = open_store(NULL);
    const struct keystore *keystore = keystore_file_table(store);
    assert_int_equal(make_key(keystore), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A,
                                               (const uint8_t *)"a certificate", 13),
                     STATUS_OK);
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK,
                                          (const uint8_t *)"a secret of 16 b", 16),
                     STATUS_OK);
    keystore_file_close(store);
}

/// One cut of one change. @return whether it was late enough for the change to have succeeded.
static bool cut(enum status (*change)(const struct keystore *keystore), unsigned steps)
{
    struct step_countdown countdown = { .left = steps };
    fill();
    struct keystore_file *store = open_store(&countdown);
    const struct keystore *keystore = keystore_file_table(store);
    const struct sight before = look(keystore);
    const enum status status = change(keystore);
    const struct sight seen = look(keystore);
    keystore_file_close(store);

    store = open_store(NULL);
    keystore = keystore_file_table(store);
    const struct sight after = look(keystore);
    // Whoever went on without a restart saw what the restart finds.
    assert_true(is_same(&seen, &after));
    const bool is_old = is_same(&before, &after);
    if (status == STATUS_OK) {
        assert_false(is_old);
    } else {
        assert_int_equal(status, STATUS_IO);
    }
    // What is new is new as a whole: a key that was made anew or erased has no certificate.
    if (memcmp(before.key, after.key, sizeof before.key) != 0) {
        assert_int_equal(after.has_certificate, STATUS_MISSING);
    }
    assert_int_equal(change(keystore), STATUS_OK);
    keystore_file_close(store);
    return status == STATUS_OK;
}

static void finds_the_old_store_or_the_new_one_after_every_cut(void **state)
{
    (void)state;
    enum status (*const changes[])(const struct keystore *keystore) = { make_key, keep_certificate,
                                                                        keep_secret, forget_key };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        unsigned steps = 0;
        while (!cut(changes[i], steps)) {
            steps++;
            assert_true(steps < 100);
        }
        assert_true(steps >= 4); // Made, written, synced, renamed, and the folder synced.
    }
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-keys-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/keys", folder);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(fresh);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_old_store_or_the_new_one_after_every_cut),
    };
    return cmocka_run_group_tests_name("keystore_file_power", tests, make_folder, drop_folder);
}

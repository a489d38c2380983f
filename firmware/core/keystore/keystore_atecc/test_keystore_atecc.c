// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "atecc_chip.h"
#include "host_entropy.h"
#include "keystore_atecc.h"
#include "keystore_file.h"
#include "keystore_suite.h"
#include "openssl_crypto.h"

enum { VALUE_COUNT = 64 };

/// The device's small values, which power cuts leave as they are, and its secrets in a file.
struct value {
    char name[KEY_VALUE_KEY_SIZE + 1];
    uint8_t bytes[KEY_VALUE_SIZE_LIMIT];
    size_t size;
};

struct device {
    struct atecc_chip chip;
    struct i2c bus;
    struct value values[VALUE_COUNT];
    unsigned sets;
    unsigned cut_set; ///< This set and all after it fail; 0: none.
    struct key_value key_value;
    struct keystore_file *secrets;
    struct keystore_atecc store;
};

static const uint8_t seal_key[KEYSTORE_FILE_SEAL_SIZE] = { 7, 8, 9 };
static char folder[64];
static char path[96];
static struct crypto crypto;
static struct entropy entropy;
static struct device device;

static enum status get_value(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct device *of = ctx;
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        if (of->values[i].name[0] != '\0' && strcmp(of->values[i].name, key) == 0) {
            if (of->values[i].size > capacity) {
                return STATUS_FULL;
            }
            memcpy(out, of->values[i].bytes, of->values[i].size);
            *size = of->values[i].size;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    struct device *of = ctx;
    assert_true(strlen(key) <= KEY_VALUE_KEY_SIZE && size <= KEY_VALUE_SIZE_LIMIT);
    assert_int_equal(key[0], KEY_VALUE_LASTING);
    of->sets++;
    if (of->cut_set != 0 && of->sets >= of->cut_set) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        struct value *kept = &of->values[i];
        if (kept->name[0] == '\0' || strcmp(kept->name, key) == 0) {
            (void)snprintf(kept->name, sizeof kept->name, "%s", key);
            memcpy(kept->bytes, value, size);
            kept->size = size;
            return STATUS_OK;
        }
    }
    return STATUS_FULL;
}

static enum status open_store(void)
{
    const struct keystore_file_parts file = {
        .path = path, .seal_key = seal_key, .crypto = &crypto, .entropy = &entropy
    };
    keystore_file_close(device.secrets);
    device.secrets = NULL;
    const enum status status = keystore_file_open(&device.secrets, &file);
    if (status != STATUS_OK) {
        return status;
    }
    device.bus = atecc_chip_bus(&device.chip);
    device.key_value = (struct key_value){ .get = get_value, .set = set_value, .ctx = &device };
    const struct keystore_atecc_parts parts = { .i2c = &device.bus,
                                                .address = ATECC_LINK_ADDRESS,
                                                .values = &device.key_value,
                                                .secrets = keystore_file_table(device.secrets) };
    return keystore_atecc_open(&device.store, &parts);
}

static enum status restart(void *ctx)
{
    (void)ctx;
    atecc_chip_restart(&device.chip);
    device.sets = 0;
    device.cut_set = 0;
    return open_store();
}

static enum status renew(void *ctx)
{
    (void)unlink(path);
    memset(device.values, 0, sizeof device.values);
    atecc_chip_init(&device.chip);
    return restart(ctx);
}

static const struct keystore *table(void *ctx)
{
    (void)ctx;
    return keystore_atecc_table(&device.store);
}

static const struct keystore *fresh(void)
{
    assert_int_equal(renew(NULL), STATUS_OK);
    return table(NULL);
}

static enum status signs_rightly(const struct keystore *keystore, enum keystore_slot slot,
                                 const uint8_t *key)
{
    static const uint8_t digest[32] = { 1, 2, 3 };
    uint8_t signature[64];
    const enum status status = keystore->sign(keystore->ctx, slot, digest, signature);
    return status == STATUS_OK ? crypto.p256_verify(crypto.ctx, key, digest, signature) : status;
}

static void says_what_it_is_and_is_not(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    assert_int_equal(keystore->capabilities(keystore->ctx),
                     KEYSTORE_IN_HARDWARE | KEYSTORE_BIRTH_IS_FIXED);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_BIRTH, key), STATUS_OK);
    assert_memory_equal(key, device.chip.keys[0].public_key, sizeof key);
    device.store.secrets = NULL;
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, key, 16),
                     STATUS_INVALID);
}

static void refuses_a_chip_that_is_not_as_it_should_be(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = { { 19, 0x68 }, { 86, 0x55 }, { 87, 0x55 },  { 88, 0xFB },  { 20, 0x84 },
                    { 20, 0x05 }, { 24, 0x82 }, { 25, 0x00 },  { 28, 0x05 },  { 29, 0x00 },
                    { 96, 0x52 }, { 96, 0x51 }, { 100, 0x7F }, { 102, 0xF3 }, { 104, 0 } };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        (void)fresh();
        device.chip.config[changes[i].at] = changes[i].value;
        assert_int_equal(restart(NULL), STATUS_INVALID);
    }
    (void)fresh();
    device.chip.revision[2] = 0x50;
    assert_int_equal(restart(NULL), STATUS_INVALID);
}

static void one_lost_transfer_never_shows(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    unsigned failing = 1;
    for (;; failing++) {
        atecc_chip_restart(&device.chip);
        device.chip.faults.failing_transfer = failing;
        assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
        assert_memory_equal(key, device.chip.keys[2].public_key, sizeof key);
        assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_OK);
        if (device.chip.transfers < failing) {
            break;
        }
    }
    assert_true(failing > 100);
}

static void one_wrong_bit_never_shows_and_wrong_bits_for_ever_do(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    for (unsigned read = 1; read <= 6; read++) { // Wake and key; wake, number, digest, signature.
        for (size_t byte = 0; byte < ATECC_CHIP_RESPONSE_SIZE; byte++) {
            atecc_chip_restart(&device.chip);
            device.chip.faults.flipped_read = read;
            device.chip.faults.flipped_byte = byte;
            assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_OK);
        }
        atecc_chip_restart(&device.chip);
        device.chip.faults.flipped_read = read;
        device.chip.faults.flips_for_ever = true;
        device.chip.faults.flipped_byte = 1;
        assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_IO);
    }
}

static void a_watchdog_that_bites_early_is_an_error_and_no_wrong_signature(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    device.chip.faults.dozes_after_us = 90000; // Enough for the key, too little for a signature.
    assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_IO);
    device.chip.faults.dozes_after_us = 0;
    assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_OK);
}

static void the_least_watchdog_is_enough_for_the_slowest_chip(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    device.chip.faults.dozes_after_us = 700000;
    device.chip.faults.slow_us = 35000; // 115 ms for a key and for a signature.
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_OK);
}

static void another_chip_is_noticed_and_nothing_is_made_in_it(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    atecc_chip_init(&device.chip);
    assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_CORRUPT);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_CORRUPT);
    assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A), STATUS_CORRUPT);
    assert_int_equal(device.chip.keys_made, 0);
}

/// After a cut the slot has its old key and certificate, or what the change was to leave.
static void check_after_cut(bool erases, const uint8_t *old)
{
    const struct keystore *keystore = table(NULL);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t der[8];
    size_t size = 0;
    const enum status has = keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, key);
    const enum status certified =
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, der, sizeof der, &size);
    if (has == STATUS_MISSING) {
        assert_true(erases);
        assert_int_equal(certified, STATUS_MISSING);
    } else {
        const bool is_old = memcmp(key, old, sizeof key) == 0;
        assert_int_equal(has, STATUS_OK);
        assert_int_equal(signs_rightly(keystore, KEYSTORE_IDENTITY_A, key), STATUS_OK);
        assert_int_equal(certified, is_old ? STATUS_OK : STATUS_MISSING);
        assert_true(is_old || !erases);
    }
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
}

/// Cuts a change at `cut`, a transfer or a written value. @return whether it came to the cut.
static bool cut_change(bool erases, unsigned cut, bool at_set)
{
    const struct keystore *keystore = fresh();
    uint8_t old[KEYSTORE_PUBLIC_SIZE];
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, old), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, old, 5),
                     STATUS_OK);
    assert_int_equal(restart(NULL), STATUS_OK);
    atecc_chip_restart(&device.chip);
    *(at_set ? &device.cut_set : &device.chip.faults.cut_transfer) = cut;
    const enum status status = erases ? keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A)
                                      : keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key);
    const bool is_cut = (at_set ? device.sets : device.chip.transfers) >= cut;
    assert_true(status == STATUS_OK || is_cut);
    assert_int_equal(restart(NULL), STATUS_OK);
    check_after_cut(erases, old);
    return is_cut;
}

static void a_cut_leaves_the_old_key_or_the_new(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        unsigned cut = 1;
        while (cut_change((variant & 1) != 0, cut, (variant & 2) != 0)) {
            cut++;
        }
        assert_true(cut > 2);
    }
}

/// The power goes while the chip itself writes: the slot holds no key at all.
static void half_a_key_is_no_key_and_can_be_made_again(void **state)
{
    (void)state;
    const struct keystore *keystore = fresh();
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_OK);
    device.sets = 0;
    device.cut_set = 2; // The intent is noted, the end is not.
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_IO);
    device.chip.has_key[4] = false;
    assert_int_equal(restart(NULL), STATUS_OK);
    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_MISSING);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_OK);
    assert_int_equal(signs_rightly(keystore, KEYSTORE_ATTEST, key), STATUS_OK);
    // Lost without a reason it is damage.
    device.chip.has_key[4] = false;
    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_CORRUPT);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, key), STATUS_CORRUPT);
}

static void a_cut_leaves_the_old_certificate_or_the_new(void **state)
{
    (void)state;
    static uint8_t der[2][KEYSTORE_CERTIFICATE_LIMIT];
    static uint8_t read[KEYSTORE_CERTIFICATE_LIMIT];
    memset(der[0], 'a', sizeof der[0]);
    memset(der[1], 'b', sizeof der[1]);
    bool is_cut = true;
    for (unsigned cut = 1; is_cut; cut++) {
        const struct keystore *keystore = fresh();
        uint8_t key[KEYSTORE_PUBLIC_SIZE];
        size_t size = 0;
        assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_B, key), STATUS_OK);
        assert_int_equal(
            keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_B, der[0], sizeof der[0]),
            STATUS_OK);
        device.sets = 0;
        device.cut_set = cut;
        const enum status status =
            keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_B, der[1], sizeof der[1]);
        is_cut = status != STATUS_OK;
        assert_int_equal(restart(NULL), STATUS_OK);
        assert_int_equal(
            keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_B, read, sizeof read, &size),
            STATUS_OK);
        assert_int_equal(size, sizeof read);
        assert_memory_equal(read, der[is_cut ? 0 : 1], size);
    }
}

int main(void)
{
    crypto = openssl_crypto();
    entropy = host_entropy();
    (void)snprintf(folder, sizeof folder, "/tmp/keystore_atecc.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/secrets", folder);
    const struct keystore_subject subject = { .name = "keystore_atecc",
                                              .renew = renew,
                                              .restart = restart,
                                              .table = table,
                                              .crypto = &crypto };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_is_and_is_not),
        cmocka_unit_test(refuses_a_chip_that_is_not_as_it_should_be),
        cmocka_unit_test(one_lost_transfer_never_shows),
        cmocka_unit_test(one_wrong_bit_never_shows_and_wrong_bits_for_ever_do),
        cmocka_unit_test(a_watchdog_that_bites_early_is_an_error_and_no_wrong_signature),
        cmocka_unit_test(the_least_watchdog_is_enough_for_the_slowest_chip),
        cmocka_unit_test(another_chip_is_noticed_and_nothing_is_made_in_it),
        cmocka_unit_test(a_cut_leaves_the_old_key_or_the_new),
        cmocka_unit_test(half_a_key_is_no_key_and_can_be_made_again),
        cmocka_unit_test(a_cut_leaves_the_old_certificate_or_the_new),
    };
    int failed = keystore_suite_run(&subject);
    failed += cmocka_run_group_tests_name("keystore_atecc_faults", tests, NULL, NULL);
    keystore_file_close(device.secrets);
    (void)unlink(path);
    (void)rmdir(folder);
    return failed;
}

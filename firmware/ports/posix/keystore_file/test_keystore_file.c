// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host_entropy.h"
#include "keystore_file.h"
#include "keystore_suite.h"
#include "openssl_crypto.h"
#include "sealed_content.h"

static const uint8_t seal_key[KEYSTORE_FILE_SEAL_SIZE] = { 1, 2, 3 };
static const uint8_t secret_value[24] = "a marker that is planted";

static char folder[64];
static char path[96];
static struct crypto crypto;
static struct entropy entropy;

static enum status open_with(const uint8_t *key, struct keystore_file **store)
{
    const struct keystore_file_parts parts = {
        .path = path, .seal_key = key, .crypto = &crypto, .entropy = &entropy
    };
    return keystore_file_open(store, &parts);
}

static enum status restart(void *ctx)
{
    struct keystore_file **store = ctx;
    keystore_file_close(*store);
    *store = NULL;
    return open_with(seal_key, store);
}

static enum status renew(void *ctx)
{
    (void)unlink(path);
    return restart(ctx);
}

static const struct keystore *table(void *ctx)
{
    struct keystore_file **store = ctx;
    return keystore_file_table(*store);
}

static size_t read_file(uint8_t *bytes, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, capacity, file);
    assert_int_equal(fclose(file), 0);
    return size;
}

static void write_file(const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/// A store with a key, a certificate and a secret, and what its file then holds.
static struct keystore_file *filled(void)
{
    struct keystore_file *store = NULL;
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    (void)unlink(path);
    assert_int_equal(open_with(seal_key, &store), STATUS_OK);
    const struct keystore *keystore = keystore_file_table(store);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_A, secret_value,
                                               sizeof secret_value),
                     STATUS_OK);
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, secret_value,
                                          sizeof secret_value),
                     STATUS_OK);
    return store;
}

static void refuses_a_damaged_file_and_leaves_it(void **state)
{
    (void)state;
    static uint8_t good[SEALED_CONTENT_FILE_SIZE + 1];
    static uint8_t bad[SEALED_CONTENT_FILE_SIZE + 1];
    static uint8_t after[SEALED_CONTENT_FILE_SIZE + 2];
    struct keystore_file *store = filled();

    keystore_file_close(store);
    const size_t size = read_file(good, sizeof good);
    assert_int_equal(size, SEALED_CONTENT_FILE_SIZE);
    for (size_t at = 0; at < size; at += at < 40 || at > size - 20 ? 1 : 97) {
        memcpy(bad, good, size);
        bad[at] ^= 1;
        write_file(bad, size);
        store = NULL;
        assert_int_equal(open_with(seal_key, &store), STATUS_CORRUPT);
        assert_null(store);
        assert_int_equal(read_file(after, sizeof after), size);
        assert_memory_equal(after, bad, size);
    }
    for (size_t cut = 0; cut < size; cut += 211) {
        write_file(good, cut);
        assert_int_equal(open_with(seal_key, &store), STATUS_CORRUPT);
    }
    memcpy(bad, good, size);
    bad[size] = 0;
    write_file(bad, size + 1);
    assert_int_equal(open_with(seal_key, &store), STATUS_CORRUPT);
    write_file(good, size);
    assert_int_equal(open_with(seal_key, &store), STATUS_OK);
    keystore_file_close(store);
}

static void opens_with_no_other_seal_key(void **state)
{
    (void)state;
    uint8_t other[KEYSTORE_FILE_SEAL_SIZE];
    struct keystore_file *store = filled();

    keystore_file_close(store);
    store = NULL;
    for (size_t bit = 0; bit < 8 * sizeof other; bit += 17) {
        memcpy(other, seal_key, sizeof other);
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_with(other, &store), STATUS_CORRUPT);
        assert_null(store);
    }
}

static void writes_nothing_in_the_clear_and_never_the_same_nonce(void **state)
{
    (void)state;
    static uint8_t one[SEALED_CONTENT_FILE_SIZE];
    static uint8_t two[SEALED_CONTENT_FILE_SIZE];
    struct stat info;
    struct keystore_file *store = filled();
    const struct keystore *keystore = keystore_file_table(store);

    assert_int_equal(read_file(one, sizeof one), sizeof one);
    assert_null(memmem(one, sizeof one, secret_value, 8));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, secret_value,
                                          sizeof secret_value),
                     STATUS_OK);
    assert_int_equal(read_file(two, sizeof two), sizeof two);
    assert_memory_not_equal(one + SEALED_CONTENT_HEAD, two + SEALED_CONTENT_HEAD,
                            CRYPTO_NONCE_SIZE);
    keystore_file_close(store);
}

/// The file is spoilt while the store is open, and a change cannot be written: what was in memory
/// is not written over it, now or later.
static void makes_nothing_new_in_place_of_a_file_that_broke_meanwhile(void **state)
{
    (void)state;
    struct keystore_file *store = filled();
    const struct keystore *keystore = keystore_file_table(store);
    uint8_t room[KEYSTORE_PUBLIC_SIZE];
    char blocked[128];

    write_file((const uint8_t *)"rubbish", 7);
    (void)snprintf(blocked, sizeof blocked, "%s.new", path);
    assert_int_equal(mkdir(blocked, 0700), 0); // No file of this name can be made.
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, room), STATUS_CORRUPT);
    assert_int_equal(rmdir(blocked), 0);
    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, room),
                     STATUS_CORRUPT);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_ATTEST, room), STATUS_CORRUPT);
    assert_int_equal(keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_LINK, secret_value, 16),
                     STATUS_CORRUPT);
    assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_A), STATUS_CORRUPT);
    assert_int_equal(read_file(room, sizeof room), 7);
    keystore_file_close(store);
}

static void goes_on_when_the_disk_comes_back(void **state)
{
    (void)state;
    struct keystore_file *store = filled();
    const struct keystore *keystore = keystore_file_table(store);
    uint8_t before[KEYSTORE_PUBLIC_SIZE];
    uint8_t after[KEYSTORE_PUBLIC_SIZE];
    char blocked[128];

    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, before), STATUS_OK);
    (void)snprintf(blocked, sizeof blocked, "%s.new", path);
    assert_int_equal(mkdir(blocked, 0700), 0);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, after), STATUS_IO);
    assert_int_equal(keystore->public_key(keystore->ctx, KEYSTORE_IDENTITY_A, after), STATUS_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(rmdir(blocked), 0);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, after), STATUS_OK);
    assert_memory_not_equal(before, after, sizeof before);
    keystore_file_close(store);
}

/// Every mapping that holds the store says that it stays out of core files ("dd", proc(5)).
static void keeps_out_of_core_files(void **state)
{
    (void)state;
    struct keystore_file *store = filled();
    const uintptr_t wanted = (uintptr_t)store;
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;
    bool found = false;

    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = wanted >= from && wanted < to;
        }
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, " dd") != NULL;
        }
    }
    (void)fclose(maps);
    assert_true(found);
    keystore_file_close(store);
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-keys-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/keys", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_damaged_file_and_leaves_it),
        cmocka_unit_test(opens_with_no_other_seal_key),
        cmocka_unit_test(writes_nothing_in_the_clear_and_never_the_same_nonce),
        cmocka_unit_test(makes_nothing_new_in_place_of_a_file_that_broke_meanwhile),
        cmocka_unit_test(goes_on_when_the_disk_comes_back),
        cmocka_unit_test(keeps_out_of_core_files),
    };
    struct keystore_file *store = NULL;
    const struct keystore_subject subject = { .name = "keystore_file",
                                              .renew = renew,
                                              .restart = restart,
                                              .table = table,
                                              .crypto = &crypto,
                                              .ctx = &store };
    crypto = openssl_crypto();
    entropy = host_entropy();
    (void)make_folder(NULL);
    int failed = keystore_suite_run(&subject);
    keystore_file_close(store);
    (void)drop_folder(NULL);
    failed += cmocka_run_group_tests_name("keystore_file_itself", tests, make_folder, drop_folder);
    return failed;
}

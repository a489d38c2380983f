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
#include "seal_key.h"

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-seal-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/seal.key", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static enum status load(bool may_make, uint8_t key[SEAL_KEY_SIZE], const char *words)
{
    const struct entropy entropy = host_entropy();
    char fault[SEAL_KEY_FAULT_SIZE] = "";
    const enum status status = seal_key_load(path, may_make, &entropy, key, fault);
    if (status == STATUS_OK) {
        assert_string_equal(fault, "");
    } else {
        assert_non_null(strstr(fault, path));
        assert_non_null(strstr(fault, words));
    }
    return status;
}

static void makes_a_key_once_and_reads_it_ever_after(void **state)
{
    (void)state;
    uint8_t first[SEAL_KEY_SIZE] = { 0 };
    uint8_t second[SEAL_KEY_SIZE] = { 0 };
    static const uint8_t zeros[SEAL_KEY_SIZE];
    struct stat info;

    assert_int_equal(load(true, first, ""), STATUS_OK);
    assert_memory_not_equal(first, zeros, sizeof first);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(load(true, second, ""), STATUS_OK);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(load(false, second, ""), STATUS_OK);
    assert_memory_equal(first, second, sizeof first);
}

static void makes_none_for_a_store_that_exists(void **state)
{
    (void)state;
    uint8_t key[SEAL_KEY_SIZE];
    assert_int_equal(load(false, key, "bring the file back"), STATUS_MISSING);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void refuses_a_file_that_others_may_read(void **state)
{
    (void)state;
    static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0666 };
    static const uint8_t zeros[SEAL_KEY_SIZE];
    uint8_t key[SEAL_KEY_SIZE];

    assert_int_equal(load(true, key, ""), STATUS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(load(true, key, "chmod 600"), STATUS_INVALID);
        assert_memory_equal(key, zeros, sizeof key);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(load(true, key, ""), STATUS_OK);
}

static void refuses_a_file_of_another_size_and_leaves_it(void **state)
{
    (void)state;
    for (size_t size = 0; size < 70; size += size == 30 ? 1 : 3) {
        uint8_t key[SEAL_KEY_SIZE];
        uint8_t bytes[80] = { 1 };
        struct stat info;
        if (size == SEAL_KEY_SIZE) {
            continue;
        }
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(load(true, key, "32 bytes"), STATUS_CORRUPT);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_key_once_and_reads_it_ever_after, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(makes_none_for_a_store_that_exists, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(refuses_a_file_that_others_may_read, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(refuses_a_file_of_another_size_and_leaves_it, make_folder,
                                        drop_folder),
    };
    return cmocka_run_group_tests_name("seal_key", tests, NULL, NULL);
}

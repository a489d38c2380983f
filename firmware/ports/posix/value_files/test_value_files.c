// SPDX-License-Identifier: MIT
#include <errno.h>
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

#include "value_files.h"

static char folder[64];
static char values_folder[80];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-values-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(values_folder, sizeof values_folder, "%s/values", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); // NOLINT: the path is our own.
}

static void assert_value(const struct key_value *values, const char *key, const char *expected)
{
    char text[KEY_VALUE_SIZE_LIMIT] = "";
    size_t size = 0;
    assert_int_equal(values->get(values->ctx, key, text, sizeof text, &size), STATUS_OK);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(text, expected, size);
}

static void keeps_values_until_they_are_replaced_or_erased(void **state)
{
    (void)state;
    struct value_files files;
    char byte = 0;
    size_t size = 0;

    assert_int_equal(value_files_open(&files, values_folder), STATUS_OK);
    struct key_value values = value_files_seam(&files);
    assert_int_equal(values.get(values.ctx, "relays", &byte, 1, &size), STATUS_MISSING);
    assert_int_equal(values.set(values.ctx, "relays", "one", 3), STATUS_OK);
    assert_int_equal(values.set(values.ctx, "wifi", "", 0), STATUS_OK);
    assert_int_equal(values.set(values.ctx, "relays", "second", 6), STATUS_OK);
    assert_int_equal(values.get(values.ctx, "relays", &byte, 1, &size), STATUS_FULL);

    // As after a restart.
    assert_int_equal(value_files_open(&files, values_folder), STATUS_OK);
    values = value_files_seam(&files);
    assert_value(&values, "relays", "second");
    assert_value(&values, "wifi", "");
    assert_int_equal(values.erase_all(values.ctx), STATUS_OK);
    assert_int_equal(values.get(values.ctx, "relays", &byte, 1, &size), STATUS_MISSING);
}

/// A power cut may leave a draft of any length behind; it is never read.
static void a_draft_is_not_a_value(void **state)
{
    (void)state;
    struct value_files files;
    char path[128];

    assert_int_equal(value_files_open(&files, values_folder), STATUS_OK);
    const struct key_value values = value_files_seam(&files);
    assert_int_equal(values.set(values.ctx, "boot_id", "old", 3), STATUS_OK);
    (void)snprintf(path, sizeof path, "%s/boot_id.new", values_folder);
    FILE *draft = fopen(path, "w");
    assert_non_null(draft);
    assert_int_equal(fclose(draft), 0);
    assert_value(&values, "boot_id", "old");
    assert_int_equal(values.set(values.ctx, "boot_id", "new", 3), STATUS_OK);
    assert_value(&values, "boot_id", "new");
}

static void refuses_keys_that_are_no_file_names_and_values_too_large(void **state)
{
    (void)state;
    struct value_files files;
    char large[KEY_VALUE_SIZE_LIMIT + 1] = "";

    assert_int_equal(value_files_open(&files, values_folder), STATUS_OK);
    const struct key_value values = value_files_seam(&files);
    assert_int_equal(values.set(values.ctx, "../x", "a", 1), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "", "a", 1), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "sixteen_letters_", "a", 1), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "large", large, sizeof large), STATUS_INVALID);
    assert_int_equal(values.set(values.ctx, "large", large, KEY_VALUE_SIZE_LIMIT), STATUS_OK);
}

static void says_that_a_folder_cannot_be_made(void **state)
{
    (void)state;
    struct value_files files;
    assert_int_equal(value_files_open(&files, "/proc/nowhere"), STATUS_IO);
    assert_int_not_equal(errno, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_values_until_they_are_replaced_or_erased),
        cmocka_unit_test(a_draft_is_not_a_value),
        cmocka_unit_test(refuses_keys_that_are_no_file_names_and_values_too_large),
        cmocka_unit_test(says_that_a_folder_cannot_be_made),
    };
    return cmocka_run_group_tests_name("value_files", tests, make_folder, remove_folder);
}

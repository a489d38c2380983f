// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "flash_file.h"

enum { SECTOR_SIZE = 4096, SIZE = 4 * SECTOR_SIZE };

static char folder[64];
static char path[128];
static char error[FLASH_FILE_ERROR_SIZE];
static uint8_t unit[FLASH_PROGRAM_SIZE];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/flash_file_XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/journal.flash", folder);
    memset(unit, 0x3C, sizeof unit);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static struct flash_file *open_flash(void)
{
    struct flash_file *file;
    assert_int_equal(flash_file_open(&file, path, SIZE, SECTOR_SIZE, error), STATUS_OK);
    return file;
}

static void begins_blank_and_keeps_what_it_is_given(void **state)
{
    (void)state;
    struct flash_file *file = open_flash();
    const struct flash_region *region = flash_file_region(file);
    uint8_t back[SIZE];
    assert_int_equal(region->read(region->ctx, 0, back, sizeof back), STATUS_OK);
    for (unsigned i = 0; i < sizeof back; i++) {
        assert_int_equal(back[i], 0xFF);
    }
    assert_int_equal(region->program(region->ctx, 64, unit, sizeof unit), STATUS_OK);
    assert_int_equal(region->sync(region->ctx), STATUS_OK);
    flash_file_close(file);

    file = open_flash();
    region = flash_file_region(file);
    assert_int_equal(region->read(region->ctx, 64, back, sizeof unit), STATUS_OK);
    assert_memory_equal(back, unit, sizeof unit);
    assert_int_equal(region->erase(region->ctx, 0), STATUS_OK);
    assert_int_equal(region->read(region->ctx, 64, back, 1), STATUS_OK);
    assert_int_equal(back[0], 0xFF);
    assert_null(flash_file_error(file));
    flash_file_close(file);
}

static void refuses_what_flash_could_not_do_and_says_why(void **state)
{
    (void)state;
    struct flash_file *file = open_flash();
    const struct flash_region *region = flash_file_region(file);
    uint8_t zeros[FLASH_PROGRAM_SIZE] = { 0 };
    assert_int_equal(region->program(region->ctx, 0, unit, sizeof unit), STATUS_OK);
    assert_null(flash_file_error(file));

    // Even when only bits were to be cleared.
    assert_int_equal(region->program(region->ctx, 0, zeros, sizeof zeros), STATUS_INVALID);
    assert_non_null(strstr(flash_file_error(file), "programmed before"));
    assert_non_null(strstr(flash_file_error(file), path));
    flash_file_close(file);

    file = open_flash(); // Also by a process that did not see the first time.
    region = flash_file_region(file);
    assert_int_equal(region->program(region->ctx, 0, zeros, sizeof zeros), STATUS_INVALID);
    assert_int_equal(region->program(region->ctx, 40, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(region->program(region->ctx, 64, unit, 8), STATUS_INVALID);
    assert_int_equal(region->program(region->ctx, SIZE, unit, sizeof unit), STATUS_INVALID);
    assert_int_equal(region->erase(region->ctx, 32), STATUS_INVALID);
    assert_int_equal(region->erase(region->ctx, SIZE), STATUS_INVALID);
    assert_int_equal(region->read(region->ctx, SIZE - 1, unit, 2), STATUS_INVALID);
    flash_file_close(file);
}

static void is_opened_once_only(void **state)
{
    (void)state;
    struct flash_file *file = open_flash();
    struct flash_file *second;
    assert_int_equal(flash_file_open(&second, path, SIZE, SECTOR_SIZE, error), STATUS_BUSY);
    assert_null(second);
    assert_non_null(strstr(error, "in use"));
    flash_file_close(file);
    flash_file_close(open_flash());
}

static void refuses_a_file_of_another_size(void **state)
{
    (void)state;
    struct flash_file *file = open_flash();
    flash_file_close(file);
    assert_int_equal(flash_file_open(&file, path, 2 * SIZE, SECTOR_SIZE, error), STATUS_INVALID);
    assert_non_null(strstr(error, "16384"));
    assert_non_null(strstr(error, "32768"));
    assert_int_equal(flash_file_open(&file, path, SIZE + 1, SECTOR_SIZE, error), STATUS_INVALID);
    flash_file_close(open_flash());
}

static void names_a_folder_that_is_missing(void **state)
{
    (void)state;
    struct flash_file *file;
    assert_int_equal(flash_file_open(&file, "/nonexistent/journal.flash", SIZE, SECTOR_SIZE, error),
                     STATUS_IO);
    assert_non_null(strstr(error, "/nonexistent/journal.flash"));
    assert_non_null(strstr(error, "No such file"));
    assert_int_equal(flash_file_open(&file, folder, SIZE, SECTOR_SIZE, error), STATUS_IO);
}

/// In a child, as the limit cannot be lifted again: a file may not grow past it, like on a full
/// disk.
static void reports_a_disk_without_room_and_leaves_nothing_half_made(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = { .rlim_cur = SIZE / 2, .rlim_max = RLIM_INFINITY };
        struct flash_file *file;
        struct stat info;
        (void)signal(SIGXFSZ, SIG_IGN);
        const bool ok = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                        flash_file_open(&file, path, SIZE, SECTOR_SIZE, error) != STATUS_OK &&
                        strstr(error, "cannot make") != NULL && stat(path, &info) == 0 &&
                        info.st_size == 0;
        _exit(ok ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    flash_file_close(open_flash());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(begins_blank_and_keeps_what_it_is_given, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(refuses_what_flash_could_not_do_and_says_why, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(is_opened_once_only, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_file_of_another_size, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_a_folder_that_is_missing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reports_a_disk_without_room_and_leaves_nothing_half_made,
                                        make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("flash_file", tests, NULL, NULL);
}

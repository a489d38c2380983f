// SPDX-License-Identifier: MIT

/// A limit of this process on the size of files stands for a disk that is full.

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sqlite_fleet_store.h"

enum { ROOM_LEFT = 8192 }; ///< Enough for one page, not for a group of messages.

static char folder[64] = "/tmp/sqlite_full_disk_XXXXXX";
static char path[128];
static char log_path[136];

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/// Leaves `room` bytes at the end of the write-ahead log.
static void fill_disk(rlim_t room)
{
    struct stat file;
    assert_int_equal(stat(log_path, &file), 0);
    limit_files((rlim_t)file.st_size + room);
}

static enum status try_once(const struct fleet_writer *writer)
{
    enum status status = writer->begin(writer->ctx);
    if (status == STATUS_OK) {
        status = writer->try_disk(writer->ctx);
    }
    if (status == STATUS_OK) {
        status = writer->commit(writer->ctx);
    }
    if (status != STATUS_OK) {
        writer->rollback(writer->ctx);
    }
    return status;
}

/// The trial once wrote bytes that were there already, which SQLite keeps from the disk: so it
/// succeeded on any disk.
static void a_trial_on_a_full_disk_is_not_taken_for_a_recovery(void **state)
{
    (void)state;
    char error[256] = "";
    const struct sqlite_fleet_store_options options = { .path = path };
    struct sqlite_fleet_store *store = sqlite_fleet_store_open(&options, error, sizeof error);
    assert_string_equal(error, "");
    const struct fleet_writer *writer = sqlite_fleet_store_writer(store);
    assert_int_equal(try_once(writer), STATUS_OK);
    fill_disk(0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(try_once(writer), STATUS_IO);
    }
    fill_disk(ROOM_LEFT);
    assert_int_equal(try_once(writer), STATUS_IO);
    limit_files(RLIM_INFINITY);
    assert_int_equal(try_once(writer), STATUS_OK);
    sqlite_fleet_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_on_a_full_disk_is_not_taken_for_a_recovery),
    };
    if (mkdtemp(folder) == NULL || signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/fleet.db", folder);
    (void)snprintf(log_path, sizeof log_path, "%s-wal", path);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    limit_files(RLIM_INFINITY);
    char file[160];
    (void)snprintf(file, sizeof file, "%s-shm", path);
    (void)unlink(file);
    (void)unlink(log_path);
    (void)unlink(path);
    (void)rmdir(folder);
    return failed;
}

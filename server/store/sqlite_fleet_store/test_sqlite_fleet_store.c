// SPDX-License-Identifier: MIT

/// The SQLite store against the suite of all stores.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet_store_suite.h"
#include "sqlite_fleet_store.h"
#include "suite_findings.h"

struct fixture {
    char folder[64];
    char path[128];
    struct sqlite_fleet_store *store;
    struct sqlite_probe probe;
    uint64_t fail_in; ///< Statements until the failure; 0: never.
    bool failed;
};

static bool may_run(void *ctx)
{
    struct fixture *f = ctx;
    if (f->fail_in > 0 && --f->fail_in == 0) {
        f->failed = true;
        return false;
    }
    return true;
}

static void remove_files(const struct fixture *f)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s%s", f->path, endings[i]);
        (void)unlink(path);
    }
}

static void open_store(void *ctx, bool fresh, const struct fleet_store **queries,
                       const struct fleet_writer **writer)
{
    struct fixture *f = ctx;
    char error[256] = "";
    if (fresh) {
        remove_files(f);
    }
    const struct sqlite_fleet_store_options options = { .path = f->path, .probe = &f->probe };
    f->store = sqlite_fleet_store_open(&options, error, sizeof error);
    assert_string_equal(error, "");
    assert_non_null(f->store);
    *queries = sqlite_fleet_store_queries(f->store);
    *writer = sqlite_fleet_store_writer(f->store);
}

static void close_store(void *ctx)
{
    sqlite_fleet_store_close(((struct fixture *)ctx)->store);
}

static void fail_statement(void *ctx, uint64_t n)
{
    struct fixture *f = ctx;
    f->fail_in = n;
    f->failed = n == 0 ? f->failed : false;
}

static bool has_failed(void *ctx)
{
    return ((struct fixture *)ctx)->failed;
}

int main(void)
{
    static struct fixture f = { .folder = "/tmp/sqlite_fleet_store_XXXXXX" };
    if (mkdtemp(f.folder) == NULL) {
        return 1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/fleet.db", f.folder);
    f.probe = (struct sqlite_probe){ may_run, &f };
    const struct store_under_test store = { open_store, close_store, fail_statement, has_failed,
                                            &f };
    const int failed = fleet_store_suite_run("sqlite_fleet_store", &store) +
                       suite_findings_run("sqlite_fleet_store", &store);
    remove_files(&f);
    (void)rmdir(f.folder);
    return failed;
}

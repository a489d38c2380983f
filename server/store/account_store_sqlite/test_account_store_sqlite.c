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

#include "account_store_sqlite.h"

struct fixture {
    char folder[64];
    char path[96];
    struct account_store store;
};

static int open_file(void **state)
{
    static struct fixture f;
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/account_store_XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/fleet.db", f.folder);
    *state = &f;
    return account_store_sqlite_open(f.path, &f.store) == STATUS_OK ? 0 : -1;
}

static int remove_file(void **state)
{
    struct fixture *f = *state;
    char other[128];
    f->store.close(f->store.ctx);
    (void)unlink(f->path);
    (void)snprintf(other, sizeof other, "%s-wal", f->path);
    (void)unlink(other);
    (void)snprintf(other, sizeof other, "%s-shm", f->path);
    (void)unlink(other);
    return rmdir(f->folder);
}

static struct session_record make_session(uint8_t tag, const char *username, int64_t used_ms)
{
    struct session_record session = { .created_ms = 5, .used_ms = used_ms };
    memset(session.digest, tag, sizeof session.digest);
    (void)snprintf(session.username, sizeof session.username, "%s", username);
    return session;
}

static void reopen(struct fixture *f)
{
    f->store.close(f->store.ctx);
    assert_int_equal(account_store_sqlite_open(f->path, &f->store), STATUS_OK);
}

static void keeps_accounts_over_a_restart(void **state)
{
    struct fixture *f = *state;
    const struct account account = { .username = "admin",
                                     .role = ACCOUNT_ROLE_ADMIN,
                                     .password_hash = "$argon2id$x",
                                     .created_ms = 77 };
    struct account found;
    assert_int_equal(f->store.find_account(f->store.ctx, "admin", &found), STATUS_MISSING);
    assert_int_equal(f->store.put_account(f->store.ctx, &account), STATUS_OK);
    reopen(f);
    assert_int_equal(f->store.find_account(f->store.ctx, "admin", &found), STATUS_OK);
    assert_string_equal(found.username, "admin");
    assert_string_equal(found.password_hash, "$argon2id$x");
    assert_int_equal(found.created_ms, 77);
    assert_int_equal(found.role, ACCOUNT_ROLE_ADMIN);
    assert_int_equal(f->store.find_account(f->store.ctx, "admin' OR 1=1 --", &found),
                     STATUS_MISSING);
}

static void replaces_an_account_of_the_same_name(void **state)
{
    struct fixture *f = *state;
    struct account account = { .username = "admin",
                               .role = ACCOUNT_ROLE_ADMIN,
                               .password_hash = "one" };
    assert_int_equal(f->store.put_account(f->store.ctx, &account), STATUS_OK);
    (void)snprintf(account.password_hash, sizeof account.password_hash, "two");
    assert_int_equal(f->store.put_account(f->store.ctx, &account), STATUS_OK);
    assert_int_equal(f->store.find_account(f->store.ctx, "admin", &account), STATUS_OK);
    assert_string_equal(account.password_hash, "two");
}

static void lists_the_latest_used_sessions_first(void **state)
{
    struct fixture *f = *state;
    struct session_record found[2];
    size_t count = 0;
    for (uint8_t tag = 1; tag <= 3; tag++) {
        const struct session_record session = make_session(tag, "admin", 100 + tag);
        assert_int_equal(f->store.put_session(f->store.ctx, &session), STATUS_OK);
    }
    const struct session_record again = make_session(1, "admin", 500);
    assert_int_equal(f->store.put_session(f->store.ctx, &again), STATUS_OK);
    reopen(f);
    assert_int_equal(f->store.list_sessions(f->store.ctx, found, 2, &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].digest[31], 1);
    assert_int_equal(found[0].used_ms, 500);
    assert_int_equal(found[0].created_ms, 5);
    assert_string_equal(found[0].username, "admin");
    assert_int_equal(found[1].digest[0], 3);
}

static void deletes_one_session_or_all_of_one_account(void **state)
{
    struct fixture *f = *state;
    struct session_record found[8];
    size_t count = 0;
    const struct session_record sessions[] = { make_session(1, "a", 1), make_session(2, "a", 2),
                                               make_session(3, "b", 3), make_session(4, "b", 4) };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(f->store.put_session(f->store.ctx, &sessions[i]), STATUS_OK);
    }
    assert_int_equal(f->store.delete_session(f->store.ctx, sessions[3].digest), STATUS_OK);
    assert_int_equal(f->store.delete_session(f->store.ctx, sessions[3].digest), STATUS_OK);
    assert_int_equal(f->store.delete_sessions_of(f->store.ctx, "a"), STATUS_OK);
    assert_int_equal(f->store.list_sessions(f->store.ctx, found, 8, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].digest[0], 3);
}

static void refuses_a_file_that_is_no_database(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct account_store store;
    (void)snprintf(path, sizeof path, "%s/other", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 1000; i++) {
        (void)fputs("not a database ", file);
    }
    (void)fclose(file);
    assert_int_equal(account_store_sqlite_open(path, &store), STATUS_CORRUPT);
    (void)unlink(path);
    assert_int_equal(account_store_sqlite_open("/nonexistent/fleet.db", &store), STATUS_IO);
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_file, remove_file)
    const struct CMUnitTest tests[] = {
        PROMISE(keeps_accounts_over_a_restart),
        PROMISE(replaces_an_account_of_the_same_name),
        PROMISE(lists_the_latest_used_sessions_first),
        PROMISE(deletes_one_session_or_all_of_one_account),
        PROMISE(refuses_a_file_that_is_no_database),
    };
    return cmocka_run_group_tests_name("account_store_sqlite", tests, NULL, NULL);
}

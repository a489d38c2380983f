// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "identity_store_sqlite.h"
#include "identity_store_suite.h"

static char folder[64];
static char path[96];

static int open_file(void *ctx, struct identity_store *store)
{
    (void)ctx;
    (void)snprintf(folder, sizeof folder, "/tmp/identity_store_XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/identity.db", folder);
    return identity_store_sqlite_open(path, NULL, store) == STATUS_OK ? 0 : -1;
}

static int reopen_file(void *ctx, struct identity_store *store)
{
    (void)ctx;
    store->close(store->ctx);
    return identity_store_sqlite_open(path, NULL, store) == STATUS_OK ? 0 : -1;
}

static int drop_file(void *ctx, struct identity_store *store)
{
    (void)ctx;
    store->close(store->ctx);
    (void)unlink(path);
    return rmdir(folder);
}

static void leaves_a_file_of_a_newer_version_alone(void **state)
{
    struct identity_store store = { .close = NULL };
    sqlite3 *db = NULL;
    (void)state;
    if (open_file(NULL, &store) != 0) {
        fail_msg("no store in %s", folder);
        return;
    }
    store.close(store.ctx);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(identity_store_sqlite_open(path, NULL, &store), STATUS_CORRUPT);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void brings_a_file_of_the_first_version_up(void **state)
{
    struct identity_store store = { .close = NULL };
    struct certificate_record found;
    sqlite3 *db = NULL;
    (void)state;
    const struct certificate_record record = identity_suite_certificate(1, "meter-1");
    const struct audit_record audit = identity_suite_audit("meter-1", "");
    const struct identity_change change = { .added = &record, .audit = &audit };
    if (open_file(NULL, &store) != 0) {
        fail_msg("no store in %s", folder);
        return;
    }
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    store.close(store.ctx);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "ALTER TABLE certificate DROP COLUMN attested_ms;"
                                  "ALTER TABLE certificate DROP COLUMN verdict;"
                                  "ALTER TABLE certificate DROP COLUMN level;"
                                  "DROP INDEX audit_kind;"
                                  "PRAGMA user_version = 1;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(identity_store_sqlite_open(path, NULL, &store), STATUS_OK);
    assert_int_equal(store.find_certificate(store.ctx, record.certificate.fingerprint, &found),
                     STATUS_OK);
    assert_int_equal(found.attestation.time_ms, 0);
    assert_string_equal(found.device_id, "meter-1");
    assert_int_equal(drop_file(NULL, &store), 0);
}

static int64_t count_rows(sqlite3 *db, const char *where)
{
    char sql[128];
    sqlite3_stmt *statement = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM audit WHERE %s", where);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return count;
}

static void add_rows(sqlite3 *db, int kind, int count)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   " INSERT INTO audit (time_ms, kind, device_id, actor, address, detail)"
                   " SELECT i, %d, 'x', '', '', '' FROM n",
                   count, kind);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void refusals_displace_each_other_and_nothing_else(void **state)
{
    struct identity_store store = { .close = NULL };
    sqlite3 *db = NULL;
    (void)state;
    struct audit_record audit = identity_suite_audit("meter-1", "revoked");
    const struct identity_change change = { .audit = &audit };
    if (open_file(NULL, &store) != 0) {
        fail_msg("no store in %s", folder);
        return;
    }
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    add_rows(db, AUDIT_BROKER_REFUSED, 3 * IDENTITY_REFUSAL_LIMIT);
    audit.kind = AUDIT_BROKER_REFUSED;
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(count_rows(db, "kind = 9"), IDENTITY_REFUSAL_LIMIT);
    assert_int_equal(count_rows(db, "kind <> 9"), 1);
    add_rows(db, AUDIT_INTAKE_REFUSED, 3 * IDENTITY_REFUSAL_LIMIT);
    audit.kind = AUDIT_INTAKE_REFUSED;
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(count_rows(db, "kind = 13"), IDENTITY_REFUSAL_LIMIT);
    assert_int_equal(count_rows(db, "kind = 9"), IDENTITY_REFUSAL_LIMIT);
    // All others are counted together, not after each.
    add_rows(db, AUDIT_CONFIRMED, IDENTITY_AUDIT_LIMIT);
    audit.kind = AUDIT_REVOKED;
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    }
    assert_in_range(count_rows(db, "1"), IDENTITY_AUDIT_LIMIT, IDENTITY_AUDIT_LIMIT + 63);
    (void)sqlite3_close(db);
    assert_int_equal(drop_file(NULL, &store), 0);
}

/// A row that we did not write must not reach the rules as something else.
static void tells_a_damaged_row(void **state)
{
    struct identity_store store = { .close = NULL };
    struct certificate_record found;
    sqlite3 *db = NULL;
    (void)state;
    const struct certificate_record record = identity_suite_certificate(1, "meter-1");
    const struct audit_record audit = identity_suite_audit("meter-1", "");
    const struct identity_change change = { .added = &record, .audit = &audit };
    if (open_file(NULL, &store) != 0) {
        fail_msg("no store in %s", folder);
        return;
    }
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE certificate SET state = 17", NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(store.find_certificate(store.ctx, record.certificate.fingerprint, &found),
                     STATUS_CORRUPT);
    assert_int_equal(drop_file(NULL, &store), 0);
}

int main(void)
{
    const struct identity_store_maker maker = { open_file, reopen_file, drop_file, NULL };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_a_file_of_a_newer_version_alone),
        cmocka_unit_test(brings_a_file_of_the_first_version_up),
        cmocka_unit_test(refusals_displace_each_other_and_nothing_else),
        cmocka_unit_test(tells_a_damaged_row),
    };
    const int failed = identity_store_suite_run(&maker);
    return failed + cmocka_run_group_tests_name("identity_store_sqlite", tests, NULL, NULL);
}

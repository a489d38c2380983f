// SPDX-License-Identifier: MIT

/// Cuts the power at every write of the store's life: what was acknowledged is there afterwards.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "power_cut_vfs.h"
#include "sqlite_fleet_store.h"
#include "suite_fleet.h"

enum { BATCHES = 24 };

static char folder[64] = "/tmp/sqlite_power_cut_XXXXXX";
static char path[128];

static void remove_files(void)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char file[160];
        (void)snprintf(file, sizeof file, "%s%s", path, endings[i]);
        (void)unlink(file);
    }
}

static struct suite_batch batch_at(unsigned index)
{
    return (struct suite_batch){ .journal = 1,
                                 .boot_id = 1,
                                 .first_seq = 1 + index * 20u,
                                 .oldest_seq = 1,
                                 .count = 20,
                                 .first_second = 1 + index * 20u - (index > 0 ? 1 : 0),
                                 .with_anchor = index == 0,
                                 .anchor_utc_ms = 1763726400000 };
}

static struct sqlite_fleet_store *open_store(void)
{
    char error[256];
    const struct sqlite_fleet_store_options options = { .path = path, .vfs = POWER_CUT_VFS_NAME };
    return sqlite_fleet_store_open(&options, error, sizeof error);
}

/// Feeds batches until the power is cut. @return the watermark that the device was told last.
static uint64_t live(void)
{
    struct sqlite_fleet_store *store = open_store();
    if (store == NULL) {
        return 0;
    }
    const struct fleet_writer *writer = sqlite_fleet_store_writer(store);
    static struct fleet_counters counters;
    struct ingest *ingest = ingest_open(writer, &counters);
    uint64_t acknowledged = 0;
    for (unsigned i = 0; i < BATCHES; i++) {
        uint8_t payload[SUITE_PAYLOAD_SIZE];
        struct ingest_outcome outcome;
        const struct suite_batch batch = batch_at(i);
        const size_t size = suite_encode_with_event(&batch, payload);
        if (writer->begin(writer->ctx) != STATUS_OK ||
            ingest_take_batch(ingest, "meter-1", payload, size, 1763726500000, &outcome) !=
                STATUS_OK ||
            writer->commit(writer->ctx) != STATUS_OK) {
            break;
        }
        ingest_committed(ingest);
        acknowledged = outcome.watermark;
    }
    ingest_close(ingest);
    sqlite_fleet_store_close(store);
    return acknowledged;
}

static void check_delivery(void *ctx, const struct journal_delivery *delivery)
{
    uint64_t *stored = ctx;
    assert_int_equal(delivery->stored, delivery->watermark);
    assert_int_equal(delivery->doubled, 0);
    assert_int_equal(delivery->gap_count, 0);
    *stored = delivery->watermark;
}

/// Every event once, in its place: the newest first.
static void check_event(void *ctx, const struct stored_finding *finding)
{
    unsigned *left = ctx;
    (*left)--;
    const struct suite_batch batch = batch_at(*left);
    assert_int_equal(finding->record.event.id, batch.first_seq);
    assert_int_equal(finding->seq, batch.first_seq + SUITE_EVENT_INDEX);
    assert_int_equal(finding->time_ms,
                     1763726400000 + (int64_t)(finding->record.event.started_us / 1000));
}

/// As many events as batches are stored.
static void check_events(const struct fleet_store *queries, unsigned batches)
{
    const struct finding_query query = { .device_id = "meter-1",
                                         .kind = RECORD_KIND_EVENT,
                                         .subject = FINDING_ANY_SUBJECT,
                                         .end_ms = INT64_MAX,
                                         .limit = FINDING_LIMIT };
    unsigned left = batches;
    const enum status status = queries->findings(queries->ctx, &query, check_event, &left);
    assert_true(status == STATUS_OK || (status == STATUS_MISSING && batches == 0));
    assert_int_equal(left, 0);
}

static void check_after_cut(uint64_t acknowledged)
{
    struct sqlite_fleet_store *store = open_store();
    assert_non_null(store);
    const struct fleet_store *queries = sqlite_fleet_store_queries(store);
    uint64_t stored = 0;
    const enum status status =
        queries->deliveries(queries->ctx, "meter-1", check_delivery, &stored);
    assert_true(status == STATUS_OK || (status == STATUS_MISSING && acknowledged == 0));
    assert_true(stored >= acknowledged);
    check_events(queries, (unsigned)(stored / 20));
    sqlite_fleet_store_close(store);
    // Everything that is missing comes again, and the life ends as if nothing had happened.
    assert_int_equal(live(), BATCHES * 20);
    store = open_store();
    struct energy_report report;
    queries = sqlite_fleet_store_queries(store);
    assert_int_equal(
        queries->energy(queries->ctx, "meter-1", 1763726400000, 1763736400000, &report), STATUS_OK);
    check_events(queries, BATCHES);
    assert_int_equal(report.lifetime[0].import_mj, (BATCHES * 20 - 1) * (int64_t)SUITE_IMPORT_MJ);
    assert_int_equal(report.channel[0].import_mj, (BATCHES * 20 - 2) * (int64_t)SUITE_IMPORT_MJ);
    sqlite_fleet_store_close(store);
}

static void keeps_what_was_acknowledged_at_any_cut(void **state)
{
    (void)state;
    remove_files();
    const uint64_t before = power_cut_vfs_writes();
    assert_int_equal(live(), BATCHES * 20);
    const uint64_t writes = power_cut_vfs_writes() - before;
    assert_true(writes > BATCHES * 3);
    unsigned cuts = 0;
    for (uint64_t n = 0; n < writes; n += 1 + n % 3) {
        power_cut_vfs_restore();
        remove_files();
        power_cut_vfs_cut_after(n, (uint32_t)(n % 4)); // A seed of 0 loses everything.
        const uint64_t acknowledged = live();
        power_cut_vfs_cut((uint32_t)(n % 4));
        power_cut_vfs_restore();
        check_after_cut(acknowledged);
        cuts++;
    }
    print_message("%u cuts over %llu writes\n", cuts, (unsigned long long)writes);
    remove_files();
}

/// The disk of the test must be able to lose something, or the test above proves nothing.
static void is_tried_on_a_disk_that_loses_what_is_not_synced(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    power_cut_vfs_restore();
    remove_files();
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, POWER_CUT_VFS_NAME),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "CREATE TABLE t(x); INSERT INTO t VALUES(1);"
                                  "PRAGMA synchronous=OFF; INSERT INTO t VALUES(2);",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    power_cut_vfs_cut(0);
    (void)sqlite3_close(db);
    power_cut_vfs_restore();
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, POWER_CUT_VFS_NAME),
                     SQLITE_OK);
    sqlite3_stmt *count = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &count, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 1);
    (void)sqlite3_finalize(count);
    (void)sqlite3_close(db);
    remove_files();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_tried_on_a_disk_that_loses_what_is_not_synced),
        cmocka_unit_test(keeps_what_was_acknowledged_at_any_cut),
    };
    if (mkdtemp(folder) == NULL || power_cut_vfs_register() != STATUS_OK) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/fleet.db", folder);
    const int failed = cmocka_run_group_tests_name("sqlite_power_cut", tests, NULL, NULL);
    (void)rmdir(folder);
    return failed;
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake.h"

enum { QUEUE_SIZE = 64 * 1024, COMMITS_FOREVER = 1000 };

/// A store of one device with one journal. What is appended counts after its commit, as on a disk.
struct fake_store {
    struct fleet_writer writer;
    int failing_commits; ///< So many commits fail before one succeeds.
    bool open;           ///< A transaction is under way.
    uint64_t appended;   ///< Last record of the transaction under way.
    uint64_t on_disk;    ///< Last record committed.
    bool has_journal;
    uint8_t journal_id[JOURNAL_ID_SIZE];
};

struct fixture {
    struct fake_store store;
    struct fleet_host host;
    struct fleet_events events;
    struct fleet_counters counters;
    struct intake_sink sink;
    struct device_registry *devices;
    struct intake *intake;
    uint64_t clock_ms;
    uint64_t acknowledged; ///< Highest watermark told.
    unsigned acknowledgements;
    unsigned findings; ///< Events and spectra that were told live.
    uint64_t last_finding_seq;
    unsigned failures;   ///< Times that the sink heard a reason.
    unsigned recoveries; ///< Times that it heard that the store works again.
};

static enum status begin(void *ctx)
{
    struct fake_store *store = ctx;
    assert_false(store->open);
    store->open = true;
    store->appended = store->on_disk;
    return STATUS_OK;
}

static enum status commit(void *ctx)
{
    struct fake_store *store = ctx;
    assert_true(store->open);
    if (store->failing_commits > 0) {
        store->failing_commits--;
        return STATUS_IO;
    }
    store->open = false;
    store->on_disk = store->appended;
    return STATUS_OK;
}

static void rollback(void *ctx)
{
    struct fake_store *store = ctx;
    store->open = false;
}

static struct journal_record journal_of(const struct fake_store *store)
{
    struct journal_record journal = { .journal_no = 1, .watermark = store->appended };
    memcpy(journal.journal_id, store->journal_id, JOURNAL_ID_SIZE);
    return journal;
}

static enum status open_device(void *ctx, const char *device_id, int64_t now_ms,
                               bool unacknowledged_data, struct device_slot *slot)
{
    const struct fake_store *store = ctx;
    (void)device_id;
    (void)now_ms;
    (void)unacknowledged_data;
    *slot = (struct device_slot){ .device_no = 1, .has_journal = store->has_journal };
    slot->newest = journal_of(store);
    return STATUS_OK;
}

static enum status find_journal(void *ctx, int64_t device_no,
                                const uint8_t journal_id[JOURNAL_ID_SIZE],
                                struct journal_record *journal)
{
    const struct fake_store *store = ctx;
    (void)device_no;
    if (!store->has_journal || memcmp(store->journal_id, journal_id, JOURNAL_ID_SIZE) != 0) {
        return STATUS_MISSING;
    }
    *journal = journal_of(store);
    return STATUS_OK;
}

static enum status add_journal(void *ctx, int64_t device_no,
                               const uint8_t journal_id[JOURNAL_ID_SIZE], int64_t now_ms,
                               struct journal_record *journal)
{
    struct fake_store *store = ctx;
    (void)device_no;
    (void)now_ms;
    store->has_journal = true;
    memcpy(store->journal_id, journal_id, JOURNAL_ID_SIZE);
    *journal = journal_of(store);
    return STATUS_OK;
}

static enum status append(void *ctx, const struct batch_row *row)
{
    struct fake_store *store = ctx;
    assert_true(store->open);
    assert_int_equal(row->first_seq, store->appended + 1);
    store->appended += row->count;
    return STATUS_OK;
}

static enum status find_anchor(void *ctx, int64_t journal_no, uint32_t boot_id, uint64_t seq,
                               struct anchor *anchor)
{
    (void)ctx;
    (void)journal_no;
    (void)boot_id;
    (void)seq;
    (void)anchor;
    return STATUS_MISSING;
}

static enum status try_disk(void *ctx)
{
    const struct fake_store *store = ctx;
    assert_true(store->open);
    return STATUS_OK;
}

static const char *error(void *ctx)
{
    (void)ctx;
    return "disk full";
}

/// Leaps by more than a group may take, so that each message is a group of its own and no test
/// waits.
static uint64_t monotonic_ms(void *ctx)
{
    struct fixture *f = ctx;
    return f->clock_ms += INTAKE_RETRY_MS;
}

static int64_t utc_ms(void *ctx)
{
    (void)ctx;
    return 1763690000000;
}

static enum status add_finding(void *ctx, const struct finding_row *row)
{
    const struct fake_store *store = ctx;
    assert_true(store->open);
    assert_int_equal(row->seq, store->appended);
    return STATUS_OK;
}

static void note_finding(void *ctx, const struct stored_finding *finding)
{
    struct fixture *f = ctx;
    assert_false(f->store.open);
    assert_string_equal(finding->device_id, "meter-1");
    f->findings++;
    f->last_finding_seq = finding->seq;
}

static void ignore_reading(void *ctx, const struct stored_reading *reading)
{
    (void)ctx;
    (void)reading;
}

static void ignore_device(void *ctx, const struct device_view *device)
{
    (void)ctx;
    (void)device;
}

static void acknowledge(void *ctx, const char *device_id, const struct ingest_outcome *outcome)
{
    struct fixture *f = ctx;
    assert_string_equal(device_id, "meter-1");
    assert_false(f->store.open);
    assert_true(outcome->watermark <= f->store.on_disk);
    f->acknowledgements++;
    f->acknowledged = outcome->watermark;
}

static void note(void *ctx, const char *device_id, const struct ingest_outcome *outcome)
{
    (void)ctx;
    (void)device_id;
    (void)outcome;
}

static void store_changed(void *ctx, const char *reason)
{
    struct fixture *f = ctx;
    if (reason[0] == '\0') {
        f->recoveries++;
    } else {
        assert_non_null(strstr(reason, "disk full"));
        f->failures++;
    }
}

static int set_up(void **state)
{
    static struct fixture f; // Rebuilt from nothing before every test.
    f = (struct fixture){ 0 };
    f.store.writer = (struct fleet_writer){
        .begin = begin,
        .commit = commit,
        .rollback = rollback,
        .open_device = open_device,
        .find_journal = find_journal,
        .add_journal = add_journal,
        .append = append,
        .add_finding = add_finding,
        .find_anchor = find_anchor,
        .try_disk = try_disk,
        .error = error,
        .ctx = &f.store,
    };
    f.host = (struct fleet_host){ .utc_ms = utc_ms, .monotonic_ms = monotonic_ms, .ctx = &f };
    f.events = (struct fleet_events){
        .reading = ignore_reading, .device = ignore_device, .finding = note_finding, .ctx = &f
    };
    f.sink = (struct intake_sink){ acknowledge, note, store_changed, &f };
    f.devices = device_registry_open(&f.host, &f.events);
    f.intake = intake_open(&(struct intake_options){ .writer = &f.store.writer,
                                                     .host = &f.host,
                                                     .counters = &f.counters,
                                                     .devices = f.devices,
                                                     .sink = &f.sink,
                                                     .queue_size = QUEUE_SIZE });
    assert_non_null(f.intake);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    intake_close(f->intake);
    device_registry_close(f->devices);
    return 0;
}

/// Offers the batch that holds record `seq` alone.
static void offer(struct fixture *f, uint64_t seq)
{
    const struct batch_header header = {
        .journal_id = { 1 }, .boot_id = 1, .first_seq = seq, .oldest_seq = 1, .count = 1
    };
    const struct record record = { .kind = RECORD_KIND_READING,
                                   .reading = { .uptime_ms = seq * 1000, .window_us = 1000000 } };
    uint8_t payload[512];
    size_t size = 0;
    assert_int_equal(batch_encode(&header, &record, payload, sizeof payload, &size), STATUS_OK);
    assert_int_equal(intake_offer_batch(f->intake, "meter-1", payload, size), STATUS_OK);
}

/// Offers record `seq`, an event or what belongs to it.
static void offer_finding(struct fixture *f, uint64_t seq, unsigned kind)
{
    const struct batch_header header = {
        .journal_id = { 1 }, .boot_id = 1, .first_seq = seq, .oldest_seq = 1, .count = 1
    };
    struct record record = { .kind = (uint8_t)kind };
    if (kind == RECORD_KIND_WAVEFORM) {
        record.waveform = (struct waveform_chunk){ .unit_per_1e6 = 1, .count = 1 };
    }
    uint8_t payload[512];
    size_t size = 0;
    assert_int_equal(batch_encode(&header, &record, payload, sizeof payload, &size), STATUS_OK);
    assert_int_equal(intake_offer_batch(f->intake, "meter-1", payload, size), STATUS_OK);
}

/// Lets the intake work through what is queued.
static void work(struct fixture *f)
{
    intake_stop(f->intake);
    intake_run(f->intake);
}

static void acknowledges_what_was_stored_after_its_commit_never_before(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        offer(f, seq);
    }
    work(f); // The sink holds every watermark against the disk.
    assert_int_equal(f->store.on_disk, 3);
    assert_int_equal(f->acknowledgements, 3);
    assert_int_equal(f->acknowledged, 3);
    assert_int_equal(fleet_counters_get(&f->counters, FLEET_COUNTER_COMMITS), 3);
}

static void tells_of_events_and_spectra_after_their_commit_and_of_nothing_else(void **state)
{
    struct fixture *f = *state;
    offer_finding(f, 1, RECORD_KIND_EVENT);
    offer_finding(f, 2, RECORD_KIND_WAVEFORM);
    offer_finding(f, 3, RECORD_KIND_INTERVAL);
    offer_finding(f, 4, RECORD_KIND_SPECTRUM);
    work(f);
    assert_int_equal(f->store.on_disk, 4);
    assert_int_equal(f->findings, 2);
    assert_int_equal(f->last_finding_seq, 4);
    f->store.failing_commits = COMMITS_FOREVER;
    offer_finding(f, 5, RECORD_KIND_EVENT);
    work(f);
    assert_int_equal(f->findings, 2);
}

static void acknowledges_nothing_of_a_group_whose_commit_fails(void **state)
{
    struct fixture *f = *state;
    char reason[FLEET_REASON_SIZE];
    f->store.failing_commits = COMMITS_FOREVER;
    offer(f, 1);
    work(f);
    assert_int_equal(f->store.on_disk, 0);
    assert_int_equal(f->acknowledgements, 0);
    assert_int_equal(f->failures, 1);
    assert_int_equal(fleet_counters_get(&f->counters, FLEET_COUNTER_REFUSED_STORAGE), 1);
    assert_false(intake_is_well(f->intake, reason));
    assert_non_null(strstr(reason, "disk full"));
}

static void stores_what_is_sent_again_when_the_store_works_again(void **state)
{
    struct fixture *f = *state;
    char reason[FLEET_REASON_SIZE];
    f->store.failing_commits = 1;
    offer(f, 1);
    offer(f, 1);
    offer(f, 2);
    work(f);
    assert_int_equal(f->store.on_disk, 2);
    assert_int_equal(f->acknowledged, 2);
    assert_int_equal(f->failures, 1);
    assert_int_equal(f->recoveries, 0); // Told when INTAKE_TELL_MS are over.
    assert_true(intake_is_well(f->intake, reason));
}

static void acknowledges_a_batch_again_that_it_holds(void **state)
{
    struct fixture *f = *state;
    offer(f, 1);
    offer(f, 1);
    work(f);
    assert_int_equal(f->store.on_disk, 1);
    assert_int_equal(f->acknowledgements, 2);
    assert_int_equal(fleet_counters_get(&f->counters, FLEET_COUNTER_BATCHES_DUPLICATE), 1);
}

static void refuses_a_device_name_that_is_none(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(intake_offer_batch(f->intake, "../meter", "x", 1), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(acknowledges_what_was_stored_after_its_commit_never_before,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            tells_of_events_and_spectra_after_their_commit_and_of_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(acknowledges_nothing_of_a_group_whose_commit_fails, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stores_what_is_sent_again_when_the_store_works_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(acknowledges_a_batch_again_that_it_holds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_device_name_that_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "suite_findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ingest.h"
#include "reading_example.h"

enum { FOUND_LIMIT = 64, PAYLOAD_SIZE = 16384, HOUR_MS = 3600000 };

static const int64_t noon_ms = 1763726400000;

struct bench {
    const struct store_under_test *store;
    const struct fleet_store *queries;
    const struct fleet_writer *writer;
    struct fleet_counters counters;
    struct ingest *ingest;
    struct record record[BATCH_RECORD_LIMIT]; ///< Of the batch being made.
    uint32_t count;
    uint32_t boot_id;
    uint64_t next_seq;
};

static void open_bench(struct bench *bench, bool fresh)
{
    bench->store->open(bench->store->ctx, fresh, &bench->queries, &bench->writer);
    bench->ingest = ingest_open(bench->writer, &bench->counters);
    assert_non_null(bench->ingest);
}

static void close_bench(struct bench *bench)
{
    ingest_close(bench->ingest);
    bench->store->close(bench->store->ctx);
}

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){ .store = *state, .boot_id = 1, .next_seq = 1 };
    open_bench(&bench, true);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    close_bench(*state);
    return 0;
}

static void add(struct bench *bench, struct record record)
{
    bench->record[bench->count++] = record;
}

/// Feeds what was added as one batch. @return false  the store failed and all is rolled back.
static bool try_feed(struct bench *bench)
{
    const struct batch_header header = { .journal_id = { 1 },
                                         .boot_id = bench->boot_id,
                                         .first_seq = bench->next_seq,
                                         .oldest_seq = 1,
                                         .count = bench->count };
    static uint8_t payload[PAYLOAD_SIZE];
    size_t size = 0;
    struct ingest_outcome outcome;
    const struct fleet_writer *writer = bench->writer;
    assert_int_equal(batch_encode(&header, bench->record, payload, sizeof payload, &size),
                     STATUS_OK);
    enum status status = writer->begin(writer->ctx);
    if (status == STATUS_OK) {
        status =
            ingest_take_batch(bench->ingest, "meter-1", payload, size, noon_ms + HOUR_MS, &outcome);
    }
    if (status == STATUS_OK) {
        status = writer->commit(writer->ctx);
    }
    if (status != STATUS_OK) {
        writer->rollback(writer->ctx);
        ingest_rolled_back(bench->ingest);
        return false;
    }
    ingest_committed(bench->ingest);
    return true;
}

static void feed(struct bench *bench)
{
    assert_true(try_feed(bench));
    bench->next_seq += bench->count;
    bench->count = 0;
}

static struct record make_anchor(uint64_t uptime_ms)
{
    return (struct record){ .kind = RECORD_KIND_ANCHOR,
                            .anchor = { .uptime_ms = uptime_ms,
                                        .utc_ms = noon_ms + (int64_t)uptime_ms,
                                        .source = ANCHOR_SOURCE_SNTP } };
}

static struct record make_event(uint32_t id, uint64_t started_us)
{
    return (struct record){ .kind = RECORD_KIND_EVENT,
                            .event = { .started_us = started_us,
                                       .duration_us = 120000,
                                       .id = id,
                                       .extreme_10mv = 11500,
                                       .declared_10mv = 23000 } };
}

static struct record make_waveform(uint32_t event_id, uint64_t started_us)
{
    return (struct record){ .kind = RECORD_KIND_WAVEFORM,
                            .waveform = { .started_us = started_us,
                                          .event_id = event_id,
                                          .interval_ns = 200000,
                                          .unit_per_1e6 = 100,
                                          .count = 3,
                                          .sample = { 5, -6, 7 } } };
}

static struct record make_spectrum(uint64_t uptime_ms, uint8_t channel, uint8_t signal)
{
    return (struct record){ .kind = RECORD_KIND_SPECTRUM,
                            .spectrum = { .uptime_ms = uptime_ms,
                                          .windows = 15,
                                          .channel = channel,
                                          .signal = signal,
                                          .harmonic_ppm = { 1000000, 1, 20000 } } };
}

static struct record make_reading(uint64_t uptime_ms, int64_t import_mj)
{
    struct record record = { .kind = RECORD_KIND_READING,
                             .reading = {
                                 .uptime_ms = uptime_ms, .window_us = 1000000, .channels = 0x01 } };
    record.reading.channel[0].import_mj = import_mj;
    record.reading.total.import_mj[1] = import_mj / 2;
    record.reading.total.import_mj[2] = import_mj - import_mj / 2;
    return record;
}

struct found {
    unsigned count;
    struct stored_finding finding[FOUND_LIMIT];
};

static void note_found(void *ctx, const struct stored_finding *finding)
{
    struct found *found = ctx;
    assert_true(found->count < FOUND_LIMIT);
    found->finding[found->count++] = *finding;
}

/// All findings of a kind, newest first.
static const struct found *find(const struct bench *bench, unsigned kind)
{
    static struct found found;
    found.count = 0;
    const struct finding_query query = { .device_id = "meter-1",
                                         .kind = kind,
                                         .subject = FINDING_ANY_SUBJECT,
                                         .start_ms = INT64_MIN,
                                         .end_ms = INT64_MAX,
                                         .limit = FOUND_LIMIT };
    assert_int_equal(bench->queries->findings(bench->queries->ctx, &query, note_found, &found),
                     STATUS_OK);
    return &found;
}

static void add_one_of_each(struct bench *bench)
{
    add(bench, make_anchor(1000));
    add(bench, make_reading(2000, 50));
    add(bench, make_event(9, 2345678));
    add(bench, make_waveform(9, 2400000));
    add(bench, make_waveform(9, 2300000));
    add(bench, make_spectrum(4000, 2, SIGNAL_CURRENT));
    add(bench, reading_example_extreme(RECORD_KIND_INTERVAL, true));
}

static void assert_has_one_of_each(const struct bench *bench)
{
    const struct found *found = find(bench, RECORD_KIND_EVENT);
    assert_int_equal(found->count, 1);
    const struct stored_finding event = found->finding[0];
    assert_true(reading_example_is_same(&event.record, &bench->record[2]));
    assert_int_equal(event.seq, 3);
    assert_int_equal(event.boot_id, 1);
    assert_int_equal(event.time_ms, noon_ms + 2345);
    assert_int_equal(event.time_source, ANCHOR_SOURCE_SNTP);
    assert_int_equal(event.journal_id[0], 1);
    assert_string_equal(event.device_id, "meter-1");
    assert_true(event.has_waveform);

    assert_int_equal(find(bench, RECORD_KIND_WAVEFORM)->count, 2);
    found = find(bench, RECORD_KIND_SPECTRUM);
    assert_int_equal(found->count, 1);
    assert_true(reading_example_is_same(&found->finding[0].record, &bench->record[5]));
    assert_int_equal(found->finding[0].time_ms, noon_ms + 4000);
    found = find(bench, RECORD_KIND_INTERVAL);
    assert_int_equal(found->count, 1);
    assert_true(reading_example_is_same(&found->finding[0].record, &bench->record[6]));

    struct found parts = { 0 };
    assert_int_equal(bench->queries->waveform(bench->queries->ctx, &event, note_found, &parts),
                     STATUS_OK);
    assert_int_equal(parts.count, 2); // In the order of time.
    assert_int_equal(parts.finding[0].record.waveform.started_us, 2300000);
}

static void keeps_every_finding_once_in_its_place(void **state)
{
    struct bench *bench = *state;
    add_one_of_each(bench);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(try_feed(bench)); // The same again: held already.
        assert_has_one_of_each(bench);
    }
    close_bench(bench);
    open_bench(bench, false);
    assert_true(try_feed(bench));
    assert_has_one_of_each(bench);
}

static void keeps_findings_with_their_batch_or_not_at_all(void **state)
{
    struct bench *bench = *state;
    bool failed = true;
    unsigned failures = 0;
    for (uint64_t n = 1; failed; n++) {
        close_bench(bench);
        open_bench(bench, true);
        bench->count = 0;
        add_one_of_each(bench);
        bench->store->fail_statement(bench->store->ctx, n);
        const bool fed = try_feed(bench);
        bench->store->fail_statement(bench->store->ctx, 0);
        failed = bench->store->has_failed(bench->store->ctx);
        failures += failed ? 1u : 0u;
        if (!fed) {
            struct found found = { 0 };
            const struct finding_query query = { .device_id = "meter-1",
                                                 .kind = RECORD_KIND_EVENT,
                                                 .subject = FINDING_ANY_SUBJECT,
                                                 .end_ms = INT64_MAX,
                                                 .limit = 1 };
            (void)!bench->queries->findings(bench->queries->ctx, &query, note_found, &found);
            assert_int_equal(found.count, 0);
            assert_true(try_feed(bench));
        }
        assert_has_one_of_each(bench);
    }
    assert_true(failures > 10);
}

static void gives_findings_their_place_when_the_time_comes(void **state)
{
    struct bench *bench = *state;
    add(bench, make_event(1, 1000000));
    add(bench, make_spectrum(3000, 0, SIGNAL_VOLTAGE));
    feed(bench);
    const struct found *found = find(bench, RECORD_KIND_EVENT);
    assert_int_equal(found->count, 1);
    assert_int_equal(found->finding[0].time_source, ANCHOR_SOURCE_NONE);
    assert_int_equal(found->finding[0].time_ms, noon_ms + HOUR_MS - 2000); // By its arrival.

    add(bench, make_anchor(5000));
    add(bench, make_event(2, 6000000));
    feed(bench);
    found = find(bench, RECORD_KIND_EVENT);
    assert_int_equal(found->count, 2);
    assert_int_equal(found->finding[1].time_ms, noon_ms + 1000);
    assert_int_equal(found->finding[1].time_source, ANCHOR_SOURCE_SNTP);
    assert_int_equal(found->finding[0].time_ms, noon_ms + 6000);
    assert_int_equal(find(bench, RECORD_KIND_SPECTRUM)->finding[0].time_ms, noon_ms + 3000);
    // An anchor that comes later does not move what has a place.
    struct record late = make_anchor(9000);
    late.anchor.utc_ms += 500;
    add(bench, late);
    add(bench, make_event(3, 10000000));
    feed(bench);
    found = find(bench, RECORD_KIND_EVENT);
    assert_int_equal(found->finding[0].time_ms, noon_ms + 10500);
    assert_int_equal(found->finding[2].time_ms, noon_ms + 1000);
}

static void finds_by_time_subject_and_name(void **state)
{
    struct bench *bench = *state;
    struct found found = { 0 };
    const struct fleet_store *queries = bench->queries;
    add(bench, make_anchor(0));
    for (unsigned i = 1; i <= 10; i++) {
        add(bench, make_spectrum(i * 1000u, 1, (uint8_t)(i % 2)));
    }
    feed(bench);
    struct finding_query query = { .device_id = "meter-1",
                                   .kind = RECORD_KIND_SPECTRUM,
                                   .subject = finding_spectrum_subject(1, SIGNAL_CURRENT),
                                   .start_ms = noon_ms + 3000,
                                   .end_ms = noon_ms + 9000,
                                   .limit = 2,
                                   .oldest_first = true };
    assert_int_equal(queries->findings(queries->ctx, &query, note_found, &found), STATUS_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.finding[0].time_ms, noon_ms + 3000);
    assert_int_equal(found.finding[1].time_ms, noon_ms + 5000);
    found.count = 0;
    query.oldest_first = false;
    assert_int_equal(queries->findings(queries->ctx, &query, note_found, &found), STATUS_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.finding[0].time_ms, noon_ms + 7000);
    query.device_id = "nobody";
    assert_int_equal(queries->findings(queries->ctx, &query, note_found, &found), STATUS_MISSING);
    query.kind = RECORD_KIND_READING;
    assert_int_equal(queries->findings(queries->ctx, &query, note_found, &found), STATUS_INVALID);

    const struct stored_finding *one = &found.finding[0];
    struct stored_finding again;
    assert_int_equal(queries->finding(queries->ctx, "meter-1", one->journal_id, one->seq, &again),
                     STATUS_OK);
    assert_true(reading_example_is_same(&again.record, &one->record));
    assert_int_equal(queries->finding(queries->ctx, "meter-1", one->journal_id, 1, &again),
                     STATUS_MISSING); // An anchor is no finding.
}

struct seen_presets {
    unsigned count;
    struct register_preset preset[8];
};

static void note_preset(void *ctx, const struct register_preset *preset)
{
    struct seen_presets *seen = ctx;
    assert_true(seen->count < 8);
    seen->preset[seen->count++] = *preset;
}

static struct energy_report energy(const struct bench *bench)
{
    struct energy_report report;
    assert_int_equal(
        bench->queries->energy(bench->queries->ctx, "meter-1", 0, 2 * noon_ms, &report), STATUS_OK);
    return report;
}

static void shows_what_was_preset_and_keeps_who_did_it(void **state)
{
    struct bench *bench = *state;
    struct register_preset total = {
        .channel = REGISTER_TOTAL, .time_ms = 77, .username = "anna", .new_mj = 1000000
    };
    void *ctx = bench->queries->ctx;
    assert_int_equal(bench->queries->preset(ctx, "meter-1", &total), STATUS_MISSING);
    add(bench, make_anchor(0));
    add(bench, make_reading(1000, 500));
    feed(bench);
    assert_int_equal(energy(bench).shown[REGISTER_TOTAL].import_mj, 500);
    assert_int_equal(bench->queries->preset(ctx, "meter-1", &total), STATUS_OK);
    assert_int_equal(total.old_mj, 500);
    assert_int_equal(total.offset_mj, 999500);

    add(bench, make_reading(2000, 530));
    feed(bench);
    close_bench(bench);
    open_bench(bench, false);
    struct energy_report report = energy(bench);
    assert_int_equal(report.lifetime[REGISTER_TOTAL].import_mj, 530);
    assert_int_equal(report.shown[REGISTER_TOTAL].import_mj, 1000030);
    assert_int_equal(report.shown[0].import_mj, 530);

    struct register_preset channel = { .channel = 0, .time_ms = 78, .username = "ben" };
    assert_int_equal(bench->queries->preset(bench->queries->ctx, "meter-1", &channel), STATUS_OK);
    assert_int_equal(energy(bench).shown[0].import_mj, 0);
    total.new_mj = 2000;
    assert_int_equal(bench->queries->preset(bench->queries->ctx, "meter-1", &total), STATUS_OK);
    report = energy(bench);
    assert_int_equal(report.shown[REGISTER_TOTAL].import_mj, 2000);
    assert_int_equal(report.lifetime[REGISTER_TOTAL].import_mj, 530);

    struct seen_presets seen = { 0 };
    assert_int_equal(bench->queries->presets(bench->queries->ctx, "meter-1", note_preset, &seen),
                     STATUS_OK);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.preset[0].old_mj, 1000030);
    assert_string_equal(seen.preset[1].username, "ben");
    assert_int_equal(seen.preset[2].new_mj, 1000000);
    assert_int_equal(seen.preset[2].time_ms, 77);
}

int suite_findings_run(const char *name, const struct store_under_test *store)
{
#define IN_BENCH(test)                                                                             \
    {                                                                                              \
#test, test, set_up, tear_down, (void *)(uintptr_t)store                                   \
    }
    const struct CMUnitTest tests[] = {
        IN_BENCH(keeps_every_finding_once_in_its_place),
        IN_BENCH(keeps_findings_with_their_batch_or_not_at_all),
        IN_BENCH(gives_findings_their_place_when_the_time_comes),
        IN_BENCH(finds_by_time_subject_and_name),
        IN_BENCH(shows_what_was_preset_and_keeps_who_did_it),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

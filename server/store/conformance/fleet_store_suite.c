// SPDX-License-Identifier: MIT
#include "fleet_store_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "suite_fleet.h"

static const int64_t noon_ms = 1763726400000;

/// The store under test, opened, with an ingest on it.
struct bench {
    const struct store_under_test *store;
    const struct fleet_store *queries;
    const struct fleet_writer *writer;
    struct fleet_counters counters;
    struct ingest *ingest;
    struct ingest_outcome outcome;
    int64_t received_ms;
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
    // The group's state is the store; each test gets a bench around it.
    const struct store_under_test *store = *state;
    bench = (struct bench){ .store = store, .received_ms = noon_ms + 3600000 };
    open_bench(&bench, true);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    close_bench(*state);
    return 0;
}

/// Feeds one batch in a transaction. @return false  the store failed and all is rolled back.
static bool try_feed(struct bench *bench, const struct suite_batch *batch)
{
    uint8_t payload[SUITE_PAYLOAD_SIZE];
    const size_t size = suite_encode(batch, payload);
    const struct fleet_writer *writer = bench->writer;
    enum status status = writer->begin(writer->ctx);
    if (status == STATUS_OK) {
        status = ingest_take_batch(bench->ingest, "meter-1", payload, size, bench->received_ms,
                                   &bench->outcome);
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

static void feed(struct bench *bench, const struct suite_batch *batch)
{
    assert_true(try_feed(bench, batch));
}

/// Batch number `index` of a plain life: an anchor and ten readings, then ten readings each.
static struct suite_batch life_batch(unsigned index)
{
    return (struct suite_batch){ .journal = 1,
                                 .boot_id = 1,
                                 .first_seq = index == 0 ? 1 : 2 + index * 10u,
                                 .oldest_seq = 1,
                                 .count = index == 0 ? 11 : 10,
                                 .first_second = 1 + index * 10u,
                                 .with_anchor = index == 0,
                                 .anchor_utc_ms = noon_ms };
}

struct seen_delivery {
    unsigned journals;
    struct journal_delivery last;
    struct seq_range gap[8];
};

static void see_delivery(void *ctx, const struct journal_delivery *delivery)
{
    struct seen_delivery *seen = ctx;
    seen->journals++;
    seen->last = *delivery;
    assert_true(delivery->gap_count <= 8);
    for (size_t i = 0; i < delivery->gap_count; i++) {
        seen->gap[i] = delivery->gaps[i];
    }
}

static struct seen_delivery deliveries(const struct bench *bench)
{
    struct seen_delivery seen = { 0 };
    assert_int_equal(
        bench->queries->deliveries(bench->queries->ctx, "meter-1", see_delivery, &seen), STATUS_OK);
    return seen;
}

enum { POINTS = 2000 };

struct series {
    size_t count;
    struct telemetry_point point[POINTS];
};

static void read_series(const struct bench *bench, int channel, int64_t start_ms, int64_t end_ms,
                        int64_t bucket_ms, struct series *series)
{
    const struct telemetry_query query = { "meter-1", channel, start_ms, end_ms, bucket_ms };
    memset(series, 0, sizeof *series);
    assert_int_equal(
        bench->queries->telemetry(bench->queries->ctx, &query, series->point, &series->count),
        STATUS_OK);
    assert_true(series->count <= POINTS);
}

static struct energy_report read_energy(const struct bench *bench, int64_t start_ms, int64_t end_ms)
{
    struct energy_report report;
    assert_int_equal(
        bench->queries->energy(bench->queries->ctx, "meter-1", start_ms, end_ms, &report),
        STATUS_OK);
    return report;
}

static void keeps_a_record_once_whatever_is_sent(void **state)
{
    struct bench *bench = *state;
    struct suite_batch batch = life_batch(0);
    feed(bench, &batch);
    assert_int_equal(bench->outcome.kind, INGEST_STORED);
    assert_int_equal(bench->outcome.watermark, 11);
    feed(bench, &batch);
    assert_int_equal(bench->outcome.kind, INGEST_DUPLICATE);
    assert_int_equal(bench->outcome.watermark, 11);
    const struct suite_batch overlap = { 1, 1, 6, 1, 10, 5, 0, false, 0 };
    feed(bench, &overlap);
    assert_int_equal(bench->outcome.watermark, 15);
    const struct suite_batch hole = { 1, 1, 20, 1, 3, 19, 0, false, 0 };
    feed(bench, &hole);
    assert_int_equal(bench->outcome.kind, INGEST_HOLE);
    assert_true(bench->outcome.acknowledge);
    assert_int_equal(bench->outcome.watermark, 15);
    const struct suite_batch after_overflow = { 1, 1, 30, 30, 4, 29, 0, false, 0 };
    feed(bench, &after_overflow);
    assert_true(bench->outcome.has_gap);

    const struct seen_delivery seen = deliveries(bench);
    assert_int_equal(seen.journals, 1);
    assert_int_equal(seen.last.watermark, 33);
    assert_int_equal(seen.last.stored, 19);
    assert_int_equal(seen.last.doubled, 0);
    assert_int_equal(seen.last.gap_count, 1);
    assert_int_equal(seen.gap[0].first_seq, 16);
    assert_int_equal(seen.gap[0].last_seq, 29);
    assert_int_equal(seen.last.journal_id[0], 1);
}

static void finds_the_newest_reading(void **state)
{
    struct bench *bench = *state;
    struct stored_reading latest;
    assert_int_equal(bench->queries->latest(bench->queries->ctx, "meter-1", &latest),
                     STATUS_MISSING);
    for (unsigned i = 0; i < 9; i++) {
        const struct suite_batch batch = life_batch(i);
        feed(bench, &batch);
    }
    assert_int_equal(bench->queries->latest(bench->queries->ctx, "meter-1", &latest), STATUS_OK);
    assert_int_equal(latest.seq, 91);
    assert_int_equal(latest.time_ms, noon_ms + 90000);
    assert_int_equal(latest.time_source, ANCHOR_SOURCE_SNTP);
    assert_int_equal(latest.reading.channel[0].import_mj, 90 * SUITE_IMPORT_MJ);
    assert_int_equal(latest.seq, bench->outcome.latest.seq);
    assert_int_equal(latest.time_ms, bench->outcome.latest.time_ms);
    assert_memory_equal(&latest.reading, &bench->outcome.latest.reading, sizeof latest.reading);
}

static void feed_life(struct bench *bench, unsigned batches)
{
    for (unsigned i = 0; i < batches; i++) {
        const struct suite_batch batch = life_batch(i);
        feed(bench, &batch);
    }
}

static void sums_readings_and_minutes_alike(void **state)
{
    struct bench *bench = *state;
    static struct series raw;
    static struct series minutes;
    static const int channels[] = { 0, 5, TELEMETRY_CHANNEL_TOTAL };
    feed_life(bench, 67);
    for (size_t c = 0; c < 3; c++) {
        read_series(bench, channels[c], noon_ms, noon_ms + 720000, 10000, &raw);
        read_series(bench, channels[c], noon_ms, noon_ms + 720000, 60000, &minutes);
        assert_int_equal(raw.count, 72);
        assert_int_equal(minutes.count, 12);
        for (size_t m = 0; m < 12; m++) {
            struct telemetry_point sum = { 0 };
            double weighted_power = 0.0;
            for (size_t i = m * 6; i < m * 6 + 6; i++) {
                sum.measured_us += raw.point[i].measured_us;
                sum.import_mj += raw.point[i].import_mj;
                sum.export_mj += raw.point[i].export_mj;
                sum.quality |= raw.point[i].quality;
                weighted_power += raw.point[i].active_power_w * (double)raw.point[i].measured_us;
            }
            const struct telemetry_point *minute = &minutes.point[m];
            assert_int_equal(minute->measured_us, sum.measured_us);
            assert_int_equal(minute->import_mj, sum.import_mj);
            assert_int_equal(minute->export_mj, sum.export_mj);
            assert_int_equal(minute->quality, sum.quality);
            if (sum.measured_us > 0) {
                const double mean = weighted_power / (double)sum.measured_us;
                assert_true(minute->active_power_w - mean < 1e-9 &&
                            mean - minute->active_power_w < 1e-9);
            }
        }
        assert_int_equal(minutes.point[3].measured_us, 60000000);
        assert_int_equal(minutes.point[11].measured_us, 10000000);
    }
}

static void knows_energy_and_lifetime(void **state)
{
    struct bench *bench = *state;
    feed_life(bench, 67);
    const struct energy_report all = read_energy(bench, noon_ms - 7200000, noon_ms + 7200000);
    assert_int_equal(all.channels, 0x21);
    assert_int_equal(all.channel[0].import_mj, 669LL * SUITE_IMPORT_MJ);
    assert_int_equal(all.channel[5].export_mj, 669LL * SUITE_EXPORT_MJ);
    assert_int_equal(all.total.import_mj, 669LL * SUITE_IMPORT_MJ);
    assert_int_equal(all.total.export_mj, 669LL * SUITE_EXPORT_MJ);
    assert_int_equal(all.lifetime[0].import_mj, 670LL * SUITE_IMPORT_MJ);
    assert_int_equal(all.lifetime[5].export_mj, 670LL * SUITE_EXPORT_MJ);
    const struct energy_report part = read_energy(bench, noon_ms + 60000, noon_ms + 180000);
    assert_int_equal(part.channel[0].import_mj, 120LL * SUITE_IMPORT_MJ);
}

/// The answers of a plain life of 40 batches, fed without a break.
static void read_reference(struct bench *bench, struct series *minutes, struct series *raw,
                           struct energy_report *energy)
{
    read_series(bench, TELEMETRY_CHANNEL_TOTAL, noon_ms, noon_ms + 480000, 60000, minutes);
    read_series(bench, 0, noon_ms, noon_ms + 480000, 5000, raw);
    *energy = read_energy(bench, noon_ms - 3600000, noon_ms + 3600000);
}

static void goes_on_after_being_opened_again_at_any_place(void **state)
{
    struct bench *bench = *state;
    static struct series minutes[2];
    static struct series raw[2];
    struct energy_report energy[2];
    feed_life(bench, 40);
    read_reference(bench, &minutes[0], &raw[0], &energy[0]);
    close_bench(bench);
    open_bench(bench, true);
    for (unsigned i = 0; i < 40; i++) {
        const struct suite_batch batch = life_batch(i);
        feed(bench, &batch);
        close_bench(bench);
        open_bench(bench, false);
        feed(bench, &batch);
        assert_int_equal(bench->outcome.kind, INGEST_DUPLICATE);
    }
    read_reference(bench, &minutes[1], &raw[1], &energy[1]);
    assert_memory_equal(&raw[0], &raw[1], sizeof raw[0]);
    assert_memory_equal(&energy[0], &energy[1], sizeof energy[0]);
    for (size_t i = 0; i < minutes[0].count; i++) {
        assert_int_equal(minutes[0].point[i].measured_us, minutes[1].point[i].measured_us);
        assert_int_equal(minutes[0].point[i].import_mj, minutes[1].point[i].import_mj);
    }
}

/// Lets every statement of a commit fail in turn: nothing of it may remain, and the next try works.
static void keeps_all_or_nothing_when_a_statement_fails(void **state)
{
    struct bench *bench = *state;
    static struct series minutes[2];
    static struct series raw[2];
    struct energy_report energy[2];
    feed_life(bench, 40);
    read_reference(bench, &minutes[0], &raw[0], &energy[0]);
    close_bench(bench);
    open_bench(bench, true);

    unsigned failures = 0;
    for (unsigned i = 0; i < 40; i++) {
        const struct suite_batch batch = life_batch(i);
        for (uint64_t n = 1;; n++) {
            bench->store->fail_statement(bench->store->ctx, n);
            const bool fed = try_feed(bench, &batch);
            const bool failed = bench->store->has_failed(bench->store->ctx);
            bench->store->fail_statement(bench->store->ctx, 0);
            assert_int_equal(fed, !failed);
            if (fed) {
                break;
            }
            failures++;
            if (i > 0) {
                assert_int_equal(deliveries(bench).last.watermark, 1 + i * 10);
                assert_int_equal(deliveries(bench).last.stored, 1 + i * 10);
            }
        }
    }
    assert_true(failures > 40 * 3);
    read_reference(bench, &minutes[1], &raw[1], &energy[1]);
    assert_memory_equal(&raw[0], &raw[1], sizeof raw[0]);
    assert_memory_equal(&energy[0], &energy[1], sizeof energy[0]);
}

/// A backlog without time gets its place when the time is learned.
static void gives_a_backlog_its_place_when_the_time_comes(void **state)
{
    struct bench *bench = *state;
    static struct series series;
    for (unsigned i = 0; i < 30; i++) {
        struct suite_batch batch = { 1, 1, 1 + i * 10u, 1, 10, 1 + i * 10u, 0, false, 0 };
        feed(bench, &batch);
        if (i % 7 == 3) {
            close_bench(bench);
            open_bench(bench, false);
        }
    }
    read_series(bench, 0, noon_ms, noon_ms + 360000, 60000, &series);
    assert_int_equal(series.point[1].measured_us, 0);

    const struct suite_batch anchored = { 1, 1, 301, 1, 11, 301, 0, true, noon_ms };
    feed(bench, &anchored);
    read_series(bench, 0, noon_ms, noon_ms + 360000, 60000, &series);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(series.point[i].measured_us, 60000000);
    }
    assert_int_equal(series.point[5].measured_us, 10000000);
    read_series(bench, 0, noon_ms, noon_ms + 360000, 1000, &series);
    for (size_t i = 0; i < 310; i++) {
        assert_int_equal(series.point[i].measured_us, 1000000);
    }
    read_series(bench, 0, bench->received_ms - 600000, bench->received_ms + 60000, 60000, &series);
    for (size_t i = 0; i < series.count; i++) {
        assert_int_equal(series.point[i].measured_us, 0);
    }
    assert_int_equal(read_energy(bench, noon_ms, noon_ms + 600000).channel[0].import_mj,
                     309LL * SUITE_IMPORT_MJ);
}

/// A boot that never learned the time ended before the next one began.
static void places_a_boot_without_time_before_the_next_one(void **state)
{
    struct bench *bench = *state;
    static struct series series;
    struct suite_batch lost = { 1, 1, 1, 1, 30, 1, 0, false, 0 };
    feed(bench, &lost);
    const struct suite_batch next = { 1, 2, 31, 1, 11, 31, 0, true, noon_ms };
    feed(bench, &next);
    read_series(bench, 0, noon_ms - 60000, noon_ms + 60000, 1000, &series);
    int64_t before_us = 0;
    for (size_t i = 0; i < 60; i++) {
        before_us += series.point[i].measured_us;
    }
    assert_int_equal(before_us, 30000000);
}

static void goes_on_counting_when_the_device_begins_again(void **state)
{
    struct bench *bench = *state;
    feed_life(bench, 10);
    const struct suite_batch reset = { 2, 2, 1, 1, 11, 1001, 1000, true, noon_ms };
    feed(bench, &reset);
    assert_true(bench->outcome.new_journal);
    const struct energy_report report = read_energy(bench, noon_ms, noon_ms + 7200000);
    assert_int_equal(report.lifetime[0].import_mj, (100 + 10) * SUITE_IMPORT_MJ);
    assert_int_equal(report.channel[0].import_mj, (99 + 10) * SUITE_IMPORT_MJ);
    assert_int_equal(deliveries(bench).journals, 2);
    assert_int_equal(fleet_counters_get(&bench->counters, FLEET_COUNTER_METER_RESETS), 2);

    // A batch of the first journal that was on its way is known still.
    const struct suite_batch old = life_batch(9);
    feed(bench, &old);
    assert_int_equal(bench->outcome.kind, INGEST_DUPLICATE);
    assert_int_equal(bench->outcome.watermark, 101);
}

static void keeps_data_of_an_older_meter_apart(void **state)
{
    struct bench *bench = *state;
    struct reading reading = { .window_us = 1000000, .channels = 1 };
    for (unsigned i = 0; i < 100; i++) {
        reading.uptime_ms = 1000 + i / 2 * 7000;
        reading.channel[0].import_mj = (int64_t)i / 2 * 1000;
        assert_int_equal(bench->writer->begin(bench->writer->ctx), STATUS_OK);
        assert_int_equal(ingest_take_data(bench->ingest, "meter-1", &reading,
                                          noon_ms + (int64_t)reading.uptime_ms, &bench->outcome),
                         STATUS_OK);
        assert_false(bench->outcome.acknowledge);
        assert_int_equal(bench->writer->commit(bench->writer->ctx), STATUS_OK);
        ingest_committed(bench->ingest);
    }
    // The first 30 seconds wait for a batch; every message came twice; each counts anchor and
    // reading.
    assert_int_equal(deliveries(bench).last.stored, 2 * 45);
    feed_life(bench, 1);
    assert_int_equal(deliveries(bench).journals, 2);
    assert_int_equal(
        ingest_take_data(bench->ingest, "meter-1", &reading, noon_ms + 900000, &bench->outcome),
        STATUS_OK);
    assert_int_equal(bench->outcome.kind, INGEST_IGNORED);
}

static void count_device(void *ctx, const struct device_record *record)
{
    unsigned *count = ctx;
    (*count)++;
    assert_string_equal(record->device_id, "meter-1");
    assert_string_equal(record->name, "K\xC3\xBC"
                                      "che");
}

static void knows_devices_and_their_names(void **state)
{
    struct bench *bench = *state;
    unsigned count = 0;
    void *ctx = bench->queries->ctx;
    const char *name = "K\xC3\xBC"
                       "che";
    assert_int_equal(bench->queries->rename_device(ctx, "meter-1", name), STATUS_MISSING);
    feed_life(bench, 1);
    assert_int_equal(bench->queries->rename_device(ctx, "meter-1", name), STATUS_OK);
    close_bench(bench);
    open_bench(bench, false);
    assert_int_equal(bench->queries->devices(bench->queries->ctx, count_device, &count), STATUS_OK);
    assert_int_equal(count, 1);
}

static void refuses_questions_without_sense(void **state)
{
    struct bench *bench = *state;
    static struct telemetry_point points[4];
    size_t count;
    void *ctx = bench->queries->ctx;
    struct telemetry_query query = { "nobody", 0, 0, 1000, 1000 };
    assert_int_equal(bench->queries->telemetry(ctx, &query, points, &count), STATUS_MISSING);
    const struct telemetry_query wrong[] = {
        { "meter-1", 8, 0, 1000, 1000 },    { "meter-1", -2, 0, 1000, 1000 },
        { "meter-1", 0, 1000, 1000, 1000 }, { "meter-1", 0, 0, 1000, 0 },
        { "meter-1", 0, 0, 90000, 90000 },  { "meter-1", 0, 0, INT64_MAX, 1000 },
        { "meter-1", 0, 0, 20001, 1 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(bench->queries->telemetry(ctx, &wrong[i], points, &count), STATUS_INVALID);
    }
}

int fleet_store_suite_run(const char *name, const struct store_under_test *store)
{
#define IN_BENCH(test)                                                                             \
    {                                                                                              \
#test, test, set_up, tear_down, (void *)(uintptr_t)store                                   \
    }
    const struct CMUnitTest tests[] = {
        IN_BENCH(keeps_a_record_once_whatever_is_sent),
        IN_BENCH(finds_the_newest_reading),
        IN_BENCH(sums_readings_and_minutes_alike),
        IN_BENCH(knows_energy_and_lifetime),
        IN_BENCH(goes_on_after_being_opened_again_at_any_place),
        IN_BENCH(keeps_all_or_nothing_when_a_statement_fails),
        IN_BENCH(gives_a_backlog_its_place_when_the_time_comes),
        IN_BENCH(places_a_boot_without_time_before_the_next_one),
        IN_BENCH(goes_on_counting_when_the_device_begins_again),
        IN_BENCH(keeps_data_of_an_older_meter_apart),
        IN_BENCH(knows_devices_and_their_names),
        IN_BENCH(refuses_questions_without_sense),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// The intake before a store that takes trials and refuses messages, as a disk that is nearly full
/// does. Everything runs in the test's thread: the store offers the next message itself.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake.h"

enum { MINUTES = 10, MINUTE_MS = 60000 };

struct bench {
    struct fleet_host host;
    struct fleet_writer writer;
    struct fleet_counters counters;
    struct intake_sink sink;
    struct intake *intake;
    uint64_t now_ms; ///< Goes on by a little whenever somebody looks.
    bool disk_full;
    unsigned trials;
    unsigned told;
    bool told_failing;
    uint64_t told_ms;
    uint64_t shortest_ms; ///< Between two changes told.
};

static int64_t utc_ms(void *ctx)
{
    (void)ctx;
    return 1763726400000;
}

static uint64_t monotonic_ms(void *ctx)
{
    struct bench *bench = ctx;
    bench->now_ms += 50;
    return bench->now_ms;
}

static void offer_message(struct bench *bench)
{
    const struct reading reading = { .uptime_ms = 1000, .window_us = 1000000 };
    assert_int_equal(intake_offer_data(bench->intake, "meter-1", &reading), STATUS_OK);
}

static enum status succeed(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

static void rollback(void *ctx)
{
    (void)ctx;
}

static enum status refuse_device(void *ctx, const char *device_id, int64_t now_ms,
                                 bool unacknowledged_data, struct device_slot *slot)
{
    (void)ctx;
    (void)device_id;
    (void)now_ms;
    (void)unacknowledged_data;
    (void)slot;
    return STATUS_IO;
}

static enum status try_disk(void *ctx)
{
    struct bench *bench = ctx;
    char reason[FLEET_REASON_SIZE];
    assert_false(intake_is_well(bench->intake, reason));
    bench->trials++;
    if (bench->now_ms > (uint64_t)MINUTES * MINUTE_MS) {
        bench->disk_full = false;
        intake_stop(bench->intake);
    } else if (!bench->disk_full) {
        offer_message(bench);
    }
    return bench->disk_full ? STATUS_IO : STATUS_OK;
}

static const char *error(void *ctx)
{
    (void)ctx;
    return "the disk is full";
}

static void store_changed(void *ctx, const char *reason)
{
    struct bench *bench = ctx;
    const uint64_t since_ms = bench->now_ms - bench->told_ms;
    if (bench->told > 0 && since_ms < bench->shortest_ms) {
        bench->shortest_ms = since_ms;
    }
    bench->told_ms = bench->now_ms;
    bench->told_failing = reason[0] != '\0';
    bench->told++;
}

static void open_bench(struct bench *bench, bool disk_full)
{
    *bench = (struct bench){ .disk_full = disk_full, .shortest_ms = UINT64_MAX };
    bench->host = (struct fleet_host){ .utc_ms = utc_ms, .monotonic_ms = monotonic_ms };
    bench->host.ctx = bench;
    bench->writer = (struct fleet_writer){ .begin = succeed,
                                           .commit = succeed,
                                           .rollback = rollback,
                                           .open_device = refuse_device,
                                           .try_disk = try_disk,
                                           .error = error,
                                           .ctx = bench };
    bench->sink = (struct intake_sink){ .store_changed = store_changed, .ctx = bench };
    const struct intake_options options = { .writer = &bench->writer,
                                            .host = &bench->host,
                                            .counters = &bench->counters,
                                            .sink = &bench->sink,
                                            .queue_size = 16384 };
    bench->intake = intake_open(&options);
    assert_non_null(bench->intake);
    offer_message(bench);
    intake_run(bench->intake);
}

static void tells_of_a_store_that_comes_and_goes_once_a_minute(void **state)
{
    (void)state;
    static struct bench bench;
    open_bench(&bench, false);
    assert_true(bench.trials > MINUTES * 20);
    assert_true(bench.told > 1);
    assert_true(bench.told <= MINUTES + 1);
    assert_true(bench.shortest_ms >= MINUTE_MS);
    intake_close(bench.intake);
}

static void is_well_only_after_a_trial_or_a_message_is_stored(void **state)
{
    (void)state;
    static struct bench bench;
    char reason[FLEET_REASON_SIZE];
    open_bench(&bench, true); // Each trial looks that the intake still says it is not well.
    assert_true(bench.trials > MINUTES * 20);
    assert_int_equal(bench.told, 2);
    assert_false(bench.told_failing);
    assert_true(intake_is_well(bench.intake, reason));
    intake_close(bench.intake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_a_store_that_comes_and_goes_once_a_minute),
        cmocka_unit_test(is_well_only_after_a_trial_or_a_message_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

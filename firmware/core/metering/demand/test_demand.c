// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "demand.h"

enum { RECORD_LIMIT = 400, MINUTE_MS = 60000, WINDOW_US = 200000 };

static const int64_t MIDNIGHT_MS = 1763683200000; // 21 November 2025, 00:00 UTC.

static struct {
    uint64_t uptime_us;
    uint64_t late_us; ///< By which the end of a window is told late.
    int64_t utc_offset_ms;
    bool utc_known;

    struct metering_interval kept[RECORD_LIMIT];
    unsigned count;
    enum status answer;

    uint8_t value[KEY_VALUE_SIZE_LIMIT];
    size_t value_size;
    bool values_fail;

    uint8_t rate;
    uint16_t quality;
    struct time_zone zone;
    struct maximum_demand maximum;
    struct demand demand;
    int64_t rest_nj[READING_CHANNEL_COUNT];
    int64_t counted_mj[READING_CHANNEL_COUNT];
} f;

static uint64_t uptime_us(void *ctx)
{
    (void)ctx;
    return f.uptime_us;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    (void)ctx;
    *utc = f.utc_offset_ms + (int64_t)(f.uptime_us / 1000);
    *uncertainty_ms = 10;
    return f.utc_known;
}

static enum status commit(void *ctx, const struct record *record)
{
    (void)ctx;
    assert_int_equal(record->kind, RECORD_KIND_INTERVAL);
    if (f.answer == STATUS_OK) {
        assert_in_range(f.count, 0, RECORD_LIMIT - 1);
        f.kept[f.count++] = record->interval;
    }
    return f.answer;
}

static enum status get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    (void)ctx;
    (void)key;
    if (f.value_size == 0) {
        return STATUS_MISSING;
    }
    assert_in_range(f.value_size, 1, capacity);
    memcpy(out, f.value, f.value_size);
    *size = f.value_size;
    return STATUS_OK;
}

static enum status set(void *ctx, const char *key, const void *value, size_t size)
{
    (void)ctx;
    (void)key;
    if (f.values_fail) {
        return STATUS_IO;
    }
    memcpy(f.value, value, size);
    f.value_size = size;
    return STATUS_OK;
}

static const struct clock test_clock = { .uptime_us = uptime_us, .utc_ms = utc_ms };
static const struct record_sink sink = { .commit = commit };
static const struct key_value values = { .get = get, .set = set };

/// Boots at `since_midnight_ms` of a UTC day.
static void boot(uint32_t block_min, uint32_t sub_min, int64_t since_midnight_ms)
{
    const struct demand_settings settings = { .block_min = block_min, .sub_min = sub_min };
    memset(&f, 0, sizeof f);
    f.utc_known = true;
    f.utc_offset_ms = MIDNIGHT_MS + since_midnight_ms;
    f.zone = time_zone_utc();
    assert_int_equal(maximum_demand_load(&f.maximum, &values), STATUS_MISSING);
    assert_int_equal(
        demand_init(&f.demand, &settings, &test_clock, &f.zone, &sink, &f.maximum, &f.rate),
        STATUS_OK);
}

/// One window; channel 0 takes `watts`, channel 1 a tenth of it.
static void window(double watts, uint64_t length_us)
{
    const struct window_watcher *watcher = demand_watcher(&f.demand);
    struct window_report report = {
        .seconds = (double)length_us * 1e-6,
        .frequency_hz = 50.0,
        .cycles = 10,
        .whole = true,
        .quality = f.quality,
        .channels = 0x03,
    };
    f.uptime_us += length_us;
    report.ended_us = f.uptime_us + f.late_us;
    int64_t net_mj = 0;
    for (unsigned n = 0; n < 2; n++) {
        const double active_w = n == 0 ? watts : watts / 10;
        f.rest_nj[n] += (int64_t)(active_w * report.seconds * 1e9);
        const int64_t mj = f.rest_nj[n] / 1000000;
        f.rest_nj[n] -= mj * 1000000;
        f.counted_mj[n] += mj;
        net_mj += mj;
        report.channel[n] = (struct window_report_channel){ .voltage_v = 230.0,
                                                            .current_a = fabs(active_w) / 230.0,
                                                            .active_w = active_w,
                                                            .import_mj = mj > 0 ? mj : 0,
                                                            .export_mj = mj < 0 ? -mj : 0 };
    }
    report.total_import_mj = net_mj > 0 ? net_mj : 0;
    f.uptime_us += 1000; // Processing comes a little later.
    watcher->window(watcher->ctx, &report);
    f.uptime_us -= 1000;
    if (f.answer == STATUS_OK && !f.values_fail) {
        assert_int_equal(demand_step(&f.demand), STATUS_OK);
    }
}

static void run(double watts, int64_t length_ms)
{
    for (int64_t done_us = 0; done_us < length_ms * 1000; done_us += WINDOW_US) {
        window(watts, WINDOW_US);
    }
}

static int64_t end_ms(const struct metering_interval *interval)
{
    return (int64_t)interval->uptime_ms + f.utc_offset_ms;
}

static void ends_blocks_with_the_clock_and_marks_the_first(void **state)
{
    (void)state;
    boot(15, 0, 7 * MINUTE_MS + 123);
    run(1000.0, 60 * MINUTE_MS);
    assert_int_equal(f.count, 4);
    for (unsigned n = 0; n < 4; n++) {
        const struct metering_interval *block = &f.kept[n];
        assert_int_equal(end_ms(block) - MIDNIGHT_MS, (n + 1) * 15 * MINUTE_MS);
        assert_int_equal(block->kind, INTERVAL_DEMAND);
        assert_int_equal(block->flags, n == 0 ? INTERVAL_SHORT : 0);
        assert_int_equal(block->length_ms, n == 0 ? 8 * MINUTE_MS - 123 : 15 * MINUTE_MS);
        assert_in_range(block->measured_ms, block->length_ms - 1, block->length_ms + 1);
        assert_in_range(block->demand_mw, 1100000 - 5, 1100000 + 5);
        assert_in_range(block->channel[1].active_power_10mw, 9999, 10001);
        assert_int_equal(block->maximum_demand_mw, n == 0 ? 0 : f.kept[1].demand_mw);
    }
    assert_int_equal(f.kept[3].maximum_demand_at_ms, MIDNIGHT_MS + 30 * MINUTE_MS);
}

/// 200 ms windows do not end with the block; what is over goes into the next, and nothing is lost.
static void adds_up_to_the_registers_to_the_last_millijoule(void **state)
{
    (void)state;
    boot(15, 0, 14 * MINUTE_MS + 77);
    for (unsigned n = 0; n < 30000; n++) {
        window(n % 997 * 3.21, 190000 + n % 17 * 1003);
    }
    int64_t blocks_mj = 0;
    for (unsigned n = 0; n < f.count; n++) {
        blocks_mj += f.kept[n].channel[0].import_mj;
    }
    assert_int_equal(f.count, 7);
    blocks_mj += f.demand.sums.channel[0].import_mj;
    assert_int_equal(blocks_mj, f.counted_mj[0]);
    assert_int_equal(f.demand.sums.channel[1].import_mj + f.kept[0].channel[1].import_mj +
                         f.kept[1].channel[1].import_mj + f.kept[2].channel[1].import_mj +
                         f.kept[3].channel[1].import_mj + f.kept[4].channel[1].import_mj +
                         f.kept[5].channel[1].import_mj + f.kept[6].channel[1].import_mj,
                     f.counted_mj[1]);
}

static void shares_a_window_out_by_time(void **state)
{
    (void)state;
    boot(15, 0, 0);
    run(0.0, 15 * MINUTE_MS - 30000);
    window(1000.0, 60000000); // Half of it before the end.
    run(0.0, 15 * MINUTE_MS);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.kept[0].channel[0].import_mj, 30000000);
    assert_int_equal(f.kept[1].channel[0].import_mj, 30000000);
}

static void slides_to_find_a_peak_across_blocks(void **state)
{
    (void)state;
    for (uint32_t sub_min = 0; sub_min <= 5; sub_min += 5) {
        boot(15, sub_min, 0);
        run(100.0, 20 * MINUTE_MS);
        run(3000.0, 15 * MINUTE_MS); // From 00:20 to 00:35.
        run(100.0, 25 * MINUTE_MS);
        assert_int_equal(f.count, 4);
        const double expected = sub_min == 0 ? 1.1e6 * (10 * 3.0 + 5 * 0.1) / 15 : 3.3e6;
        const int64_t at_ms = MIDNIGHT_MS + (sub_min == 0 ? 30 : 35) * MINUTE_MS;
        assert_true(fabs((double)f.maximum.value.demand_mw - expected) < 20.0);
        assert_int_equal(f.maximum.value.at_ms, at_ms);
    }
}

static void keeps_a_block_with_lost_samples_out_of_the_maximum(void **state)
{
    (void)state;
    static const uint16_t flaws[] = { READING_QUALITY_GAP, READING_QUALITY_NO_REFERENCE,
                                      READING_QUALITY_CHANNEL_SWAP };
    for (unsigned n = 0; n < 3; n++) {
        boot(15, 0, 0);
        run(1000.0, 15 * MINUTE_MS);
        run(5000.0, 5 * MINUTE_MS);
        f.quality = flaws[n];
        window(5000.0, WINDOW_US);
        f.quality = 0;
        run(5000.0, 11 * MINUTE_MS);
        assert_int_equal(f.count, 2);
        assert_int_equal(f.kept[1].flags, INTERVAL_SHORT);
        assert_true(f.kept[1].demand_mw > 5000000);
        assert_true(f.maximum.value.demand_mw < 1200000);
    }
    boot(15, 0, 0);
    run(5000.0, 5 * MINUTE_MS);
    f.uptime_us += 2000000; // Two seconds of nothing, that nobody flagged.
    run(5000.0, 11 * MINUTE_MS);
    assert_int_equal(f.kept[0].flags, INTERVAL_SHORT);
    assert_int_equal(f.maximum.value.demand_mw, 0);
}

static void takes_blocks_for_whole_though_windows_are_told_late(void **state)
{
    (void)state;
    boot(15, 0, 0);
    for (unsigned n = 0; n < 31 * 60 * 5; n++) {
        f.late_us = n % 2 == 0 ? 900 : 0; // Less than the millisecond by which processing is late.
        window(1000.0, WINDOW_US);
    }
    assert_int_equal(f.count, 2);
    assert_int_equal(f.kept[0].flags, 0);
    assert_int_equal(f.kept[1].flags, 0);
    assert_in_range(f.kept[1].demand_mw, 1100000 - 100, 1100000 + 100);
    assert_in_range(f.maximum.value.demand_mw, 1100000 - 100, 1100000 + 100);
}

static void follows_the_local_clock_where_it_is_not_whole_hours(void **state)
{
    (void)state;
    boot(60, 0, 0);
    assert_int_equal(time_zone_parse(&f.zone, "<+0545>-5:45", NULL), STATUS_OK);
    run(1000.0, 100 * MINUTE_MS);
    assert_int_equal(f.count, 2);
    assert_int_equal(end_ms(&f.kept[0]) - MIDNIGHT_MS, 15 * MINUTE_MS);
    assert_int_equal(end_ms(&f.kept[1]) - MIDNIGHT_MS, 75 * MINUTE_MS);
    assert_int_equal(f.kept[1].flags, 0);
}

static void splits_where_the_clock_steps_and_stretches_nothing(void **state)
{
    (void)state;
    static const int64_t steps_ms[] = { 5 * MINUTE_MS, -5 * MINUTE_MS, 40 * MINUTE_MS, -1000000000,
                                        1000000000 };
    for (unsigned n = 0; n < 5; n++) {
        boot(15, 0, 0);
        run(1000.0, 18 * MINUTE_MS);
        f.utc_offset_ms += steps_ms[n];
        run(1000.0, 30 * MINUTE_MS);
        assert_true(f.count >= 3);
        assert_int_equal(f.kept[0].flags, 0);
        assert_int_equal(f.kept[1].flags, INTERVAL_SHORT | INTERVAL_CLOCK_STEP);
        assert_int_equal(f.kept[1].length_ms, 3 * MINUTE_MS);
        assert_int_equal(f.kept[2].flags, INTERVAL_SHORT | INTERVAL_CLOCK_STEP);
        assert_true(f.kept[2].length_ms < 15 * MINUTE_MS);
        assert_int_equal(end_ms(&f.kept[2]) % (15 * MINUTE_MS), 0);
        for (unsigned k = 0; k < f.count; k++) {
            assert_in_range(f.kept[k].demand_mw, 1099990, 1100010);
        }
    }
}

static void moves_with_small_corrections(void **state)
{
    (void)state;
    static const int64_t corrections_ms[] = { 900, -900, 1999, -1999 };
    for (unsigned n = 0; n < 4; n++) {
        boot(15, 5, 0);
        run(1000.0, 15 * MINUTE_MS - 100); // Just before the end of a block.
        f.utc_offset_ms += corrections_ms[n];
        run(1000.0, 30 * MINUTE_MS + 2200);
        assert_int_equal(f.count, 3);
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(f.kept[k].flags, 0);
            assert_in_range(f.kept[k].length_ms, 15 * MINUTE_MS - 2000, 15 * MINUTE_MS + 2000);
        }
    }
}

static void goes_by_uptime_until_it_knows_the_time(void **state)
{
    (void)state;
    boot(15, 0, 4 * MINUTE_MS);
    f.utc_known = false;
    run(1000.0, 20 * MINUTE_MS);
    f.utc_known = true;
    run(1000.0, 30 * MINUTE_MS);
    assert_int_equal(f.count, 4);
    assert_int_equal(f.kept[0].flags, INTERVAL_UNALIGNED);
    assert_int_equal(f.kept[0].maximum_demand_at_ms, 0);
    assert_true(f.kept[0].maximum_demand_mw > 0);
    assert_int_equal(f.kept[1].flags, INTERVAL_UNALIGNED | INTERVAL_SHORT | INTERVAL_CLOCK_STEP);
    assert_int_equal(f.kept[2].flags, INTERVAL_SHORT | INTERVAL_CLOCK_STEP);
    assert_int_equal(end_ms(&f.kept[2]) - MIDNIGHT_MS, 30 * MINUTE_MS);
    assert_int_equal(f.kept[3].flags, 0);
}

static void counts_no_export_and_takes_the_net_of_its_channels(void **state)
{
    (void)state;
    boot(15, 0, 0);
    run(-1000.0, 16 * MINUTE_MS);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.kept[0].demand_mw, 0);
    assert_in_range(f.kept[0].channel[0].export_mj, 899999000, 900001000);
}

static void waits_for_a_sink_that_refuses_and_counts_what_it_gave_up(void **state)
{
    (void)state;
    boot(15, 0, 0);
    f.answer = STATUS_IO;
    run(1000.0, 50 * MINUTE_MS);
    assert_int_equal(demand_step(&f.demand), STATUS_IO);
    f.answer = STATUS_OK;
    assert_int_equal(demand_step(&f.demand), STATUS_OK);
    assert_int_equal(f.count, DEMAND_PENDING);
    assert_int_equal(f.demand.lost, 1);
    assert_int_equal(end_ms(&f.kept[0]) - MIDNIGHT_MS, 30 * MINUTE_MS);
}

static void shows_no_maximum_that_is_not_stored(void **state)
{
    (void)state;
    boot(15, 0, 0);
    f.values_fail = true;
    run(1000.0, 16 * MINUTE_MS);
    assert_int_equal(demand_step(&f.demand), STATUS_IO);
    assert_int_equal(f.count, 0);
    f.values_fail = false;
    assert_int_equal(demand_step(&f.demand), STATUS_OK);
    assert_int_equal(f.count, 1);
    assert_true(f.kept[0].maximum_demand_mw > 1000000);
}

static void takes_any_window_without_harm(void **state)
{
    (void)state;
    static const double lengths[] = { 0.0, -1.0,  (double)NAN, (double)INFINITY, 1e300, 1e-300,
                                      0.2, 899.0, 900.0,       86400.0 };
    boot(15, 5, 0);
    f.answer = STATUS_IO;
    uint64_t dice = 7;
    const struct window_watcher *watcher = demand_watcher(&f.demand);
    for (unsigned n = 0; n < 20000; n++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        struct window_report report = { .seconds = lengths[(dice >> 33) % 10], .channels = 0xff };
        report.ended_us = n % 50 == 49 ? dice : f.uptime_us + (dice >> 36);
        report.channel[0].import_mj = n % 7 == 0 ? INT64_MAX : (int64_t)(dice >> 40);
        report.total_import_mj = n % 13 == 0 ? INT64_MAX : (int64_t)(dice >> 42);
        report.channel[1].export_mj = n % 11 == 0 ? INT64_MAX : (int64_t)(dice >> 41);
        f.uptime_us += dice >> 37;
        f.utc_known = (dice >> 50) % 8 != 0;
        f.utc_offset_ms = (dice >> 51) % 64 == 0 ? (int64_t)(dice >> 2) : f.utc_offset_ms;
        watcher->window(watcher->ctx, &report);
        assert_int_equal(demand_step(&f.demand) == STATUS_OK, f.demand.pending_count == 0);
    }
}

static void refuses_blocks_that_no_clock_has(void **state)
{
    (void)state;
    static const struct demand_settings bad[] = { { 0, 0 },  { 10, 0 }, { 15, 2 }, { 15, 4 },
                                                  { 30, 4 }, { 60, 6 }, { 120, 5 } };
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_int_equal(
            demand_init(&f.demand, &bad[n], &test_clock, &f.zone, &sink, &f.maximum, &f.rate),
            STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_blocks_with_the_clock_and_marks_the_first),
        cmocka_unit_test(adds_up_to_the_registers_to_the_last_millijoule),
        cmocka_unit_test(shares_a_window_out_by_time),
        cmocka_unit_test(slides_to_find_a_peak_across_blocks),
        cmocka_unit_test(keeps_a_block_with_lost_samples_out_of_the_maximum),
        cmocka_unit_test(takes_blocks_for_whole_though_windows_are_told_late),
        cmocka_unit_test(follows_the_local_clock_where_it_is_not_whole_hours),
        cmocka_unit_test(splits_where_the_clock_steps_and_stretches_nothing),
        cmocka_unit_test(moves_with_small_corrections),
        cmocka_unit_test(goes_by_uptime_until_it_knows_the_time),
        cmocka_unit_test(counts_no_export_and_takes_the_net_of_its_channels),
        cmocka_unit_test(waits_for_a_sink_that_refuses_and_counts_what_it_gave_up),
        cmocka_unit_test(shows_no_maximum_that_is_not_stored),
        cmocka_unit_test(takes_any_window_without_harm),
        cmocka_unit_test(refuses_blocks_that_no_clock_has),
    };
    return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}

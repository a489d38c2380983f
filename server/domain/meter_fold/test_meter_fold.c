// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "meter_fold.h"

enum { MINUTES = 16 };

/// Merges minutes as a store does.
struct kept {
    size_t count;
    int64_t start_ms[MINUTES];
    struct rollup rows[MINUTES][ROLLUP_ROW_COUNT];
    unsigned notices;
    struct meter_notice last_notice;
};

static enum status keep_minute(void *ctx, int64_t start_ms,
                               const struct rollup rows[ROLLUP_ROW_COUNT])
{
    struct kept *kept = ctx;
    size_t at = 0;
    while (at < kept->count && kept->start_ms[at] != start_ms) {
        at++;
    }
    assert_true(at < MINUTES);
    if (at == kept->count) {
        kept->count++;
        kept->start_ms[at] = start_ms;
    }
    for (size_t i = 0; i < ROLLUP_ROW_COUNT; i++) {
        rollup_merge(&kept->rows[at][i], &rows[i]);
    }
    return STATUS_OK;
}

static enum status keep_notice(void *ctx, const struct meter_notice *notice)
{
    struct kept *kept = ctx;
    kept->notices++;
    kept->last_notice = *notice;
    return STATUS_OK;
}

static const struct anchor at_noon = { .utc_ms = 1763726400000, .source = ANCHOR_SOURCE_SNTP };

/// Second `second` of a boot: channel 0 imports 2 kW, channel 3 exports 1 kW.
static struct record second_of(uint64_t second)
{
    struct record record = { .kind = RECORD_KIND_READING };
    record.reading.uptime_ms = second * 1000;
    record.reading.window_us = 1000000;
    record.reading.frequency_mhz = 50000;
    record.reading.channels = 0x09;
    record.reading.channel[0] = (struct reading_channel){ .voltage_10mv = 23000,
                                                          .active_power_10mw = 200000,
                                                          .apparent_power_10mva = 200000,
                                                          .import_mj = (int64_t)second * 2000000 };
    record.reading.channel[3] = (struct reading_channel){ .voltage_10mv = 23000,
                                                          .active_power_10mw = -100000,
                                                          .apparent_power_10mva = 100000,
                                                          .export_mj = (int64_t)second * 1000000 };
    return record;
}

static void take_seconds(struct meter_fold *fold, uint64_t first, uint64_t last, struct kept *kept)
{
    const struct meter_fold_sink sink = { keep_minute, keep_notice, kept };
    for (uint64_t second = first; second <= last; second++) {
        const struct record record = second_of(second);
        assert_int_equal(meter_fold_take(fold, 1, second, &record, &sink), STATUS_OK);
    }
}

static void sums_minutes_of_channels_and_of_all(void **state)
{
    (void)state;
    static struct kept kept;
    memset(&kept, 0, sizeof kept);
    struct meter_fold fold;
    const struct meter_state empty = { 0 };
    meter_fold_init(&fold, &empty);
    meter_fold_set_anchor(&fold, &at_noon);
    take_seconds(&fold, 1, 121, &kept);
    assert_int_equal(kept.count, 2);
    assert_int_equal(kept.start_ms[0], at_noon.utc_ms);
    assert_int_equal(kept.start_ms[1], at_noon.utc_ms + 60000);
    assert_int_equal(kept.rows[1][0].measured_us, 60000000);
    assert_int_equal(kept.rows[1][0].import_mj, 120000000);
    assert_int_equal(kept.rows[1][3].export_mj, 60000000);
    assert_int_equal(kept.rows[1][READING_CHANNEL_COUNT].import_mj, 120000000);
    assert_int_equal(kept.rows[1][READING_CHANNEL_COUNT].export_mj, 60000000);
    assert_int_equal(kept.rows[1][1].measured_us, 0);
    assert_true(kept.rows[1][READING_CHANNEL_COUNT].active_power_max == 100000.0);
}

/// Wherever the state is kept and taken up again, the minutes and registers come out the same.
static void continues_from_any_place(void **state)
{
    (void)state;
    static struct kept whole;
    memset(&whole, 0, sizeof whole);
    const struct meter_fold_sink whole_sink = { keep_minute, keep_notice, &whole };
    const struct meter_state empty = { 0 };
    struct meter_fold fold;
    meter_fold_init(&fold, &empty);
    meter_fold_set_anchor(&fold, &at_noon);
    take_seconds(&fold, 1, 150, &whole);
    assert_int_equal(meter_fold_flush(&fold, &whole_sink), STATUS_OK);

    for (uint64_t cut = 1; cut < 150; cut++) {
        static struct kept parts;
        memset(&parts, 0, sizeof parts);
        const struct meter_fold_sink sink = { keep_minute, keep_notice, &parts };
        struct meter_fold before;
        struct meter_fold after;
        meter_fold_init(&before, &empty);
        meter_fold_set_anchor(&before, &at_noon);
        take_seconds(&before, 1, cut, &parts);
        assert_int_equal(meter_fold_flush(&before, &sink), STATUS_OK);
        meter_fold_init(&after, &before.state);
        meter_fold_set_anchor(&after, &at_noon);
        take_seconds(&after, cut + 1, 150, &parts);
        assert_int_equal(meter_fold_flush(&after, &sink), STATUS_OK);
        assert_memory_equal(&parts, &whole, sizeof whole);
        assert_memory_equal(&after.state, &fold.state, sizeof fold.state);
    }
}

static void moves_to_a_new_anchor_in_the_middle(void **state)
{
    (void)state;
    static struct kept kept;
    memset(&kept, 0, sizeof kept);
    const struct meter_fold_sink sink = { keep_minute, keep_notice, &kept };
    const struct meter_state empty = { 0 };
    struct meter_fold fold;
    meter_fold_init(&fold, &empty);
    meter_fold_set_anchor(&fold, &at_noon);
    take_seconds(&fold, 1, 10, &kept);
    const struct record later = { .kind = RECORD_KIND_ANCHOR,
                                  .anchor = { .uptime_ms = 10000,
                                              .utc_ms = at_noon.utc_ms + 3600000 } };
    assert_int_equal(meter_fold_take(&fold, 1, 11, &later, &sink), STATUS_OK);
    take_seconds(&fold, 12, 12, &kept);
    assert_int_equal(meter_fold_flush(&fold, &sink), STATUS_OK);
    assert_int_equal(kept.count, 2);
    assert_int_equal(kept.start_ms[1], at_noon.utc_ms + 3540000 + 60000);
    assert_int_equal(kept.rows[0][0].measured_us, 10000000);
}

static void tells_of_a_reset_with_a_new_journal(void **state)
{
    (void)state;
    static struct kept kept;
    memset(&kept, 0, sizeof kept);
    const struct meter_state empty = { 0 };
    struct meter_fold fold;
    meter_fold_init(&fold, &empty);
    meter_fold_set_anchor(&fold, &at_noon);
    take_seconds(&fold, 100, 110, &kept);
    meter_fold_begin_journal(&fold);
    take_seconds(&fold, 1, 1, &kept);
    assert_int_equal(kept.notices, 2);
    assert_int_equal(kept.last_notice.event, METER_EVENT_RESET);
    assert_int_equal(kept.last_notice.channel, 3);
    assert_int_equal(fold.state.segment[0][METER_IMPORT].lifetime_mj, 111 * 2000000);
}

static void survives_absurd_times(void **state)
{
    (void)state;
    const struct anchor far = { .uptime_ms = UINT64_MAX, .utc_ms = INT64_MIN };
    const struct anchor late = { .uptime_ms = 0, .utc_ms = INT64_MAX };
    assert_true(anchor_time_ms(&far, 0) == -62135596800000);
    assert_true(anchor_time_ms(&late, UINT64_MAX) == 253402300799999);
    assert_true(anchor_time_ms(&at_noon, 1000) == 1763726401000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_minutes_of_channels_and_of_all),
        cmocka_unit_test(continues_from_any_place),
        cmocka_unit_test(moves_to_a_new_anchor_in_the_middle),
        cmocka_unit_test(tells_of_a_reset_with_a_new_journal),
        cmocka_unit_test(survives_absurd_times),
    };
    return cmocka_run_group_tests_name("meter_fold", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "device_traffic.h"

static void lets_a_burst_pass_and_then_a_steady_pace(void **state)
{
    (void)state;
    struct device_traffic *traffic = device_traffic_open(100);
    unsigned passed = 0;
    for (int i = 0; i < 5000; i++) {
        passed += device_traffic_take(traffic, "m", 1000) ? 1 : 0;
    }
    assert_int_equal(passed, 1000);
    assert_true(device_traffic_take(traffic, "other", 1000));
    passed = 0;
    for (uint64_t now_ms = 1001; now_ms <= 2000; now_ms++) {
        passed += device_traffic_take(traffic, "m", now_ms) ? 1 : 0;
    }
    assert_int_equal(passed, 100);
    device_traffic_close(traffic);
}

static void lets_results_pass_while_the_device_floods(void **state)
{
    (void)state;
    struct device_traffic *traffic = device_traffic_open(100);
    while (device_traffic_take(traffic, "m", 1000)) {
    }
    unsigned passed = 0;
    for (int i = 0; i < 5000; i++) {
        passed += device_traffic_take_result(traffic, "m", 1000) ? 1 : 0;
    }
    assert_int_equal(passed, 10 * DEVICE_TRAFFIC_RESULTS_PER_S);
    assert_false(device_traffic_take(traffic, "m", 1000));
    device_traffic_close(traffic);
}

static void logs_once_a_minute_and_counts_the_rest(void **state)
{
    (void)state;
    struct device_traffic *traffic = device_traffic_open(100);
    unsigned suppressed;
    assert_true(device_traffic_may_log(traffic, "m", 5, &suppressed));
    assert_false(device_traffic_may_log(traffic, "m", 6, &suppressed));
    assert_false(device_traffic_may_log(traffic, "m", 60004, &suppressed));
    assert_true(device_traffic_may_log(traffic, "m", 60005, &suppressed));
    assert_int_equal(suppressed, 2);
    device_traffic_close(traffic);
}

static struct device_ack ack_of(const char *device_id, uint64_t watermark)
{
    struct device_ack ack = { .watermark = watermark };
    (void)device_id_parse(device_id, strlen(device_id), ack.device_id);
    return ack;
}

static void acknowledges_at_most_once_a_second(void **state)
{
    (void)state;
    struct device_traffic *traffic = device_traffic_open(100);
    struct device_ack ack = ack_of("m", 1);
    uint64_t wait_ms;
    size_t cursor = 0;
    assert_true(device_traffic_note_ack(traffic, &ack));
    assert_true(device_traffic_take_ack(traffic, 0, &cursor, &ack, &wait_ms));
    assert_int_equal(ack.watermark, 1);

    ack = ack_of("m", 2);
    assert_true(device_traffic_note_ack(traffic, &ack));
    ack = ack_of("m", 7);
    assert_false(device_traffic_note_ack(traffic, &ack));
    cursor = 0;
    assert_false(device_traffic_take_ack(traffic, 400, &cursor, &ack, &wait_ms));
    assert_int_equal(wait_ms, 600);
    cursor = 0;
    assert_true(device_traffic_take_ack(traffic, 1000, &cursor, &ack, &wait_ms));
    assert_int_equal(ack.watermark, 7);
    cursor = 0;
    assert_false(device_traffic_take_ack(traffic, 9000, &cursor, &ack, &wait_ms));
    assert_true(wait_ms == UINT64_MAX);
    device_traffic_close(traffic);
}

static void keeps_the_higher_watermark_of_a_journal(void **state)
{
    (void)state;
    struct device_traffic *traffic = device_traffic_open(100);
    struct device_ack ack = ack_of("m", 9);
    uint64_t wait_ms;
    size_t cursor = 0;
    (void)device_traffic_note_ack(traffic, &ack);
    ack.watermark = 4;
    (void)device_traffic_note_ack(traffic, &ack);
    assert_true(device_traffic_take_ack(traffic, 0, &cursor, &ack, &wait_ms));
    assert_int_equal(ack.watermark, 9);
    device_traffic_close(traffic);
}

static void serves_a_thousand_devices_each_once(void **state)
{
    (void)state;
    enum { DEVICES = 1000 };
    struct device_traffic *traffic = device_traffic_open(100);
    for (unsigned i = 0; i < DEVICES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "m%u", i);
        const struct device_ack ack = ack_of(name, i);
        (void)device_traffic_note_ack(traffic, &ack);
    }
    bool seen[DEVICES] = { false };
    struct device_ack ack;
    uint64_t wait_ms;
    size_t cursor = 0;
    unsigned count = 0;
    while (device_traffic_take_ack(traffic, 5, &cursor, &ack, &wait_ms)) {
        assert_false(seen[ack.watermark]);
        seen[ack.watermark] = true;
        count++;
    }
    assert_int_equal(count, DEVICES);
    device_traffic_close(traffic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_burst_pass_and_then_a_steady_pace),
        cmocka_unit_test(lets_results_pass_while_the_device_floods),
        cmocka_unit_test(logs_once_a_minute_and_counts_the_rest),
        cmocka_unit_test(acknowledges_at_most_once_a_second),
        cmocka_unit_test(keeps_the_higher_watermark_of_a_journal),
        cmocka_unit_test(serves_a_thousand_devices_each_once),
    };
    return cmocka_run_group_tests_name("device_traffic", tests, NULL, NULL);
}

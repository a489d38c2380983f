// SPDX-License-Identifier: MIT

/// Connecting, delivering, telling how the device is, leaving.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "communication_bench.h"
#include "reading_example.h"

static void says_what_it_is_as_soon_as_it_is_connected(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 100);
    assert_int_equal(b->fleet.subscriptions, TOPIC_COUNT - TOPIC_FIRST_DOWN);
    assert_string_equal(b->fleet.will, "{\"status\":\"offline\",\"timestamp\":0}");
    assert_true(b->task.will.retain);
    bench_assert_last(b, "system_status", "\"status\":\"online\",\"device_id\":\"meter-1\"");
    bench_assert_last(b, "system_status", "\"version\":\"1.2.3\"");
    bench_assert_last(b, "system_status", "\"boot_id\":1}");
    assert_true(fake_fleet_last(&b->fleet, "system_status")->retained);
    bench_assert_last(b, "relay_status", "\"relay_mask\":0");
    assert_false(fake_fleet_last(&b->fleet, "relay_status")->retained);
    assert_null(fake_fleet_last(&b->fleet, "realtime"));
    assert_null(fake_fleet_last(&b->fleet, "data"));
}

static void lets_go_of_records_only_when_the_server_has_them(void **state)
{
    struct bench *b = *state;
    b->fleet.deaf = true;
    for (unsigned second = 0; second < 30; second++) {
        bench_append_reading(b);
        bench_run_ms(b, 1000);
    }
    assert_int_equal(journal_released_seq(&b->journal), 0);
    assert_false(communication_task_is_delivered(&b->task));
    b->fleet.deaf = false;
    bench_run_ms(b, 30000);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
    assert_int_equal(journal_oldest_seq(&b->journal), journal_next_seq(&b->journal));
    assert_true(communication_task_is_delivered(&b->task));
}

/// Records that fill a batch are sent with fewer others.
static void carries_every_kind_of_record_at_its_largest(void **state)
{
    struct bench *b = *state;
    b->fleet.deaf = true;
    for (unsigned i = 0; i < 60; i++) {
        const struct record record = reading_example_extreme(
            i % 3 == 0 ? i / 3 % RECORD_KIND_COUNT : RECORD_KIND_WAVEFORM, i % 2 == 1);
        uint64_t seq = 0;
        assert_int_equal(journal_append(&b->journal, b->boot_id, &record, &seq), STATUS_OK);
    }
    b->fleet.deaf = false;
    bench_run_ms(b, 60000);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
    assert_true(communication_task_is_delivered(&b->task));
}

static void loses_nothing_on_a_bad_network_and_over_kills(void **state)
{
    struct bench *b = *state;
    b->fleet.unwell = true;
    for (unsigned second = 0; second < 400; second++) {
        bench_append_reading(b);
        bench_run_ms(b, 1000);
        assert_true(b->task.delivery.in_flight <= DELIVERY_WINDOW);
        if (second % 37 == 36) {
            bench_boot(b);
        }
    }
    b->fleet.unwell = false;
    bench_run_ms(b, 90000);
    bench_assert_all_arrived(b);
    assert_true(b->fleet.connects > 5);
    assert_true(b->fleet.repeats > 0);
}

/// The session drops at the first call, the second, and so on, with and without a kill.
static void loses_nothing_when_the_session_drops_at_any_step(void **state)
{
    for (int calls = 0; calls < 40; calls++) {
        for (unsigned kill = 0; kill < 2; kill++) {
            assert_int_equal(bench_power_up(state), 0);
            struct bench *b = *state;
            b->settings.batch_records = 2;
            b->task.delivery.batch_limit = 2;
            b->fleet.calls_left = calls;
            for (unsigned i = 0; i < 40; i++) {
                bench_append_reading(b);
            }
            bench_run_ms(b, 2000);
            if (kill == 1) {
                bench_boot(b);
            }
            bench_run_ms(b, 25000);
            bench_assert_all_arrived(b);
        }
    }
}

static void never_believes_an_ack_that_cannot_be_true(void **state)
{
    static const char *const bad[] = {
        "{\"journal_id\":\"00112233445566778899aabbccddeeff\",\"watermark\":1}",
        "{\"journal_id\":\"%s\",\"watermark\":1000000}",
        "{\"journal_id\":\"%s\",\"watermark\":-1}",
        "{\"journal_id\":\"%s\",\"watermark\":1.5}",
        "{\"journal_id\":\"%s\"}",
        "{\"watermark\":1}",
        "[]",
    };
    struct bench *b = *state;
    b->fleet.deaf = true;
    bench_append_reading(b);
    bench_run_ms(b, 2000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        const char *hole = strstr(bad[i], "%s");
        const size_t before = hole != NULL ? (size_t)(hole - bad[i]) : strlen(bad[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)before, bad[i],
                       hole != NULL ? b->task.journal_id : "", hole != NULL ? hole + 2 : "");
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/ack", text);
        bench_run_ms(b, 20);
    }
    assert_int_equal(journal_released_seq(&b->journal), 0);
    assert_int_equal(b->task.counters.bad_acks, 2);
    assert_int_equal(b->task.counters.bad_messages, 5);
}

static void takes_no_time_from_an_acknowledgement_that_is_not_its_own(void **state)
{
    static const char *const foreign[] = {
        "{\"journal_id\":\"00\",\"watermark\":1,\"utc_ms\":4102444800000}",
        "{\"journal_id\":\"%s\",\"watermark\":99,\"utc_ms\":4102444800000}",
    };
    struct bench *b = *state;
    b->host_knows_time = false;
    bench_run_ms(b, 100);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char text[160];
        const char *hole = strstr(foreign[i], "%s");
        const int before = hole != NULL ? (int)(hole - foreign[i]) : (int)strlen(foreign[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", before, foreign[i],
                       hole != NULL ? b->task.journal_id : "", hole != NULL ? hole + 2 : "");
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/ack", text);
        bench_run_ms(b, 20);
        assert_int_equal(b->task.counters.bad_acks, i + 1);
        assert_false(b->task.server_time_due);
        assert_true(!b->task.timekeeper.known || b->task.timekeeper.best.utc_ms < 4000000000000);
    }
}

static void waits_longer_from_try_to_try(void **state)
{
    struct bench *b = *state;
    b->fleet.refuses = true;
    bench_run_ms(b, 3000);
    const unsigned early = b->fleet.connects;
    assert_in_range(early, 2, 5);
    bench_run_ms(b, 297000);
    assert_in_range(b->fleet.connects - early, 10, 25);
    b->fleet.refuses = false;
    bench_run_ms(b, 31000);
    assert_int_equal(b->task.link, LINK_ONLINE);
}

static void tries_at_once_when_what_sessions_depend_on_has_changed(void **state)
{
    struct bench *b = *state;
    b->fleet.refuses = true;
    bench_run_ms(b, 300000);
    const unsigned early = b->fleet.connects;
    communication_task_hurry(&b->task);
    bench_run_ms(b, 3000);
    assert_in_range(b->fleet.connects - early, 2, 5);
    bench_run_ms(b, 297000);
    b->fleet.refuses = false;
    communication_task_hurry(&b->task);
    bench_run_ms(b, 200);
    assert_int_equal(b->task.link, LINK_ONLINE);
    communication_task_hurry(&b->task);
    bench_run_ms(b, 1000);
    assert_int_equal(b->fleet.disconnects, 0);
    assert_int_equal(b->task.link, LINK_ONLINE);
}

static void sends_realtime_while_a_lease_runs(void **state)
{
    struct bench *b = *state;
    bench_append_reading(b);
    bench_run_ms(b, 5000);
    assert_int_equal(fake_fleet_count(&b->fleet, "realtime"), 0);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/lease", "{\"realtime_s\":5}");
    bench_run_ms(b, 20000);
    assert_in_range(fake_fleet_count(&b->fleet, "realtime"), 5, 6);
    bench_assert_last(b, "realtime", "\"voltage_rms\":230,");
}

static void keeps_the_cadence_of_the_older_meters(void **state)
{
    struct bench *b = *state;
    settings_use_seed_profile(&b->settings);
    bench_append_reading(b);
    bench_run_ms(b, 21500);
    assert_in_range(fake_fleet_count(&b->fleet, "data"), 3, 3);
    assert_in_range(fake_fleet_count(&b->fleet, "realtime"), 20, 22);
    assert_in_range(fake_fleet_count(&b->fleet, "relay_status"), 20, 22);
}

static void leaves_in_good_order(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 5000);
    bench_append_reading(b);
    bench_append_reading(b);
    communication_task_leave(&b->task);
    bench_run_ms(b, 4500);
    assert_true(communication_task_has_left(&b->task));
    assert_int_equal(b->fleet.disconnects, 1);
    bench_assert_last(b, "system_status", "{\"status\":\"offline\"");
    assert_true(fake_fleet_last(&b->fleet, "system_status")->retained);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
}

static void leaves_even_when_nobody_answers(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    b->fleet.deaf = true;
    bench_append_reading(b);
    communication_task_leave(&b->task);
    bench_run_ms(b, 5000);
    assert_true(communication_task_has_left(&b->task));
    assert_int_equal(journal_oldest_seq(&b->journal), journal_next_seq(&b->journal) - 1);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_what_it_is_as_soon_as_it_is_connected, bench_power_up),
        cmocka_unit_test_setup(lets_go_of_records_only_when_the_server_has_them, bench_power_up),
        cmocka_unit_test_setup(carries_every_kind_of_record_at_its_largest, bench_power_up),
        cmocka_unit_test_setup(loses_nothing_on_a_bad_network_and_over_kills, bench_power_up),
        cmocka_unit_test_setup(loses_nothing_when_the_session_drops_at_any_step, bench_power_up),
        cmocka_unit_test_setup(never_believes_an_ack_that_cannot_be_true, bench_power_up),
        cmocka_unit_test_setup(takes_no_time_from_an_acknowledgement_that_is_not_its_own,
                               bench_power_up),
        cmocka_unit_test_setup(waits_longer_from_try_to_try, bench_power_up),
        cmocka_unit_test_setup(tries_at_once_when_what_sessions_depend_on_has_changed,
                               bench_power_up),
        cmocka_unit_test_setup(sends_realtime_while_a_lease_runs, bench_power_up),
        cmocka_unit_test_setup(keeps_the_cadence_of_the_older_meters, bench_power_up),
        cmocka_unit_test_setup(leaves_in_good_order, bench_power_up),
        cmocka_unit_test_setup(leaves_even_when_nobody_answers, bench_power_up),
    };
    return cmocka_run_group_tests_name("communication_task", tests, NULL, NULL);
}

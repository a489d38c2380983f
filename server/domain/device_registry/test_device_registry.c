// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "device_registry.h"

/// A fleet whose clock the test turns, and a listener that remembers what it heard.
struct fixture {
    uint64_t now_ms;
    unsigned device_events;
    struct device_view last_view;
    unsigned relay_events;
    unsigned reading_events;
    struct fleet_host host;
    struct fleet_events events;
    struct device_registry *registry;
};

static int64_t utc_ms(void *ctx)
{
    return 1763690000000 + (int64_t)((struct fixture *)ctx)->now_ms;
}

static uint64_t monotonic_ms(void *ctx)
{
    return ((struct fixture *)ctx)->now_ms;
}

static void hear_device(void *ctx, const struct device_view *view)
{
    struct fixture *f = ctx;
    f->device_events++;
    f->last_view = *view;
}

static void hear_relay(void *ctx, const char *device_id, uint8_t relay_mask, int64_t time_ms)
{
    (void)device_id, (void)relay_mask, (void)time_ms;
    ((struct fixture *)ctx)->relay_events++;
}

static void hear_reading(void *ctx, const struct stored_reading *reading)
{
    (void)reading;
    ((struct fixture *)ctx)->reading_events++;
}

static int open_registry(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .now_ms = 1000 };
    f.host = (struct fleet_host){ .utc_ms = utc_ms, .monotonic_ms = monotonic_ms, .ctx = &f };
    f.events = (struct fleet_events){
        .device = hear_device, .relay = hear_relay, .reading = hear_reading, .ctx = &f
    };
    f.registry = device_registry_open(&f.host, &f.events);
    *state = &f;
    return f.registry != NULL ? 0 : -1;
}

static int close_registry(void **state)
{
    device_registry_close(((struct fixture *)*state)->registry);
    return 0;
}

static void knows_a_device_from_its_first_message(void **state)
{
    struct fixture *f = *state;
    struct device_view view;
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_MISSING);
    assert_int_equal(device_registry_seen(f->registry, "meter-1"), STATUS_OK);
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_OK);
    assert_true(view.online);
    assert_int_equal(view.last_seen_ms, utc_ms(f));
    assert_int_equal(f->device_events, 1);
    assert_int_equal(device_registry_seen(f->registry, "meter-1"), STATUS_OK);
    assert_int_equal(f->device_events, 1);
}

static void takes_a_silent_device_offline_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(device_registry_seen(f->registry, "meter-1"), STATUS_OK);
    f->now_ms += DEVICE_REGISTRY_SILENCE_MS;
    device_registry_tick(f->registry);
    assert_int_equal(f->device_events, 1);
    f->now_ms += 1;
    device_registry_tick(f->registry);
    device_registry_tick(f->registry);
    assert_int_equal(f->device_events, 2);
    assert_false(f->last_view.online);
}

static void believes_a_last_will_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(device_registry_seen(f->registry, "meter-1"), STATUS_OK);
    const struct device_status_report will = { .offline = true };
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &will), STATUS_OK);
    assert_false(f->last_view.online);
}

static void tells_when_something_about_the_case_changes(void **state)
{
    struct fixture *f = *state;
    struct device_status_report report = {
        .tamper = { .known = true, .latched = true, .case_open = true, .count = 1 },
    };
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &report), STATUS_OK);
    const unsigned told = f->device_events;
    assert_true(f->last_view.tamper.latched);
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &report), STATUS_OK);
    assert_int_equal(f->device_events, told);
    report.tamper.case_open = false;
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &report), STATUS_OK);
    assert_int_equal(f->device_events, told + 1);

    // A status that says nothing of it, such as the last will, changes nothing about it.
    const struct device_status_report will = { .offline = true };
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &will), STATUS_OK);
    assert_true(f->last_view.tamper.known && f->last_view.tamper.latched);
}

static void asks_for_relays_until_they_are_known(void **state)
{
    struct fixture *f = *state;
    assert_false(device_registry_should_ask_relays(f->registry, "meter-1")); // Not known at all.
    assert_int_equal(device_registry_seen(f->registry, "meter-1"), STATUS_OK);
    assert_true(device_registry_should_ask_relays(f->registry, "meter-1"));
    assert_false(device_registry_should_ask_relays(f->registry, "meter-1"));
    f->now_ms += DEVICE_REGISTRY_ASK_MS;
    assert_true(device_registry_should_ask_relays(f->registry, "meter-1"));
    assert_int_equal(device_registry_report_relays(f->registry, "meter-1", 0), STATUS_OK);
    f->now_ms += DEVICE_REGISTRY_ASK_MS;
    assert_false(device_registry_should_ask_relays(f->registry, "meter-1"));

    const struct device_record record = { .device_id = "gone" };
    assert_int_equal(device_registry_restore(f->registry, &record, NULL), STATUS_OK);
    assert_false(device_registry_should_ask_relays(f->registry, "gone")); // Nobody would hear it.
}

static void does_not_take_a_retained_status_for_a_sign_of_life(void **state)
{
    struct fixture *f = *state;
    struct device_view view;
    const struct device_status_report kept = { .retained = true,
                                               .version_known = true,
                                               .firmware_version = "0.1.0" };
    assert_int_equal(device_registry_report_status(f->registry, "meter-1", &kept), STATUS_OK);
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_OK);
    assert_false(view.online);
    assert_string_equal(view.firmware_version, "0.1.0");
}

static struct stored_reading reading_of(const char *device_id, uint64_t seq)
{
    struct stored_reading reading = { .seq = seq, .time_ms = 1763690000000 + (int64_t)seq };
    (void)device_id_parse(device_id, strlen(device_id), reading.device_id);
    reading.reading.channels = 0x06;
    reading.reading.frequency_mhz = 50010;
    reading.reading.channel[1].voltage_10mv = 23012;
    reading.reading.channel[1].active_power_10mw = 150000;
    reading.reading.channel[2].voltage_10mv = 23012;
    reading.reading.channel[2].active_power_10mw = -200000;
    reading.reading.quality = READING_QUALITY_GAP;
    reading.reading.channel[2].quality = READING_QUALITY_CLIPPED;
    return reading;
}

static void keeps_the_newest_reading(void **state)
{
    struct fixture *f = *state;
    struct stored_reading reading = reading_of("meter-1", 7);
    struct stored_reading latest;
    struct device_view view;
    device_registry_report_reading(f->registry, &reading, false);
    reading = reading_of("meter-1", 6);
    device_registry_report_reading(f->registry, &reading, false);
    assert_int_equal(f->reading_events, 1);
    assert_int_equal(device_registry_latest(f->registry, "meter-1", &latest), STATUS_OK);
    assert_int_equal(latest.seq, 7);
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_OK);
    assert_true(view.active_power_w == -500.0);
    assert_true(view.reference_voltage_v == 230.12);
    assert_true(view.frequency_hz == 50.01);
    assert_int_equal(view.quality, READING_QUALITY_GAP | READING_QUALITY_CLIPPED);
}

static void takes_a_new_journal_as_newer_whatever_its_numbers(void **state)
{
    struct fixture *f = *state;
    struct stored_reading reading = reading_of("meter-1", 7);
    device_registry_report_reading(f->registry, &reading, false);
    reading = reading_of("meter-1", 1);
    reading.journal_id[0] = 1;
    device_registry_report_reading(f->registry, &reading, false);
    assert_int_equal(f->reading_events, 2);
}

static void remembers_relays_and_tells_them(void **state)
{
    struct fixture *f = *state;
    struct device_view view;
    assert_int_equal(device_registry_report_relays(f->registry, "meter-1", 0xA5), STATUS_OK);
    assert_int_equal(f->relay_events, 1);
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_OK);
    assert_true(view.relay_mask_known);
    assert_int_equal(view.relay_mask, 0xA5);
}

static void lists_by_name_in_pages(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "c", "a", "e", "b", "d" };
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(device_registry_seen(f->registry, names[i]), STATUS_OK);
    }
    struct device_view views[2];
    size_t count = 0;
    size_t total = 0;
    device_registry_list(f->registry, 1, views, 2, &count, &total);
    assert_int_equal(count, 2);
    assert_int_equal(total, 5);
    assert_string_equal(views[0].device_id, "b");
    assert_string_equal(views[1].device_id, "c");
    device_registry_list(f->registry, 4, views, 2, &count, &total);
    assert_int_equal(count, 1);
    device_registry_list(f->registry, 5, views, 2, &count, &total);
    assert_int_equal(count, 0);
}

static void starts_with_what_the_store_knew(void **state)
{
    struct fixture *f = *state;
    const struct device_record record = { .device_id = "meter-1", .name = "Kitchen" };
    const struct stored_reading latest = reading_of("meter-1", 3);
    struct device_view view;
    assert_int_equal(device_registry_restore(f->registry, &record, &latest), STATUS_OK);
    assert_int_equal(device_registry_find(f->registry, "meter-1", &view), STATUS_OK);
    assert_false(view.online);
    assert_string_equal(view.name, "Kitchen");
    assert_int_equal(view.last_reading_ms, latest.time_ms);
    assert_int_equal(device_registry_rename(f->registry, "meter-1", "Cellar"), STATUS_OK);
    assert_string_equal(f->last_view.name, "Cellar");
    assert_int_equal(device_registry_rename(f->registry, "meter-2", "x"), STATUS_MISSING);
}

int main(void)
{
#define WITH_REGISTRY(test) cmocka_unit_test_setup_teardown(test, open_registry, close_registry)
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(knows_a_device_from_its_first_message),
        WITH_REGISTRY(takes_a_silent_device_offline_once),
        WITH_REGISTRY(believes_a_last_will_at_once),
        WITH_REGISTRY(tells_when_something_about_the_case_changes),
        WITH_REGISTRY(asks_for_relays_until_they_are_known),
        WITH_REGISTRY(does_not_take_a_retained_status_for_a_sign_of_life),
        WITH_REGISTRY(keeps_the_newest_reading),
        WITH_REGISTRY(takes_a_new_journal_as_newer_whatever_its_numbers),
        WITH_REGISTRY(remembers_relays_and_tells_them),
        WITH_REGISTRY(lists_by_name_in_pages),
        WITH_REGISTRY(starts_with_what_the_store_knew),
    };
    return cmocka_run_group_tests_name("device_registry", tests, NULL, NULL);
}

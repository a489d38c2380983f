// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_news.h"

struct fixture {
    uint64_t now_ms;
    unsigned lines;
    char last[512];
    unsigned changes; ///< Of devices, as told to the stream.
    struct fleet_host host;
    struct fleet_log log;
    struct fleet_events events;
    struct device_registry *devices;
    struct guard_news news;
};

static int64_t utc_ms(void *ctx)
{
    const struct fixture *f = ctx;
    return 1763690000000 + (int64_t)f->now_ms;
}

static uint64_t monotonic_ms(void *ctx)
{
    const struct fixture *f = ctx;
    return f->now_ms;
}

static void fill_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    memset(out, 7, size);
}

static void write_line(void *ctx, enum fleet_log_level level, const char *line)
{
    struct fixture *f = ctx;
    (void)level;
    f->lines++;
    (void)snprintf(f->last, sizeof f->last, "%s", line);
}

static void count_change(void *ctx, const struct device_view *device)
{
    struct fixture *f = ctx;
    (void)device;
    f->changes++;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.now_ms = 1000000;
    f.host = (struct fleet_host){ utc_ms, monotonic_ms, fill_random, &f };
    f.log = (struct fleet_log){ write_line, &f };
    f.events = (struct fleet_events){ .device = count_change, .ctx = &f };
    f.devices = device_registry_open(&f.host, &f.events);
    guard_news_init(&f.news, &f.log, &f.host, f.devices);
    *state = &f;
    return f.devices != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    device_registry_close(f->devices);
    return 0;
}

static void take(struct fixture *f, enum guard_event event, enum guard_verdict verdict,
                 const char *name, uint64_t lost)
{
    struct guard_report report = { .event = event,
                                   .verdict = verdict,
                                   .certificate_sha256 = { 0xAB, 0xCD, 0xEF, 0x01 },
                                   .address = "192.0.2.7",
                                   .lost = lost };
    (void)snprintf(report.name, sizeof report.name, "%s", name);
    guard_news_take(&f->news, &report);
}

static void tells_who_was_refused_and_why(void **state)
{
    struct fixture *f = *state;
    take(f, GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1", 0);
    assert_string_equal(f->last,
                        "broker: refused meter-1 from 192.0.2.7: revoked (certificate abcdef01…)");
    take(f, GUARD_EVENT_REFUSED, GUARD_BAD_NAME, "", 0);
    assert_non_null(strstr(f->last, "a client without a good name from 192.0.2.7: bad_name"));
}

static void does_not_let_one_client_fill_the_log(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 1000; i++) {
        take(f, GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1", 0);
    }
    assert_int_equal(f->lines, 3);
    take(f, GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-2", 0);
    take(f, GUARD_EVENT_REFUSED, GUARD_EXPIRED, "meter-1", 0);
    assert_int_equal(f->lines, 5);
    f->now_ms += 60000;
    take(f, GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1", 0);
    assert_int_equal(f->lines, 6);
}

static void takes_a_device_off_line_when_its_session_ends(void **state)
{
    struct fixture *f = *state;
    struct device_view view;
    assert_int_equal(device_registry_seen(f->devices, "meter-1"), STATUS_OK);
    assert_int_equal(device_registry_find(f->devices, "meter-1", &view), STATUS_OK);
    assert_true(view.online);
    const unsigned before = f->changes;
    take(f, GUARD_EVENT_DISCONNECTED, GUARD_ALLOWED, "meter-1", 0);
    assert_int_equal(device_registry_find(f->devices, "meter-1", &view), STATUS_OK);
    assert_false(view.online);
    assert_int_equal(f->changes, before + 1);
    assert_int_equal(f->lines, 0);
    take(f, GUARD_EVENT_DISCONNECTED, GUARD_REVOKED, "meter-1", 0);
    assert_string_equal(f->last, "broker: ended the session of meter-1: revoked");
    take(f, GUARD_EVENT_DISCONNECTED, GUARD_ALLOWED, "eye", 0);
    assert_int_equal(device_registry_find(f->devices, "eye", &view), STATUS_MISSING);
}

static void tells_of_the_list_and_of_lost_reports(void **state)
{
    struct fixture *f = *state;
    take(f, GUARD_EVENT_LIST, GUARD_LIST_STALE, "", 0);
    assert_non_null(strstr(f->last, "lets nobody in"));
    take(f, GUARD_EVENT_LIST, GUARD_ALLOWED, "", 0);
    assert_int_equal(f->lines, 2);
    take(f, GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, "meter-1", 5);
    assert_string_equal(f->last, "broker: 5 reports about clients were lost on the way");
    take(f, GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, "meter-1", 5);
    take(f, GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, "meter-1", 0);
    assert_int_equal(f->lines, 3);
    take(f, GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, "meter-1", 2);
    assert_string_equal(f->last, "broker: 2 reports about clients were lost on the way");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_who_was_refused_and_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_let_one_client_fill_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_device_off_line_when_its_session_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tells_of_the_list_and_of_lost_reports, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("guard_news", tests, NULL, NULL);
}

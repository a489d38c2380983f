// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "fleet_audit.h"
#include "identity_test_bed.h"

static struct fleet_audit audit;

static void no_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    memset(out, 7, size);
}

static int open_audit(void **state)
{
    const int failed = open_bed(state);
    bed.host.fill_random = no_random;
    fleet_audit_init(&audit, bed.identities, &bed.host);
    return failed;
}

static int close_audit(void **state)
{
    fleet_audit_close(&audit);
    return close_bed(state);
}

static void count_kind(void *ctx, const struct audit_record *record)
{
    unsigned *counts = ctx;
    counts[record->kind]++;
}

static unsigned records_of(enum audit_kind kind)
{
    unsigned counts[AUDIT_INTAKE_REFUSED + 1] = { 0 };
    assert_int_equal(bed.store.list_audit(bed.store.ctx, 10000, count_kind, counts), STATUS_OK);
    return counts[kind];
}

static void report(enum guard_event event, enum guard_verdict verdict, const char *name)
{
    struct guard_report told = { .event = event, .verdict = verdict, .address = "192.0.2.7" };
    (void)snprintf(told.name, sizeof told.name, "%s", name);
    fleet_audit_report(&audit, &told);
}

static void say_case(const char *name, bool latched, uint32_t count)
{
    struct device_view view = { .tamper = { .known = true, .latched = latched, .count = count } };
    (void)snprintf(view.device_id, sizeof view.device_id, "%s", name);
    fleet_audit_device(&audit, &view);
}

static void writes_refusals_and_ended_sessions_and_nothing_else(void **state)
{
    (void)state;
    report(GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, "meter-1");
    report(GUARD_EVENT_DISCONNECTED, GUARD_ALLOWED, "meter-1");
    assert_int_equal(records_of(AUDIT_BROKER_REFUSED), 0);
    report(GUARD_EVENT_REFUSED, GUARD_EXPIRED, "meter-1");
    assert_last_audit(AUDIT_BROKER_REFUSED, "expired");
    report(GUARD_EVENT_DISCONNECTED, GUARD_REVOKED, "meter-1");
    assert_last_audit(AUDIT_BROKER_REFUSED, "session ended: revoked");
}

static void a_client_that_knocks_all_day_is_two_lines_an_hour(void **state)
{
    (void)state;
    for (unsigned minute = 0; minute < 24 * 60; minute++) {
        report(GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1");
        report(GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1");
        bed.now_ms += 60000;
        fleet_audit_tick(&audit);
    }
    assert_int_equal(records_of(AUDIT_BROKER_REFUSED), 2 * 24);
    assert_last_audit(AUDIT_BROKER_REFUSED, "revoked: 119 more within the hour");
}

static void what_was_counted_is_written_at_the_end(void **state)
{
    (void)state;
    report(GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1");
    report(GUARD_EVENT_REFUSED, GUARD_REVOKED, "meter-1");
    fleet_audit_close(&audit);
    assert_last_audit(AUDIT_BROKER_REFUSED, "revoked: 1 more within the hour");
    fleet_audit_init(&audit, bed.identities, &bed.host);
}

static void refused_requests_wait_for_the_tick_and_are_few(void **state)
{
    (void)state;
    for (unsigned minute = 0; minute < 2 * 60; minute++) {
        for (unsigned i = 0; i < 100; i++) {
            fleet_audit_request(&audit, "", "192.0.2.7", "TOKEN_NOT_FOUND");
        }
        const unsigned before = minute == 0 ? 0 : minute <= 60 ? 1 : minute == 61 ? 2 : 3;
        assert_int_equal(records_of(AUDIT_INTAKE_REFUSED), before);
        fleet_audit_tick(&audit);
        if (minute == 0) {
            assert_last_audit(AUDIT_INTAKE_REFUSED, "TOKEN_NOT_FOUND");
        } else if (minute == 60) {
            assert_last_audit(AUDIT_INTAKE_REFUSED, "TOKEN_NOT_FOUND: 6099 more within the hour");
        }
        bed.now_ms += 60000;
    }
    assert_int_equal(records_of(AUDIT_INTAKE_REFUSED), 3);
    assert_int_equal(records_of(AUDIT_BROKER_REFUSED), 0);
}

static void an_opened_case_waits_for_the_tick(void **state)
{
    (void)state;
    say_case("meter-1", false, 3);
    say_case("meter-2", true, 1);
    assert_int_equal(records_of(AUDIT_CASE_OPENED), 0);
    fleet_audit_tick(&audit);
    assert_last_audit(AUDIT_CASE_OPENED, "openings so far: 1");
    fleet_audit_tick(&audit);
    say_case("meter-2", true, 1);
    fleet_audit_tick(&audit);
    assert_int_equal(records_of(AUDIT_CASE_OPENED), 1);
}

static void a_device_cannot_fill_the_record(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 1000; count++) {
        say_case("meter-1", true, count);
        fleet_audit_tick(&audit);
    }
    assert_int_equal(records_of(AUDIT_CASE_OPENED), 5);
    say_case("meter-2", true, 1);
    fleet_audit_tick(&audit);
    assert_last_audit(AUDIT_CASE_OPENED, "openings so far: 1");
    bed.now_ms += 600000;
    fleet_audit_tick(&audit);
    assert_last_audit(AUDIT_CASE_OPENED, "openings so far: 1000");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_audit, close_audit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_refusals_and_ended_sessions_and_nothing_else),
        TEST(a_client_that_knocks_all_day_is_two_lines_an_hour),
        TEST(what_was_counted_is_written_at_the_end),
        TEST(refused_requests_wait_for_the_tick_and_are_few),
        TEST(an_opened_case_waits_for_the_tick),
        TEST(a_device_cannot_fill_the_record),
    };
    return cmocka_run_group_tests_name("fleet_audit", tests, open_authority, close_authority);
}

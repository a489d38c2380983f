// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_report.h"

static const char example[] =
    "{\"v\":1,\"event\":\"refused\",\"reason\":\"revoked\",\"name\":\"meter-1\",\"certificate\":"
    "\"00ff000000000000000000000000000000000000000000000000000000000000\",\"address\":"
    "\"192.0.2.7\",\"at\":1763690000,\"lost\":3}";

static void comes_back_as_it_was_sent(void **state)
{
    struct guard_report report = { .name = "meter-1", .address = "2001:db8::7", .at_s = 1 };
    struct guard_report found;
    char out[GUARD_REPORT_SIZE];
    size_t size = 0;
    (void)state;

    for (int event = 0; event < GUARD_EVENT_COUNT; event++) {
        for (int verdict = 0; verdict < GUARD_VERDICT_COUNT; verdict++) {
            report.event = (enum guard_event)event;
            report.verdict = (enum guard_verdict)verdict;
            report.certificate_sha256[verdict] = (uint8_t)(event * 16 + verdict);
            assert_int_equal(guard_report_encode(&report, out, sizeof out, &size), STATUS_OK);
            assert_int_equal(guard_report_decode(out, size, &found), STATUS_OK);
            assert_int_equal(found.event, event);
            assert_int_equal(found.verdict, verdict);
            assert_string_equal(found.name, "meter-1");
            assert_string_equal(found.address, "2001:db8::7");
            assert_memory_equal(found.certificate_sha256, report.certificate_sha256, 32);
        }
    }
}

static void is_the_json_of_the_header(void **state)
{
    struct guard_report report = {
        .event = GUARD_EVENT_REFUSED,
        .verdict = GUARD_REVOKED,
        .name = "meter-1",
        .certificate_sha256 = { 0, 0xFF },
        .address = "192.0.2.7",
        .at_s = 1763690000,
        .lost = 3,
    };
    char out[GUARD_REPORT_SIZE];
    size_t size = 0;
    (void)state;

    assert_int_equal(guard_report_encode(&report, out, sizeof out, &size), STATUS_OK);
    assert_string_equal(out, example);
    memset(report.address, '\n', sizeof report.address - 1);
    assert_int_equal(guard_report_encode(&report, out, sizeof out, &size), STATUS_OK);
    assert_null(strchr(out, '\n'));
    report.verdict = GUARD_VERDICT_COUNT;
    assert_int_equal(guard_report_encode(&report, out, sizeof out, &size), STATUS_INVALID);
    report.verdict = GUARD_ALLOWED;
    assert_int_equal(guard_report_encode(&report, out, 100, &size), STATUS_FULL);
}

/// Puts `with` in the place of `what` in the example.
static enum status decode_with(const char *what, const char *with)
{
    char text[GUARD_REPORT_SIZE];
    struct guard_report report;
    const char *at = strstr(example, what);
    assert_non_null(at);
    const int size = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - example), example, with,
                              at + strlen(what));
    return guard_report_decode(text, (size_t)size, &report);
}

static void is_refused_when_any_part_is_wrong(void **state)
{
    static const char *const cases[][2] = {
        { "\"v\":1", "\"v\":2" },
        { "refused", "refuted" },
        { "revoked", "" },
        { "meter-1", "meter/1" },
        { "meter-1", "meter-1\\u000a" },
        { "meter-1", "abcdefghijklmnopqrstuvwxyz-1234567" },
        { "00ff", "00fF" },
        { "00ff", "00f" },
        { "00ff", "00ff00" },
        { "192.0.2.7", "192.0.2.7\\n" },
        { "192.0.2.7", "a b" },
        { "1763690000", "-1" },
        { "\"lost\":3", "\"lost\":\"3\"" },
        { "\"lost\":3", "\"more\":3" },
        { "}", "" },
    };
    (void)state;

    assert_int_equal(decode_with("meter-1", "meter-1"), STATUS_OK);
    assert_int_equal(decode_with("meter-1", ""), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode_with(cases[i][0], cases[i][1]), STATUS_CORRUPT);
    }
}

static void has_a_word_of_its_own_for_every_verdict(void **state)
{
    (void)state;
    for (int i = 0; i < GUARD_VERDICT_COUNT; i++) {
        enum guard_verdict found = GUARD_VERDICT_COUNT;
        assert_true(guard_verdict_parse(guard_verdict_name((enum guard_verdict)i), &found));
        assert_int_equal(found, i);
    }
    enum guard_verdict found = GUARD_REVOKED;
    assert_false(guard_verdict_parse("", &found));
    assert_int_equal(found, GUARD_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was_sent),
        cmocka_unit_test(is_the_json_of_the_header),
        cmocka_unit_test(is_refused_when_any_part_is_wrong),
        cmocka_unit_test(has_a_word_of_its_own_for_every_verdict),
    };
    return cmocka_run_group_tests_name("guard_report", tests, NULL, NULL);
}

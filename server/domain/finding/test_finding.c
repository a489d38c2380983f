// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "finding.h"

static void is_anything_but_a_reading_or_an_anchor(void **state)
{
    (void)state;
    assert_false(finding_is_kind(RECORD_KIND_READING));
    assert_false(finding_is_kind(RECORD_KIND_ANCHOR));
    assert_true(finding_is_kind(RECORD_KIND_EVENT));
    assert_true(finding_is_kind(RECORD_KIND_INTERVAL));
    assert_false(finding_is_kind(RECORD_KIND_COUNT));
}

static void an_event_lies_at_its_start_and_has_the_number_of_its_waveform(void **state)
{
    (void)state;
    const struct record event = {
        .kind = RECORD_KIND_EVENT, .event = { .started_us = 5999, .duration_us = 7000000, .id = 12 }
    };
    const struct record waveform = { .kind = RECORD_KIND_WAVEFORM,
                                     .waveform = { .started_us = 4000, .event_id = 12 } };
    assert_int_equal(finding_uptime_ms(&event), 5);
    assert_int_equal(finding_uptime_ms(&waveform), 4);
    assert_int_equal(finding_subject(&event), 12);
    assert_int_equal(finding_subject(&waveform), 12);
}

static void every_signal_of_a_spectrum_is_told_apart(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (unsigned channel = 0; channel < READING_CHANNEL_COUNT; channel++) {
        for (unsigned signal = 0; signal < SIGNAL_KIND_COUNT; signal++) {
            const struct record record = { .kind = RECORD_KIND_SPECTRUM,
                                           .spectrum = { .channel = (uint8_t)channel,
                                                         .signal = (uint8_t)signal } };
            const int64_t subject = finding_subject(&record);
            assert_in_range(subject, 0, FINDING_SPECTRUM_SUBJECTS - 1);
            seen |= 1u << subject;
        }
    }
    assert_int_equal(seen, (1u << FINDING_SPECTRUM_SUBJECTS) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_anything_but_a_reading_or_an_anchor),
        cmocka_unit_test(an_event_lies_at_its_start_and_has_the_number_of_its_waveform),
        cmocka_unit_test(every_signal_of_a_spectrum_is_told_apart),
    };
    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}

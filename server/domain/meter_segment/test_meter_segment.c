// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "meter_segment.h"

enum { ALLOWED_MJ = 50 };

/// Feeds registers one after the other, checks the promises at every step and sums what passed.
static int64_t feed(struct meter_segment *segment, const int64_t *registers, size_t count,
                    enum meter_event *last)
{
    int64_t sum_mj = 0;
    for (size_t i = 0; i < count; i++) {
        const bool known = segment->known;
        const int64_t before_mj = segment->lifetime_mj;
        int64_t passed_mj = -1;
        *last = meter_segment_take(segment, registers[i], ALLOWED_MJ, &passed_mj);
        assert_true(passed_mj >= 0);
        assert_true(!known || segment->lifetime_mj == before_mj + passed_mj);
        sum_mj += passed_mj;
    }
    return sum_mj;
}

#define FEED(segment, event, ...)                                                                  \
    feed((segment), (const int64_t[]){ __VA_ARGS__ },                                              \
         sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), (event))

static void equals_the_device_while_nothing_happens(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000, 1000, 1010, 1060), 60);
    assert_int_equal(event, METER_EVENT_NONE);
    assert_int_equal(segment.lifetime_mj, 1060);
    assert_int_equal(segment.number, 0);
}

static void goes_on_over_a_reset_and_counts_what_passed_since(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000, 1010, 5, 15), 10);
    assert_int_equal(event, METER_EVENT_HELD);
    assert_int_equal(FEED(&segment, &event, 25), 25);
    assert_int_equal(event, METER_EVENT_RESET);
    assert_int_equal(FEED(&segment, &event, 30, 40), 15);
    assert_int_equal(segment.lifetime_mj, 1050);
    assert_int_equal(segment.register_mj, 40);
    assert_int_equal(segment.number, 1);
}

static void does_not_count_what_a_lower_register_started_with(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000, 500, 510, 520), 20);
    assert_int_equal(event, METER_EVENT_RESET);
    assert_int_equal(segment.lifetime_mj, 1020);
}

static void holds_a_glitch_and_forgets_it(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000, 3), 0);
    assert_int_equal(FEED(&segment, &event, 1020), 20);
    assert_int_equal(event, METER_EVENT_GLITCH);
    assert_int_equal(FEED(&segment, &event, 900000, 7, 1030), 10);
    assert_int_equal(event, METER_EVENT_GLITCH);
    assert_int_equal(segment.lifetime_mj, 1030);
    assert_int_equal(segment.number, 0);
}

static void leaves_a_jump_to_a_person(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000, 90000, 90010, 90020), 20);
    assert_int_equal(event, METER_EVENT_SWAP);
    assert_int_equal(segment.lifetime_mj, 1020);
    assert_int_equal(FEED(&segment, &event, 90025), 5);
    assert_int_equal(segment.number, 1);
}

static void takes_a_reset_at_once_when_the_journal_is_new(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000), 0);
    meter_segment_expect_reset(&segment);
    assert_int_equal(FEED(&segment, &event, 4), 4);
    assert_int_equal(event, METER_EVENT_RESET);
    assert_int_equal(segment.lifetime_mj, 1004);
}

static void keeps_its_segment_when_a_new_journal_kept_the_registers(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    enum meter_event event;
    assert_int_equal(FEED(&segment, &event, 1000), 0);
    meter_segment_expect_reset(&segment);
    assert_int_equal(FEED(&segment, &event, 1001), 1);
    assert_int_equal(event, METER_EVENT_NONE);
    assert_int_equal(segment.number, 0);
}

static void bears_the_largest_registers(void **state)
{
    (void)state;
    struct meter_segment segment = { 0 };
    int64_t passed_mj;
    assert_int_equal(meter_segment_take(&segment, INT64_MAX, INT64_MAX, &passed_mj),
                     METER_EVENT_NONE);
    for (int i = 0; i < 8; i++) {
        (void)meter_segment_take(&segment, i, INT64_MAX, &passed_mj);
        assert_true(passed_mj >= 0);
    }
    assert_true(segment.lifetime_mj == INT64_MAX);
    assert_true(meter_segment_allowed_mj(UINT64_MAX) == INT64_MAX);
    assert_true(meter_segment_allowed_mj(1000) == 100000000 + 3600000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_device_while_nothing_happens),
        cmocka_unit_test(goes_on_over_a_reset_and_counts_what_passed_since),
        cmocka_unit_test(does_not_count_what_a_lower_register_started_with),
        cmocka_unit_test(holds_a_glitch_and_forgets_it),
        cmocka_unit_test(leaves_a_jump_to_a_person),
        cmocka_unit_test(takes_a_reset_at_once_when_the_journal_is_new),
        cmocka_unit_test(keeps_its_segment_when_a_new_journal_kept_the_registers),
        cmocka_unit_test(bears_the_largest_registers),
    };
    return cmocka_run_group_tests_name("meter_segment", tests, NULL, NULL);
}

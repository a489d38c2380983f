// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tamper.h"

enum { TICK_US = 10000 };

/// The rules once more, as a table: rows are states, columns events.
static const enum tamper_state EXPECTED[3][4] = {
    [TAMPER_QUIET] = { [TAMPER_READS_OPEN] = TAMPER_SUSPECT,
                       [TAMPER_READS_CLOSED] = TAMPER_QUIET,
                       [TAMPER_SETTLED] = TAMPER_QUIET,
                       [TAMPER_CLEARED] = TAMPER_QUIET },
    [TAMPER_SUSPECT] = { [TAMPER_READS_OPEN] = TAMPER_SUSPECT,
                         [TAMPER_READS_CLOSED] = TAMPER_QUIET,
                         [TAMPER_SETTLED] = TAMPER_LATCHED,
                         [TAMPER_CLEARED] = TAMPER_SUSPECT },
    [TAMPER_LATCHED] = { [TAMPER_READS_OPEN] = TAMPER_LATCHED,
                         [TAMPER_READS_CLOSED] = TAMPER_LATCHED,
                         [TAMPER_SETTLED] = TAMPER_LATCHED,
                         [TAMPER_CLEARED] = TAMPER_QUIET },
};

static void every_pair_of_state_and_event_goes_where_the_rules_say(void **state)
{
    (void)state;
    for (int from = TAMPER_QUIET; from <= TAMPER_LATCHED; from++) {
        for (int event = TAMPER_READS_OPEN; event <= TAMPER_CLEARED; event++) {
            assert_int_equal(tamper_next((enum tamper_state)from, (enum tamper_event)event),
                             EXPECTED[from][event]);
        }
    }
}

static struct tamper boot(struct tamper_record kept)
{
    struct tamper tamper;
    tamper_init(&tamper);
    tamper_restore(&tamper, kept);
    return tamper;
}

/// Steps with the loop open or closed. @return how many of the steps latched.
static unsigned run(struct tamper *tamper, bool open, unsigned ms, uint64_t *now_us)
{
    unsigned latches = 0;
    for (unsigned passed = 0; passed < ms; passed += 10) {
        *now_us += TICK_US;
        latches += tamper_step(tamper, open, *now_us) ? 1 : 0;
    }
    return latches;
}

static void an_open_case_latches_after_the_debounce_time_and_within_100_ms(void **state)
{
    struct tamper tamper = boot((struct tamper_record){ .count = 4 });
    uint64_t now_us = 1000000;
    (void)state;
    assert_int_equal(run(&tamper, false, 1000, &now_us), 0);
    assert_false(tamper_is_latched(&tamper));
    assert_int_equal(run(&tamper, true, TAMPER_DEBOUNCE_MS, &now_us), 0);
    assert_int_equal(run(&tamper, true, 10, &now_us), 1);
    assert_true(tamper_is_latched(&tamper));
    assert_int_equal(tamper_record(&tamper).count, 5);
    assert_int_equal(run(&tamper, false, 60000, &now_us), 0);
    assert_true(tamper_is_latched(&tamper));
}

static void a_contact_that_chatters_is_not_an_open_case(void **state)
{
    struct tamper tamper = boot((struct tamper_record){ .count = 0 });
    uint64_t now_us = 0;
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(run(&tamper, true, TAMPER_DEBOUNCE_MS, &now_us), 0);
        assert_int_equal(run(&tamper, false, 10, &now_us), 0);
    }
    assert_false(tamper_is_latched(&tamper));
    assert_int_equal(tamper_record(&tamper).count, 0);
}

static void counts_as_latched_until_what_was_kept_is_known(void **state)
{
    struct tamper tamper;
    (void)state;
    tamper_init(&tamper);
    assert_true(tamper_is_latched(&tamper));
    assert_int_equal(tamper_clear(&tamper, 0), STATUS_MISSING);
    tamper_restore(&tamper, (struct tamper_record){ .latched = false, .count = 2 });
    assert_false(tamper_is_latched(&tamper));
    assert_int_equal(tamper_record(&tamper).count, 2);
}

static void an_opening_during_the_boot_is_added_to_what_was_kept(void **state)
{
    struct tamper tamper;
    uint64_t now_us = 0;
    (void)state;
    tamper_init(&tamper);
    assert_int_equal(run(&tamper, true, 100, &now_us), 1);
    tamper_restore(&tamper, (struct tamper_record){ .latched = false, .count = 2 });
    assert_true(tamper_is_latched(&tamper));
    assert_int_equal(tamper_record(&tamper).count, 3);

    // A case that was open when the power went is not opened once more.
    tamper_init(&tamper);
    assert_int_equal(run(&tamper, true, 100, &now_us), 1);
    tamper_restore(&tamper, (struct tamper_record){ .latched = true, .count = 3 });
    assert_int_equal(tamper_record(&tamper).count, 3);
}

static void a_second_restore_changes_nothing(void **state)
{
    struct tamper tamper = boot((struct tamper_record){ .latched = true, .count = 7 });
    (void)state;
    tamper_restore(&tamper, (struct tamper_record){ .latched = false, .count = 0 });
    assert_true(tamper_is_latched(&tamper));
    assert_int_equal(tamper_record(&tamper).count, 7);
}

static void is_cleared_only_with_the_right_count_and_a_closed_case(void **state)
{
    struct tamper tamper = boot((struct tamper_record){ .latched = true, .count = 7 });
    uint64_t now_us = 0;
    (void)state;
    (void)run(&tamper, true, 20, &now_us);
    assert_int_equal(tamper_clear(&tamper, 7), STATUS_BUSY);
    (void)run(&tamper, false, 20, &now_us);
    assert_int_equal(tamper_clear(&tamper, 6), STATUS_INVALID);
    assert_int_equal(tamper_clear(&tamper, 8), STATUS_INVALID);
    assert_true(tamper_is_latched(&tamper));
    assert_int_equal(tamper_clear(&tamper, 7), STATUS_OK);
    assert_false(tamper_is_latched(&tamper));
    assert_int_equal(tamper_clear(&tamper, 7), STATUS_MISSING);
    assert_int_equal(tamper_record(&tamper).count, 7);

    // The next opening latches again, under the next number.
    assert_int_equal(run(&tamper, true, 100, &now_us), 1);
    assert_int_equal(tamper_record(&tamper).count, 8);
}

static void the_count_stays_at_its_limit(void **state)
{
    struct tamper tamper = boot((struct tamper_record){ .count = TAMPER_COUNT_LIMIT });
    uint64_t now_us = 0;
    (void)state;
    assert_int_equal(run(&tamper, true, 100, &now_us), 1);
    assert_int_equal(tamper_record(&tamper).count, TAMPER_COUNT_LIMIT);
    tamper = boot((struct tamper_record){ .count = UINT32_MAX });
    assert_int_equal(tamper_record(&tamper).count, TAMPER_COUNT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_state_and_event_goes_where_the_rules_say),
        cmocka_unit_test(an_open_case_latches_after_the_debounce_time_and_within_100_ms),
        cmocka_unit_test(a_contact_that_chatters_is_not_an_open_case),
        cmocka_unit_test(counts_as_latched_until_what_was_kept_is_known),
        cmocka_unit_test(an_opening_during_the_boot_is_added_to_what_was_kept),
        cmocka_unit_test(a_second_restore_changes_nothing),
        cmocka_unit_test(is_cleared_only_with_the_right_count_and_a_closed_case),
        cmocka_unit_test(the_count_stays_at_its_limit),
    };
    return cmocka_run_group_tests_name("tamper", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

/// Pulls the plug of a whole metering core at every byte that it writes. After every cut: no
/// register is lower than anybody saw it, nothing counts twice, at most 60 s of energy are missing,
/// rates and channels agree, and the maximum demand is the old or the new one.
///
/// Usage: test_register_power [STRIDE [TEST]]. With stride 1 every byte is cut; by default every
/// 127th.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "powered_meter.h"

enum {
    WINDOW_MS = 2000,
    READING_MS = 60000,
    WINDOWS_PER_READING = READING_MS / WINDOW_MS,
    WINDOWS = 98 * WINDOWS_PER_READING, ///< An hour and a half, through six blocks of demand.
    RESET_EACH = 20 * WINDOWS_PER_READING,
    EVENT_AT = 55 * WINDOWS_PER_READING + 11,
    RUSH_BEGIN = 55 * WINDOWS_PER_READING, ///< So that the hour ends with its maximum demand.
    RUSH_END = 60 * WINDOWS_PER_READING,
    RUSH_LOAD = POWERED_LOADS - 1,
    BROWNOUT_WINDOWS = 3000,
};

static const struct powered_pace even = { WINDOW_MS, READING_MS };

/// Windows that do not divide a reading, and the longest reading that can be set.
static const struct powered_pace uneven = { 1880, 59000 };

static unsigned stride = 127;

/// A load stays for some minutes, so that demand has its ups and downs.
static unsigned load_at(unsigned window)
{
    const unsigned stretch = window / 47;
    if (window >= RUSH_BEGIN && window < RUSH_END) {
        return RUSH_LOAD;
    }
    return (stretch * 5 + stretch / 7) % POWERED_LOADS;
}

static enum status work(unsigned window)
{
    enum status status = STATUS_OK;
    if (window % RESET_EACH == 7 && window > 7) {
        status = powered_meter_reset_maximum();
        if (status == STATUS_OK) {
            powered.oracle.resets++;
            powered.oracle.shown_maximum_mw = 0;
        }
    }
    if (status == STATUS_OK && window == EVENT_AT) {
        status = powered_meter_record_event();
    }
    return status == STATUS_OK ? powered_meter_run_window(load_at(window)) : status;
}

/// A moment to come back to.
static struct {
    struct flash_memory flash;
    struct powered_body body;
} moment;

static void save(void)
{
    flash_memory_copy(&moment.flash, &powered_flash);
    moment.body = powered;
}

static void restore(void)
{
    flash_memory_copy(&powered_flash, &moment.flash);
    powered = moment.body;
}

static void cut_and_go_on(unsigned window, uint64_t step)
{
    restore();
    powered_flash.random += 2 * step;
    flash_memory_cut_after(&powered_flash, step);
    assert_int_equal(work(window), STATUS_IO);
    assert_int_equal(powered_flash.cuts, moment.flash.cuts + 1);
    powered_meter_restart();
    for (unsigned n = 0; n < WINDOWS_PER_READING + 1; n++) {
        assert_int_equal(powered_meter_run_window(load_at(window + n)), STATUS_OK);
    }
    flash_memory_cut_now(&powered_flash);
    powered_meter_restart();
}

static void sweep(enum flash_memory_cut cut, const char *name)
{
    uint64_t passed = 0; // Steps before the window in hand.
    unsigned cuts = 0;
    uint64_t most_lost_ms = 0;
    powered_meter_begin(cut, 1, &even);
    for (unsigned window = 0; window < WINDOWS; window++) {
        // A start at a calm moment: the first value that is stored after it, which is the reset,
        // moves all values to another place.
        if (window % RESET_EACH == 0 && window > 0) {
            flash_memory_cut_now(&powered_flash);
            powered_meter_restart();
        }
        save();
        assert_int_equal(work(window), STATUS_OK);
        const uint64_t steps = powered_flash.steps - moment.flash.steps;
        if (steps == 0) {
            continue;
        }
        for (uint64_t step = (stride - passed % stride) % stride; step < steps; step += stride) {
            cut_and_go_on(window, step);
            cuts++;
            if (powered.oracle.most_lost_ms > most_lost_ms) {
                most_lost_ms = powered.oracle.most_lost_ms;
            }
        }
        passed += steps;
        restore();
        assert_int_equal(work(window), STATUS_OK);
    }
    assert_true(powered_flash.erases[0] > 1); // The journal went round.
    assert_int_equal(powered.oracle.resets, 4);
    assert_true(powered.oracle.fresh_maxima > 0); // A block that ended with a new maximum.
    assert_true(powered.maximum.value.previous_mw > 0);
    assert_true(powered.maximum.value.demand_mw > 0);
    print_message("%s: %u operations, %u steps, %u cuts (every %u), at most %u ms lost\n", name,
                  powered_flash.operations, (unsigned)passed, cuts, stride, (unsigned)most_lost_ms);
}

static void keeps_its_promises_when_cut_at_every_byte(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER, "in order");
}

static void keeps_its_promises_when_units_tear_at_random(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_AT_RANDOM, "at random");
}

static void keeps_its_promises_when_units_tear_backward(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_BACKWARD, "backward");
}

static void keeps_its_promises_when_a_cache_is_lost(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE, "cache lost");
}

static void keeps_its_promises_when_a_cache_is_half_written(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE_MIX, "cache half written");
}

static unsigned live_through_brownouts(enum flash_memory_cut cut, const struct powered_pace *pace)
{
    unsigned cuts = 0;
    uint64_t dice = 5;
    powered_meter_begin(cut, 3, pace);
    for (unsigned window = 0; window < BROWNOUT_WINDOWS; window++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        if ((dice >> 40) % 60 == 0) {
            flash_memory_cut_after(&powered_flash, (dice >> 33) % 200);
        }
        if (powered_meter_run_window(load_at(window)) != STATUS_OK) {
            powered_meter_restart();
            cuts++;
        } else if ((dice >> 45) % 40 == 0) {
            flash_memory_cut_now(&powered_flash);
            powered_meter_restart();
            cuts++;
        }
    }
    return cuts;
}

/// A loose plug: a cut each minute or so, anywhere.
static void live_for_hours(const struct powered_pace *pace)
{
    unsigned cuts = 0;
    uint64_t lost_ms = 0;
    for (unsigned cut = 0; cut < 5; cut++) {
        cuts += live_through_brownouts((enum flash_memory_cut)cut, pace);
        lost_ms += powered.oracle.lost_ms;
    }
    assert_true(cuts > 250);
    print_message("%u cuts in %u minutes, %u s of energy lost\n", cuts,
                  5 * BROWNOUT_WINDOWS * pace->window_ms / 60000, (unsigned)(lost_ms / 1000));
}

static void keeps_its_promises_through_hours_of_brownouts(void **state)
{
    (void)state;
    live_for_hours(&even);
}

static void keeps_its_promises_when_windows_do_not_divide_a_reading(void **state)
{
    (void)state;
    live_for_hours(&uneven);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_promises_when_cut_at_every_byte),
        cmocka_unit_test(keeps_its_promises_when_units_tear_at_random),
        cmocka_unit_test(keeps_its_promises_when_units_tear_backward),
        cmocka_unit_test(keeps_its_promises_when_a_cache_is_lost),
        cmocka_unit_test(keeps_its_promises_when_a_cache_is_half_written),
        cmocka_unit_test(keeps_its_promises_through_hours_of_brownouts),
        cmocka_unit_test(keeps_its_promises_when_windows_do_not_divide_a_reading),
    };
    if (argc > 1) {
        const long wanted = strtol(argv[1], NULL, 10);
        stride = wanted > 0 && wanted < 100000 ? (unsigned)wanted : stride;
    }
    if (argc > 2) {
        cmocka_set_test_filter(argv[2]);
    }
    return cmocka_run_group_tests_name("register_power", tests, NULL, NULL);
}

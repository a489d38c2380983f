// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame_clock.h"

/// Passes `seconds` of frames at `rate_mhz` in blocks of 64, each stamped up to `late_us` late.
static void pass(struct frame_clock *clock, uint64_t rate_mhz, unsigned seconds, unsigned late_us,
                 uint64_t *frames)
{
    const uint64_t end = *frames + rate_mhz * seconds / 1000;
    unsigned late = 0;
    while (*frames < end) {
        *frames += 64;
        late = (late * 7 + 3) % (late_us + 1);
        frame_clock_pass(clock, 64, *frames * 1000000000 / rate_mhz + late);
    }
}

static void trusts_the_nominal_rate_until_it_has_measured(void **state)
{
    (void)state;
    struct frame_clock clock;
    uint64_t frames = 0;
    frame_clock_init(&clock, 10000000);
    assert_false(frame_clock_is_measured(&clock));
    pass(&clock, 10050000, 1, 0, &frames);
    assert_true(frame_clock_is_measured(&clock));
    assert_in_range(frame_clock_rate_mhz(&clock), 10049900, 10050100);
}

static void finds_a_rate_half_a_percent_off_within_two_millionths(void **state)
{
    (void)state;
    struct frame_clock clock;
    uint64_t frames = 0;
    frame_clock_init(&clock, 10000000);
    pass(&clock, 9950000, 20, 10, &frames);
    assert_in_range(frame_clock_rate_mhz(&clock), 9949980, 9950020);
}

static void counts_no_stretch_with_a_hole_of_unknown_length(void **state)
{
    (void)state;
    struct frame_clock clock;
    uint64_t frames = 0;
    frame_clock_init(&clock, 8000000);
    pass(&clock, 8000000, 12, 0, &frames);
    frames += 40000; // 5 s that nobody counted.
    frame_clock_restart(&clock);
    pass(&clock, 8000000, 12, 0, &frames);
    assert_in_range(frame_clock_rate_mhz(&clock), 7999990, 8000010);
}

static void survives_clocks_that_stand_still_or_go_back(void **state)
{
    (void)state;
    struct frame_clock clock;
    frame_clock_init(&clock, 8000000);
    frame_clock_pass(&clock, 100, 5000000);
    frame_clock_pass(&clock, 100, 5000000);
    frame_clock_pass(&clock, 100, 1000000);
    frame_clock_pass(&clock, UINT64_MAX, 9000000);
    frame_clock_pass(&clock, 0, UINT64_MAX);
    assert_int_equal(frame_clock_rate_mhz(&clock), 8000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusts_the_nominal_rate_until_it_has_measured),
        cmocka_unit_test(finds_a_rate_half_a_percent_off_within_two_millionths),
        cmocka_unit_test(counts_no_stretch_with_a_hole_of_unknown_length),
        cmocka_unit_test(survives_clocks_that_stand_still_or_go_back),
    };
    return cmocka_run_group_tests_name("frame_clock", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "zero_watch.h"

static const double WINDOW_S = 0.2;

struct fixture {
    struct zero_watch watch;
    double zero;
    uint64_t dice;
};

static double evenly(struct fixture *f)
{
    f->dice = f->dice * 6364136223846793005u + 1442695040888963407u;
    return (double)(f->dice >> 11) / 9007199254740992.0;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .zero = 2048.0, .dice = 3 };
    zero_watch_init(&f.watch, 4096.0);
    *state = &f;
    return 0;
}

/// Half a code of noise, and what a load does to the mean of the window in which it steps: a window
/// in forty gets up to half a cycle of 2000 codes too much in ten cycles. Returns windows with a
/// flag.
static unsigned run_for(struct fixture *f, double seconds, double creep_per_s)
{
    unsigned flagged = 0;
    for (unsigned n = 0; n < (unsigned)(seconds / WINDOW_S); n++) {
        const double step = evenly(f) < 0.025 ? 128.0 * (evenly(f) - 0.5) : 0.0;
        f->zero += creep_per_s * WINDOW_S;
        zero_watch_take(&f->watch, 1, f->zero + evenly(f) - 0.5 + step, WINDOW_S);
        zero_watch_take(&f->watch, 0, 2048.0 + evenly(f), WINDOW_S);
        flagged += zero_watch_drifting(&f->watch) != 0;
        assert_int_equal(zero_watch_drifting(&f->watch) & ~2u, 0);
    }
    return flagged;
}

static void tells_a_zero_that_has_moved_until_it_is_the_usual_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run_for(f, 60.0, 0.0), 0);
    f->zero += 24.0;
    (void)run_for(f, 6.0, 0.0);
    assert_int_equal(zero_watch_drifting(&f->watch), 2);
    (void)run_for(f, 600.0, 0.0);
    assert_int_equal(zero_watch_drifting(&f->watch), 0);
    f->zero -= 1000.0;
    (void)run_for(f, 6.0, 0.0);
    assert_int_equal(zero_watch_drifting(&f->watch), 2);
}

static void tells_a_creep_of_a_limit_in_ten_minutes(void **state)
{
    struct fixture *f = *state;
    (void)run_for(f, 60.0, 0.0);
    (void)run_for(f, 3000.0, 20.0 / 600.0);
    assert_int_equal(zero_watch_drifting(&f->watch), 2);
}

static void says_nothing_of_a_day_with_noise_and_load_steps(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run_for(f, 86400.0, 8.0 / 600.0), 0); // Warming up by half of the limit.
}

static void says_nothing_of_a_short_inrush(void **state)
{
    struct fixture *f = *state;
    (void)run_for(f, 60.0, 0.0);
    f->zero += 800.0;
    assert_int_equal(run_for(f, 1.3, 0.0), 0);
    f->zero -= 800.0;
    assert_int_equal(run_for(f, 60.0, 0.0), 0);
}

static void takes_the_start_as_it_comes(void **state)
{
    struct fixture *f = *state;
    f->zero = 1500.0;
    (void)run_for(f, 2.0, 0.0);
    f->zero = 2048.0;
    assert_int_equal(run_for(f, 60.0, 0.0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_a_zero_that_has_moved_until_it_is_the_usual_one, set_up),
        cmocka_unit_test_setup(tells_a_creep_of_a_limit_in_ten_minutes, set_up),
        cmocka_unit_test_setup(says_nothing_of_a_day_with_noise_and_load_steps, set_up),
        cmocka_unit_test_setup(says_nothing_of_a_short_inrush, set_up),
        cmocka_unit_test_setup(takes_the_start_as_it_comes, set_up),
    };
    return cmocka_run_group_tests_name("zero_watch", tests, NULL, NULL);
}

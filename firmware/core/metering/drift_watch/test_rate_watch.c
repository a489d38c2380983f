// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rate_watch.h"

enum { BLOCK = 100 };

static const double RATE_HZ = 10000.0;

/// A port whose frames come at `true_hz` and are handed over late.
struct port {
    struct rate_watch watch;
    double true_hz;
    double frames_s; ///< When the newest frame was taken.
    double jitter_s; ///< Most lateness of a block,
    double stall_s;  ///< and of one block every 50 seconds or so.
    uint64_t dice;
};

static double evenly(struct port *port)
{
    port->dice = port->dice * 6364136223846793005u + 1442695040888963407u;
    return (double)(port->dice >> 11) / 9007199254740992.0;
}

static int set_up(void **state)
{
    static struct port port;
    port = (struct port){ .true_hz = 10000.0, .frames_s = 1000.0, .jitter_s = 0.012, .dice = 7 };
    rate_watch_init(&port.watch);
    *state = &port;
    return 0;
}

/// Returns how many seconds of it the rate drifted.
static double run_for(struct port *port, double seconds)
{
    const double end_s = port->frames_s + seconds;
    double drifted_s = 0.0;
    double last_s = 0.0;
    while (port->frames_s < end_s) {
        port->frames_s += BLOCK / port->true_hz;
        double now_s = port->frames_s + port->jitter_s * evenly(port);
        now_s += evenly(port) < 0.0002 ? port->stall_s : 0.0;
        last_s = now_s > last_s ? now_s : last_s;
        rate_watch_pass(&port->watch, BLOCK, RATE_HZ, (uint64_t)(last_s * 1e6));
        drifted_s += rate_watch_drifts(&port->watch) ? BLOCK / port->true_hz : 0.0;
    }
    return drifted_s;
}

static void tells_a_rate_that_departs_by_six_hundred_millionths(void **state)
{
    struct port *port = *state;
    assert_true(run_for(port, 200.0) == 0.0);
    port->true_hz = RATE_HZ * (1.0 + 600e-6);
    (void)run_for(port, 73.0);
    assert_true(rate_watch_drifts(&port->watch));
    port->true_hz = RATE_HZ;
    (void)run_for(port, 73.0);
    assert_false(rate_watch_drifts(&port->watch));
    port->true_hz = RATE_HZ * (1.0 - 600e-6);
    (void)run_for(port, 73.0);
    assert_true(rate_watch_drifts(&port->watch));
}

static void says_nothing_of_a_day_with_late_blocks_and_stalls(void **state)
{
    struct port *port = *state;
    port->stall_s = 4.0;
    port->true_hz = RATE_HZ * (1.0 + 250e-6); // A clock that is off, but within the limit.
    assert_true(run_for(port, 86400.0) == 0.0);
}

static void counts_lost_frames_and_keeps_its_verdict_through_unknown_ones(void **state)
{
    struct port *port = *state;
    (void)run_for(port, 100.0);
    port->frames_s += 20.0;
    rate_watch_pass(&port->watch, 200000, RATE_HZ, (uint64_t)(port->frames_s * 1e6));
    assert_true(run_for(port, 100.0) == 0.0);
    port->true_hz = 10050.0;
    (void)run_for(port, 100.0);
    rate_watch_restart(&port->watch);
    port->frames_s += 20.0;
    assert_true(run_for(port, 60.0) > 59.0);
    port->true_hz = RATE_HZ;
    (void)run_for(port, 80.0);
    assert_false(rate_watch_drifts(&port->watch));
}

static void follows_the_rate_that_it_is_told(void **state)
{
    struct port *port = *state;
    for (unsigned n = 0; n < 20000; n++) {
        port->frames_s += BLOCK / 10100.0;
        rate_watch_pass(&port->watch, BLOCK, 10100.0, (uint64_t)(port->frames_s * 1e6));
        assert_false(rate_watch_drifts(&port->watch));
    }
}

static void is_not_misled_by_a_clock_that_stands_or_runs_backwards(void **state)
{
    struct port *port = *state;
    for (unsigned n = 0; n < 20000; n++) {
        rate_watch_pass(&port->watch, BLOCK, RATE_HZ, 0);
    }
    assert_false(rate_watch_drifts(&port->watch));
    rate_watch_pass(&port->watch, UINT64_MAX, RATE_HZ, UINT64_MAX);
    rate_watch_pass(&port->watch, UINT64_MAX, RATE_HZ, UINT64_MAX);
    for (unsigned n = 0; n < 100; n++) {
        rate_watch_pass(&port->watch, BLOCK, RATE_HZ, (100u - n) * (uint64_t)RATE_WATCH_MARK_US);
    }
    assert_false(rate_watch_drifts(&port->watch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_a_rate_that_departs_by_six_hundred_millionths, set_up),
        cmocka_unit_test_setup(says_nothing_of_a_day_with_late_blocks_and_stalls, set_up),
        cmocka_unit_test_setup(counts_lost_frames_and_keeps_its_verdict_through_unknown_ones,
                               set_up),
        cmocka_unit_test_setup(follows_the_rate_that_it_is_told, set_up),
        cmocka_unit_test_setup(is_not_misled_by_a_clock_that_stands_or_runs_backwards, set_up),
    };
    return cmocka_run_group_tests_name("rate_watch", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "host_clock.h"

static void counts_from_boot_and_never_backwards(void **state)
{
    (void)state;
    struct host_clock host;
    host_clock_init(&host, 1);
    const struct clock clock = host_clock_seam(&host);

    uint64_t before_us = clock.uptime_us(clock.ctx);
    assert_true(before_us < 1000000);
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t now_us = clock.uptime_us(clock.ctx);
        assert_true(now_us >= before_us);
        before_us = now_us;
    }
}

static void runs_as_much_faster_as_asked(void **state)
{
    (void)state;
    struct host_clock slow_host;
    struct host_clock fast_host;
    host_clock_init(&slow_host, 1);
    host_clock_init(&fast_host, 100);
    fast_host.start_us = slow_host.start_us;
    const struct clock slow = host_clock_seam(&slow_host);
    const struct clock fast = host_clock_seam(&fast_host);

    for (unsigned i = 0; i < 100; i++) {
        const uint64_t before_us = slow.uptime_us(slow.ctx);
        const uint64_t fast_us = fast.uptime_us(fast.ctx);
        const uint64_t after_us = slow.uptime_us(slow.ctx);
        assert_in_range(fast_us, before_us * 100, after_us * 100);
    }
}

static void tells_the_time_of_the_host(void **state)
{
    (void)state;
    struct host_clock host;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;
    host_clock_init(&host, 1);
    const struct clock clock = host_clock_seam(&host);

    const int64_t before_ms = (int64_t)time(NULL) * 1000;
    assert_true(clock.utc_ms(clock.ctx, &utc_ms, &uncertainty_ms));
    assert_true(utc_ms >= before_ms && utc_ms <= before_ms + 2000);
    assert_true(uncertainty_ms >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_boot_and_never_backwards),
        cmocka_unit_test(runs_as_much_faster_as_asked),
        cmocka_unit_test(tells_the_time_of_the_host),
    };
    return cmocka_run_group_tests_name("host_clock", tests, NULL, NULL);
}

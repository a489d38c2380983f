// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host_entropy.h"

static void fills_all_that_was_asked_for_and_differs_every_time(void **state)
{
    (void)state;
    const struct entropy entropy = host_entropy();
    unsigned char first[1000] = { 0 };
    unsigned char second[1000] = { 0 };
    unsigned zeros = 0;

    assert_int_equal(entropy.fill(entropy.ctx, first, sizeof first), STATUS_OK);
    assert_int_equal(entropy.fill(entropy.ctx, second, sizeof second), STATUS_OK);
    assert_true(memcmp(first, second, sizeof first) != 0);
    for (size_t i = sizeof first - 100; i < sizeof first; i++) {
        zeros += first[i] == 0;
    }
    assert_true(zeros < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_all_that_was_asked_for_and_differs_every_time),
    };
    return cmocka_run_group_tests_name("host_entropy", tests, NULL, NULL);
}

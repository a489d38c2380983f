// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "back_off.h"

/// A generator that is plain enough to read and different at every call, or dead.
struct fake_entropy {
    uint32_t value;
    bool dead;
};

static enum status fake_fill(void *ctx, void *out, size_t size)
{
    struct fake_entropy *fake = ctx;
    uint32_t value = fake->value = fake->value * 1664525u + 1013904223u;
    if (fake->dead) {
        return STATUS_IO;
    }
    value >>= 8;
    memcpy(out, &value, size < sizeof value ? size : sizeof value);
    return STATUS_OK;
}

static void doubles_up_to_its_limit_and_stays_in_the_upper_half(void **state)
{
    (void)state;
    static const uint32_t whole_ms[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000 };
    struct fake_entropy fake = { .value = 1 };
    const struct entropy entropy = { .fill = fake_fill, .ctx = &fake };
    struct back_off back_off;

    back_off_init(&back_off, &entropy, 1000, 30000);
    for (unsigned round = 0; round < 100; round++) {
        for (size_t i = 0; i < sizeof whole_ms / sizeof whole_ms[0]; i++) {
            const uint32_t wait_ms = back_off_fail(&back_off);
            assert_in_range(wait_ms, whole_ms[i] / 2, whole_ms[i]);
        }
        back_off_succeed(&back_off);
    }
}

static void spreads_a_fleet(void **state)
{
    (void)state;
    struct fake_entropy fake = { .value = 7 };
    const struct entropy entropy = { .fill = fake_fill, .ctx = &fake };
    unsigned slots[10] = { 0 };

    for (unsigned device = 0; device < 1000; device++) {
        struct back_off back_off;
        back_off_init(&back_off, &entropy, 1000, 30000);
        slots[(back_off_fail(&back_off) - 500) * 10 / 501]++;
    }
    for (unsigned slot = 0; slot < 10; slot++) {
        assert_in_range(slots[slot], 50, 150);
    }
}

static void still_waits_when_there_is_no_randomness(void **state)
{
    (void)state;
    struct fake_entropy fake = { .dead = true };
    const struct entropy entropy = { .fill = fake_fill, .ctx = &fake };
    struct back_off back_off;

    back_off_init(&back_off, &entropy, 1000, 3000);
    assert_int_equal(back_off_fail(&back_off), 1000);
    assert_int_equal(back_off_fail(&back_off), 2000);
    assert_int_equal(back_off_fail(&back_off), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_its_limit_and_stays_in_the_upper_half),
        cmocka_unit_test(spreads_a_fleet),
        cmocka_unit_test(still_waits_when_there_is_no_randomness),
    };
    return cmocka_run_group_tests_name("back_off", tests, NULL, NULL);
}

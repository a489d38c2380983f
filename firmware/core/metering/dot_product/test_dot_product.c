// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dot_product.h"

/// The same numbers in both widths: the extremes, then scattered ones.
struct numbers {
    int16_t narrow[DOT_PRODUCT_COUNT];
    int32_t wide[DOT_PRODUCT_COUNT];
};

static struct numbers constant(int32_t value)
{
    struct numbers numbers;
    for (unsigned n = 0; n < DOT_PRODUCT_COUNT; n++) {
        numbers.narrow[n] = (int16_t)value;
        numbers.wide[n] = value;
    }
    return numbers;
}

static struct numbers scattered(uint32_t seed)
{
    struct numbers numbers;
    for (unsigned n = 0; n < DOT_PRODUCT_COUNT; n++) {
        seed = seed * 1664525u + 1013904223u;
        numbers.wide[n] = (int32_t)((seed >> 8) % 8191u) - 4095;
        numbers.narrow[n] = (int16_t)numbers.wide[n];
    }
    return numbers;
}

static void gives_the_same_sums_in_both_widths(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 50; seed++) {
        const struct numbers a = scattered(seed);
        const struct numbers b = scattered(seed + 1000u);
        for (uint32_t count = 0; count <= DOT_PRODUCT_COUNT; count += 1u + seed % 7u) {
            const int64_t wide = dot_product_wide(a.wide, b.wide, count);
            assert_true(dot_product_narrow(a.narrow, b.narrow, count) == wide);
            assert_true(dot_product_mixed(a.wide, b.narrow, count) == wide);
            assert_true(dot_product_narrow_sum(a.narrow, count) ==
                        dot_product_wide_sum(a.wide, count));
        }
    }
}

static void gives_the_same_sums_in_one_pass(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 50; seed++) {
        const struct numbers a = scattered(seed);
        const struct numbers b = scattered(seed + 1000u);
        const struct numbers c = scattered(seed + 2000u);
        const int16_t *x = a.narrow + 1;
        const int16_t *y = b.narrow + 1;
        for (uint32_t count = 0; count < DOT_PRODUCT_COUNT; count += 1u + seed % 7u) {
            const struct narrow_power power = dot_product_narrow_power(x, count);
            assert_true(power.sum == dot_product_narrow_sum(x, count));
            assert_true(power.square == dot_product_narrow(x, x, count));
            const struct narrow_waves waves = dot_product_narrow_waves(x, y, c.narrow, count);
            assert_true(waves.with_cosine == dot_product_narrow(x, y, count));
            assert_true(waves.with_sine == dot_product_narrow(x, c.narrow, count));
            const struct narrow_lags lags = dot_product_narrow_lags(x, y, count);
            assert_true(lags.together == dot_product_narrow(x, y, count));
            assert_true(lags.behind == dot_product_narrow(x - 1, y, count));
            assert_true(lags.ahead == dot_product_narrow(x, y - 1, count));
        }
    }
}

static void holds_the_largest_numbers(void **state)
{
    (void)state;
    const struct numbers low = constant(-(DOT_PRODUCT_NARROW - 1));
    const struct numbers high = constant(DOT_PRODUCT_NARROW - 1);
    assert_true(dot_product_narrow(low.narrow, low.narrow, DOT_PRODUCT_COUNT) == 128 * 4095 * 4095);
    assert_true(dot_product_narrow(low.narrow, high.narrow, DOT_PRODUCT_COUNT) ==
                -128 * 4095 * 4095);
    const struct numbers widest = constant(-8388608);
    assert_true(dot_product_wide(widest.wide, widest.wide, DOT_PRODUCT_COUNT) == INT64_C(1) << 53);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_sums_in_both_widths),
        cmocka_unit_test(gives_the_same_sums_in_one_pass),
        cmocka_unit_test(holds_the_largest_numbers),
    };
    return cmocka_run_group_tests_name("dot_product", tests, NULL, NULL);
}

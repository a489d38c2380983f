// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linearity.h"

/// A converter of 12 bits whose codes are up to 12 too small in the middle.
static float bow(double code)
{
    const double x = (code - 2048.0) / 2048.0;
    return (float)(12.0 * (1.0 - x * x));
}

static void straightens_every_code_to_the_nearest_one(void **state)
{
    (void)state;
    static const uint32_t cells[] = { 8, 9, 64 };
    for (unsigned n = 0; n < 3; n++) {
        static struct linearity_table table;
        float correction[LINEARITY_POINT_LIMIT];
        const uint32_t points = 4096u / cells[n] + 1u;
        for (uint32_t k = 0; k < points; k++) {
            correction[k] = bow((double)k * cells[n]);
        }
        assert_int_equal(linearity_table_init(&table, 0, cells[n], correction, points), STATUS_OK);
        for (int32_t code = 0; code < (int32_t)((points - 1u) * cells[n]); code++) {
            int32_t straight = code;
            linearity_table_apply(&table, &straight, 1);
            const double off = straight - (code + (double)bow(code));
            assert_true(off < 0.6 && off > -0.6);
        }
    }
}

static void holds_on_beyond_its_ends(void **state)
{
    (void)state;
    static struct linearity_table table;
    const float correction[] = { -3.0f, 0.0f, 5.0f };
    int32_t codes[] = { -8388608, -100, 0, 299, 8388607 };
    assert_int_equal(linearity_table_init(&table, -100, 200, correction, 3), STATUS_OK);
    linearity_table_apply(&table, codes, 5);
    assert_int_equal(codes[0], -8388611);
    assert_int_equal(codes[1], -103);
    assert_true(codes[2] == -1 || codes[2] == -2); // Half way: -1.5 may go either way.
    assert_int_equal(codes[3], 304);
    assert_int_equal(codes[4], 8388612);
}

static void changes_nothing_after_a_table_that_makes_no_sense(void **state)
{
    (void)state;
    static struct linearity_table table;
    const float huge[] = { 0.0f, 1e30f };
    const float sound[] = { 1.0f, 1.0f };
    int32_t code = 77;
    assert_int_equal(linearity_table_init(&table, 0, 8, huge, 2), STATUS_INVALID);
    assert_int_equal(linearity_table_init(&table, 0, 8, sound, 1), STATUS_INVALID);
    assert_int_equal(linearity_table_init(&table, 0, 0, sound, 2), STATUS_INVALID);
    assert_int_equal(linearity_table_init(&table, 0, 1u << 25, sound, 2), STATUS_INVALID);
    linearity_table_apply(&table, &code, 1);
    assert_int_equal(code, 77);
    assert_int_equal(linearity_table_init(&table, 0, 1u << 24, sound, 2), STATUS_OK);
    linearity_table_apply(&table, &code, 1);
    assert_int_equal(code, 78);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straightens_every_code_to_the_nearest_one),
        cmocka_unit_test(holds_on_beyond_its_ends),
        cmocka_unit_test(changes_nothing_after_a_table_that_makes_no_sense),
    };
    return cmocka_run_group_tests_name("linearity", tests, NULL, NULL);
}

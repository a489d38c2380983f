// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "code_census.h"

enum { FRAMES = 8 };

static struct code_census census;
static struct code_density densities[2];
static struct adc_block block;

static int start(void **state)
{
    (void)state;
    code_census_init(&census, NULL);
    for (unsigned n = 0; n < 2; n++) {
        if (code_density_init(&densities[n], 0, 4095) != STATUS_OK) {
            return -1;
        }
    }
    block = (struct adc_block){ .frame_count = FRAMES };
    for (unsigned k = 0; k < FRAMES; k++) {
        block.code[1][k] = 800;
        block.code[3][k] = 16;
    }
    return 0;
}

static const struct code_census_order rest = { .action = CODE_CENSUS_REST };

static struct code_census_order count_two(void)
{
    return (struct code_census_order){ .action = CODE_CENSUS_COUNT,
                                       .inputs = 2,
                                       .input = { 1, 3 },
                                       .density = { &densities[0], &densities[1] } };
}

static void counts_from_the_next_block_until_it_may_rest(void **state)
{
    (void)state;
    const struct code_census_order count = count_two();
    code_census_take(&census, &block);
    assert_int_equal(code_census_post(&census, &count), STATUS_OK);
    assert_int_equal(densities[0].total, 0);
    code_census_take(&census, &block);
    code_census_take(&census, &block);
    assert_int_equal(densities[0].total, 2 * FRAMES);
    assert_int_equal(densities[0].count[100], 2 * FRAMES);
    assert_int_equal(densities[1].count[2], 2 * FRAMES);
    assert_int_equal(code_census_post(&census, &rest), STATUS_OK);
    code_census_take(&census, &block);
    assert_int_equal(densities[0].total, 2 * FRAMES);
}

static void takes_one_order_at_a_time(void **state)
{
    (void)state;
    assert_true(code_census_is_free(&census));
    assert_int_equal(code_census_post(&census, &rest), STATUS_OK);
    assert_false(code_census_is_free(&census));
    assert_int_equal(code_census_post(&census, &rest), STATUS_BUSY);
    code_census_take(&census, &block);
    assert_true(code_census_is_free(&census));
}

static void copies_a_table_between_blocks_and_counts_on(void **state)
{
    (void)state;
    static struct linearity_table table;
    const float correction[] = { 3.0f, -2.0f };
    const struct code_census_order count = count_two();
    const struct code_census_order straighten = { .action = CODE_CENSUS_STRAIGHTEN,
                                                  .table = &table };
    const struct code_census_order clear = { .action = CODE_CENSUS_STRAIGHTEN };
    int32_t codes[1] = { 0 };
    assert_int_equal(linearity_table_init(&table, 0, 4096, correction, 2), STATUS_OK);
    assert_int_equal(code_census_post(&census, &count), STATUS_OK);
    code_census_take(&census, &block);
    assert_int_equal(code_census_post(&census, &straighten), STATUS_OK);
    linearity_table_apply(code_census_table(&census), codes, 1);
    assert_int_equal(codes[0], 0);
    code_census_take(&census, &block);
    table = (struct linearity_table){ .cells = 0 }; // It is a copy that counts.
    linearity_table_apply(code_census_table(&census), codes, 1);
    assert_int_equal(codes[0], 3);
    assert_int_equal(densities[0].total, 2 * FRAMES);
    assert_int_equal(code_census_post(&census, &clear), STATUS_OK);
    code_census_take(&census, &block);
    assert_int_equal(code_census_table(&census)->cells, 0);
}

static void starts_with_the_table_that_was_kept(void **state)
{
    (void)state;
    struct linearity_table table;
    const float correction[] = { 3.0f, -2.0f };
    assert_int_equal(linearity_table_init(&table, 0, 4096, correction, 2), STATUS_OK);
    code_census_init(&census, &table);
    assert_true(code_census_is_free(&census));
    assert_int_equal(code_census_table(&census)->cells, table.cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts_from_the_next_block_until_it_may_rest, start),
        cmocka_unit_test_setup(takes_one_order_at_a_time, start),
        cmocka_unit_test_setup(copies_a_table_between_blocks_and_counts_on, start),
        cmocka_unit_test_setup(starts_with_the_table_that_was_kept, start),
    };
    return cmocka_run_group_tests_name("code_census", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "code_generator.h"

static const double TURN = 6.283185307179586;

static void its_sine_lies_on_the_circle(void **state)
{
    (void)state;
    double worst = 0.0;
    for (uint64_t angle = 0; angle < UINT64_C(1) << 32; angle += 99991) {
        const double sine = code_generator_sine((uint32_t)angle) / 1073741824.0;
        const double error = fabs(sine - sin(TURN * (double)angle / 4294967296.0));
        worst = error > worst ? error : worst;
    }
    assert_true(worst < 1.0 / (1 << 20));
}

static struct code_plan plan_of_one(void)
{
    return (struct code_plan){
        .rate_mhz = 10000000,
        .frames = 1000,
        .mains_mhz = 50000,
        .block_frames = 100,
        .input_count = 1,
        .code_max = 4095,
        .seed = 7,
        .input = { { .offset = 2048, .tone = { { .order = 1, .amplitude = 1000 } } } },
        .change = { { .frame = 200, .kind = CODE_CHANGE_LEVEL, .value = 500 },
                    { .frame = 300, .kind = CODE_CHANGE_LOSE, .value = 30 },
                    { .frame = 450, .kind = CODE_CHANGE_SWAP },
                    { .frame = 600, .kind = CODE_CHANGE_LOSE, .value = 0 } },
    };
}

static void makes_the_sine_and_the_changes_of_its_plan(void **state)
{
    (void)state;
    const struct code_plan plan = plan_of_one();
    struct code_generator generator;
    struct adc_block block;
    code_generator_init(&generator, &plan);
    const struct adc_source source = code_generator_source(&generator);
    uint64_t frame = 0;
    unsigned blocks = 0;
    while (source.read(source.ctx, &block) == STATUS_OK) {
        frame += block.lost_frames;
        assert_int_equal(block.lost_frames, blocks == 3 ? 30 : 0);
        assert_int_equal(block.channel_swap, blocks == 4);
        assert_int_equal(block.lost_unknown, blocks == 5);
        for (uint32_t n = 0; n < block.frame_count; n++, frame++) {
            const double level = blocks < 2 ? 1000.0 : 500.0;
            const double wanted = 2048.0 + level * sin(TURN * 0.005 * (double)frame);
            assert_true(fabs(block.code[0][n] - wanted) < 1.01);
        }
        blocks++;
    }
    assert_int_equal(blocks, 10);
    assert_int_equal(code_generator_uptime_us(&generator), 103000);
}

static void makes_noise_within_its_bounds_and_clips(void **state)
{
    (void)state;
    struct code_plan plan = plan_of_one();
    plan.input[0].noise = 3;
    plan.input[0].tone[0].amplitude = 0;
    plan.code_max = 2050;
    struct code_generator generator;
    struct adc_block block;
    code_generator_init(&generator, &plan);
    const struct adc_source source = code_generator_source(&generator);
    unsigned seen = 0;
    while (source.read(source.ctx, &block) == STATUS_OK) {
        for (uint32_t n = 0; n < block.frame_count; n++) {
            assert_in_range(block.code[0][n], 2045, 2050);
            seen |= 1u << (block.code[0][n] - 2045);
        }
    }
    assert_int_equal(seen, 0x3f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_sine_lies_on_the_circle),
        cmocka_unit_test(makes_the_sine_and_the_changes_of_its_plan),
        cmocka_unit_test(makes_noise_within_its_bounds_and_clips),
    };
    return cmocka_run_group_tests_name("code_generator", tests, NULL, NULL);
}

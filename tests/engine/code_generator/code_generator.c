// SPDX-License-Identifier: MIT
#include "code_generator.h"

#include <stddef.h>

static const uint32_t QUARTER = UINT32_C(1) << 30;

/// Product of two numbers in units of 2^-30.
static uint64_t times(uint64_t a, uint64_t b)
{
    return (a * b) >> 30;
}

int32_t code_generator_sine(uint32_t angle)
{
    const uint32_t in_quarter = angle & (QUARTER - 1u);
    const bool falls = (angle & QUARTER) != 0;
    const uint64_t x = falls ? QUARTER - in_quarter : in_quarter;
    // The Taylor series of sin(x pi / 2), in units of 2^-30.
    const uint64_t square = times(x, x);
    uint64_t series = 3864u;
    series = 172272u - times(series, square);
    series = 5026995u - times(series, square);
    series = 85569306u - times(series, square);
    series = 693598668u - times(series, square);
    series = 1686629713u - times(series, square);
    const int32_t sine = (int32_t)times(series, x);
    return (angle >> 31) != 0 ? -sine : sine;
}

static void set_frequency(struct code_generator *generator, uint32_t mains_mhz)
{
    generator->step = (uint32_t)(((uint64_t)mains_mhz << 32) / generator->plan->rate_mhz);
}

void code_generator_init(struct code_generator *generator, const struct code_plan *plan)
{
    *generator = (struct code_generator){ .plan = plan,
                                          .angle = plan->start_angle,
                                          .random = plan->seed | 1u };
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        generator->level[input] = 1000;
    }
    set_frequency(generator, plan->mains_mhz);
}

static uint32_t random_below(struct code_generator *generator, uint32_t limit)
{
    uint32_t r = generator->random;
    r ^= r << 13;
    r ^= r >> 17;
    r ^= r << 5;
    generator->random = r;
    return (uint32_t)(((uint64_t)r * limit) >> 32);
}

/// `amplitude` times the sine, halves away from zero, without a shift of a negative number.
static int64_t scaled(uint32_t amplitude, int32_t sine)
{
    const uint64_t size = (uint64_t)(sine < 0 ? -sine : sine) * amplitude + (QUARTER >> 1);
    const int64_t value = (int64_t)(size >> 30);
    return sine < 0 ? -value : value;
}

static int64_t signal_of(const struct code_generator *generator, const struct code_input *input)
{
    int64_t value = 0;
    for (unsigned n = 0; n < CODE_TONE_LIMIT && input->tone[n].order != 0; n++) {
        const struct code_tone *tone = &input->tone[n];
        const int32_t sine = code_generator_sine(generator->angle * tone->order + tone->angle);
        if (n == 0 && input->half_wave && sine < 0) {
            return 0;
        }
        value += scaled(tone->amplitude, sine);
    }
    return input->every_second_cycle && (generator->cycle & 1u) != 0 ? 0 : value;
}

static int32_t code_of(struct code_generator *generator, unsigned index)
{
    const struct code_plan *plan = generator->plan;
    const struct code_input *input = &plan->input[index];
    int64_t code = signal_of(generator, input) * (int64_t)generator->level[index] / 1000;
    code += input->offset;
    if (input->noise != 0) {
        code += random_below(generator, input->noise + 1u);
        code -= random_below(generator, input->noise + 1u);
    }
    return (int32_t)(code < plan->code_min   ? plan->code_min
                     : code > plan->code_max ? plan->code_max
                                             : code);
}

static void pass_frame(struct code_generator *generator)
{
    const uint32_t before = generator->angle;
    generator->angle += generator->step;
    generator->cycle += generator->angle < before ? 1u : 0u;
    generator->frame++;
}

static void apply(struct code_generator *generator, const struct code_change *change,
                  struct adc_block *block)
{
    switch (change->kind) {
    case CODE_CHANGE_NONE:
        break;
    case CODE_CHANGE_LEVEL:
        generator->level[change->input % ADC_INPUT_LIMIT] = change->value;
        break;
    case CODE_CHANGE_FREQUENCY:
        set_frequency(generator, change->value);
        break;
    case CODE_CHANGE_PHASE:
        generator->angle += change->value;
        break;
    case CODE_CHANGE_LOSE:
        block->lost_frames += change->value;
        block->lost_unknown = block->lost_unknown || change->value == 0;
        for (uint32_t n = 0; n < change->value; n++) {
            pass_frame(generator);
        }
        break;
    case CODE_CHANGE_SWAP:
        block->channel_swap = true;
        break;
    }
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct code_generator *generator = ctx;
    const struct code_plan *plan = generator->plan;
    if (generator->frame >= plan->frames) {
        return STATUS_MISSING;
    }
    block->frame_count = plan->block_frames;
    block->lost_frames = 0;
    block->lost_unknown = false;
    block->channel_swap = false;
    while (generator->change < CODE_CHANGE_LIMIT &&
           plan->change[generator->change].kind != CODE_CHANGE_NONE &&
           plan->change[generator->change].frame < generator->frame + plan->block_frames) {
        apply(generator, &plan->change[generator->change++], block);
    }
    for (uint32_t n = 0; n < block->frame_count; n++) {
        for (unsigned input = 0; input < plan->input_count; input++) {
            block->code[input][n] = code_of(generator, input);
        }
        pass_frame(generator);
    }
    return STATUS_OK;
}

static uint64_t rate_of(void *ctx)
{
    const struct code_generator *generator = ctx;
    return generator->plan->rate_mhz;
}

struct adc_source code_generator_source(struct code_generator *generator)
{
    const struct code_plan *plan = generator->plan;
    return (struct adc_source){ .input_count = (uint8_t)plan->input_count,
                                .code_min = plan->code_min,
                                .code_max = plan->code_max,
                                .read = read_block,
                                .frame_rate_mhz = rate_of,
                                .ctx = generator };
}

uint64_t code_generator_uptime_us(const struct code_generator *generator)
{
    return generator->frame * UINT64_C(1000000000) / generator->plan->rate_mhz;
}

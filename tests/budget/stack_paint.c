// SPDX-License-Identifier: MIT
#include "stack_paint.h"

#include "stack_switch.h"

enum { WORDS = STACK_PAINT_SIZE / sizeof(uint32_t) };

static const uint32_t PAINT = 0xC0FFEE11;

void stack_paint_init(struct stack_paint *stack)
{
    for (unsigned n = 0; n < WORDS; n++) {
        stack->words[n] = PAINT;
    }
}

void stack_paint_call(struct stack_paint *stack, void (*step)(void *ctx), void *ctx)
{
    stack_switch(step, ctx, stack->words + WORDS);
}

uint32_t stack_paint_used(const struct stack_paint *stack)
{
    unsigned untouched = 0;
    while (untouched < WORDS && stack->words[untouched] == PAINT) {
        untouched++;
    }
    return (uint32_t)((WORDS - untouched) * sizeof(uint32_t));
}

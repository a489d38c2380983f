// SPDX-License-Identifier: MIT
#include "instruction_count.h"

static volatile uint32_t *const systick_control = (volatile uint32_t *)0xe000e010;
static volatile uint32_t *const systick_reload = (volatile uint32_t *)0xe000e014;
static volatile uint32_t *const systick_value = (volatile uint32_t *)0xe000e018;

enum { SYSTICK_ON = 5, SYSTICK_BITS = 24, INSTRUCTIONS_PER_TICK = 40 };

void instruction_count_start(void)
{
    *systick_reload = (1u << SYSTICK_BITS) - 1u;
    *systick_value = 0;
    *systick_control = SYSTICK_ON;
}

uint32_t instruction_count(void)
{
    // SysTick counts down in 24 bits; a whole round is kept by looking often enough.
    static uint32_t last;
    static uint32_t ticks;
    const uint32_t now = *systick_value;
    ticks += (last - now) & ((1u << SYSTICK_BITS) - 1u);
    last = now;
    return ticks * INSTRUCTIONS_PER_TICK;
}

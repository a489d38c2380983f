// SPDX-License-Identifier: MIT
#include "instruction_count.h"

void instruction_count_start(void)
{
}

uint32_t instruction_count(void)
{
    uint32_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count));
    return count;
}

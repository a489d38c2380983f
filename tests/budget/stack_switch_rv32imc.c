// SPDX-License-Identifier: MIT
#include "stack_switch.h"

__attribute__((naked)) void stack_switch(void (*entry)(void *ctx), void *ctx, void *top)
{
    // RISC-V calling convention: a0 to a2 hold the arguments, and s0 outlives the call.
    __asm__("addi sp, sp, -16\n"
            "sw ra, 12(sp)\n"
            "sw s0, 8(sp)\n"
            "mv s0, sp\n"
            "mv sp, a2\n"
            "mv t0, a0\n"
            "mv a0, a1\n"
            "jalr t0\n"
            "mv sp, s0\n"
            "lw s0, 8(sp)\n"
            "lw ra, 12(sp)\n"
            "addi sp, sp, 16\n"
            "ret\n");
    (void)entry;
    (void)ctx;
    (void)top;
}

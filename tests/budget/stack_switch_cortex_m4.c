// SPDX-License-Identifier: MIT
#include "stack_switch.h"

__attribute__((naked)) void stack_switch(void (*entry)(void *ctx), void *ctx, void *top)
{
    // AAPCS: r0 to r2 hold the arguments, and r4 outlives the call.
    __asm__("push {r4, lr}\n"
            "mov r4, sp\n"
            "mov sp, r2\n"
            "mov r3, r0\n"
            "mov r0, r1\n"
            "blx r3\n"
            "mov sp, r4\n"
            "pop {r4, pc}\n");
    (void)entry;
    (void)ctx;
    (void)top;
}

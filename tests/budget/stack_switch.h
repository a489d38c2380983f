// SPDX-License-Identifier: MIT
#pragma once

/// A stack of a task's own. Each machine has its own source.

/// Calls `entry(ctx)` with the stack pointer at `top`, which is a multiple of 16, and returns after
/// it.
void stack_switch(void (*entry)(void *ctx), void *ctx, void *top);

// SPDX-License-Identifier: MIT
#pragma once

/// A stack that is painted before it is used, so that what was ever touched can be seen.

#include <stdint.h>

enum { STACK_PAINT_SIZE = 16384 };

/// Owned by the caller; begins with stack_paint_init().
struct stack_paint {
    _Alignas(16) uint32_t words[STACK_PAINT_SIZE / sizeof(uint32_t)];
};

void stack_paint_init(struct stack_paint *stack);

/// Calls `step(ctx)` on it. Whatever it returns must be kept in `ctx`.
void stack_paint_call(struct stack_paint *stack, void (*step)(void *ctx), void *ctx);

/// The bytes from the top to the lowest place ever touched.
uint32_t stack_paint_used(const struct stack_paint *stack);

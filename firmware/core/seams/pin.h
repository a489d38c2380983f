// SPDX-License-Identifier: MIT
#pragma once

/// One digital pin. Writing takes effect at once and cannot fail; neither call may block.

#include <stdbool.h>

struct output_pin {
    void (*write)(void *ctx, bool high);
    void *ctx;
};

struct input_pin {
    bool (*read)(void *ctx);
    void *ctx;
};

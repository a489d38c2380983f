// SPDX-License-Identifier: MIT
#pragma once

/// Mutual exclusion between two tasks that may both wait. The button and sampling tasks never take one.

struct lock {
    void (*acquire)(void *ctx);
    void (*release)(void *ctx);
    void *ctx;
};

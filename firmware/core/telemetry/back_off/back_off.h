// SPDX-License-Identifier: MIT
#pragma once

/// How long to wait before the next try, when many devices lost the same broker at once.
///
/// The wait doubles from `first_ms` to `limit_ms`; each is drawn evenly from its upper half, so
/// that a fleet does not come back in step.

#include <stdint.h>

#include "entropy.h"

struct back_off {
    const struct entropy *entropy;
    uint32_t first_ms;
    uint32_t limit_ms;
    uint32_t next_ms;
};

/// `entropy` must outlive it; `first_ms` is at least 1 and at most `limit_ms`.
void back_off_init(struct back_off *back_off, const struct entropy *entropy, uint32_t first_ms,
                   uint32_t limit_ms);

/// The wait after one more failure, in milliseconds.
uint32_t back_off_fail(struct back_off *back_off);

/// The next failure is a first one again.
void back_off_succeed(struct back_off *back_off);

// SPDX-License-Identifier: MIT
#pragma once

/// Random bytes fit for identifiers, jitter and keys.

#include <stddef.h>

#include "status.h"

struct entropy {
    MUST_CHECK enum status (*fill)(void *ctx, void *out, size_t size);
    void *ctx;
};

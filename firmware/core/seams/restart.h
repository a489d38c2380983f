// SPDX-License-Identifier: MIT
#pragma once

/// Starting the device again from nothing, as its reset pin would.

struct restart {
    /// Ends everything at once, whatever the other tasks wait for, and boots again. On hardware it
    /// does not return. A port that needs a moment returns at once and lets no task delay the end.
    void (*now)(void *ctx);

    void *ctx;
};

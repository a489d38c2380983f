// SPDX-License-Identifier: MIT
#pragma once

/// Where the processing side puts what it finds out; the journal in a device.

#include "record.h"
#include "status.h"

struct record_sink {
    /// Keeps `record` for good before it returns. May block for as long as the disk does.
    ///
    /// @return anything but STATUS_OK: nothing was kept; the caller may offer it again.
    MUST_CHECK enum status (*commit)(void *ctx, const struct record *record);

    void *ctx;
};

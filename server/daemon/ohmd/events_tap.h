// SPDX-License-Identifier: MIT
#pragma once

/// Passes every event on, and shows those about a device to one more listener first.

#include "fleet_events.h"

/// Storage of its owner; filled in by events_tap_init().
struct events_tap {
    struct fleet_events onwards;
    void (*device)(void *ctx, const struct device_view *device);
    void *ctx;
};

/// @return the events to be given to those who tell; `tap` must outlive them.
struct fleet_events events_tap_init(struct events_tap *tap, struct fleet_events onwards,
                                    void (*device)(void *ctx, const struct device_view *device),
                                    void *ctx);

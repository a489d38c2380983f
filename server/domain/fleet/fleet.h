// SPDX-License-Identifier: MIT
#pragma once

/// The fleet as the edges get it: everything they may ask and tell. The daemon fills it in once; it
/// owns nothing.

#include "command_tracker.h"
#include "device_link.h"
#include "device_registry.h"
#include "fleet_counters.h"
#include "fleet_events.h"
#include "fleet_host.h"
#include "fleet_store.h"

enum { FLEET_REASON_SIZE = 256 };

/// Says whether the server can do its work. Any thread may ask.
struct fleet_health {
    /// @return false  and in `reason` a sentence that names the cause.
    bool (*is_well)(void *ctx, char reason[FLEET_REASON_SIZE]);
    void *ctx;
};

struct fleet {
    const struct fleet_host *host;
    const struct fleet_store *store;
    const struct device_link *link;
    struct device_registry *devices;
    struct command_tracker *commands;
    struct fleet_counters *counters;
    const struct fleet_health *health;
};

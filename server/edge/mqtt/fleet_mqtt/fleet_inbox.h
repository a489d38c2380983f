// SPDX-License-Identifier: MIT
#pragma once

/// What arrives from the devices: each message is checked, counted and handed to whom it concerns.
/// Batches and `data` go to the intake, everything else to registry and tracker. The thread of the
/// broker's connection owns it.

#include "device_traffic.h"
#include "fleet.h"
#include "fleet_log.h"
#include "intake.h"

struct mosquitto_message;

/// Everything it needs; filled in by the owner and not owned here.
struct fleet_inbox {
    const struct fleet_host *fleet_host;
    const struct fleet_log *log;
    struct fleet_counters *counters;
    const char *lab_device; ///< Speaks the flat topics; NULL: none does.
    struct device_traffic *traffic;
    struct device_registry *devices;
    struct command_tracker *commands;
    struct intake *intake;

    /// Asks a device how its relays are.
    void (*ask_relays)(void *ctx, const char *device_id);
    void *ctx;
};

/// Takes one message, or counts why not.
void fleet_inbox_take(struct fleet_inbox *inbox, const struct mosquitto_message *message);

/// Logs a line about a device, at most one a minute.
void fleet_inbox_note(struct fleet_inbox *inbox, const char *device_id, const char *what);

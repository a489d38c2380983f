// SPDX-License-Identifier: MIT
#pragma once

/// What people ask of the meter in a rig, by commands as they come from the broker: the parser, the
/// mailbox, the desk, the session and the store of a device.

#include "calibration_session.h"
#include "code_census.h"
#include "flash_memory.h"
#include "linearity_session.h"
#include "maximum_demand.h"
#include "meter_rig.h"
#include "metering_desk.h"
#include "metering_mailbox.h"
#include "record_store.h"

struct rig_commands {
    struct wiring wiring;
    struct flash_memory flash;
    struct record_store records;
    struct key_value values;
    struct calibration_store calibrations;
    struct calibration_session calibration;
    struct code_census census;
    union metering_workspace workspace;
    struct linearity_session linearity;
    struct maximum_demand maximum;
    struct metering_mailbox mailbox;
    struct metering_desk desk;
    struct code_tap code_tap;
    struct window_watcher watcher;
};

/// A new device, with nothing kept, for rigs of these channels and codes.
void rig_commands_init(struct rig_commands *commands, const struct meter_rig *rig);

/// Lets the rig be this device's.
void rig_commands_bind(struct rig_commands *commands, struct meter_rig *rig);

/// Gives a command with these members and returns the answer. Fails the cmocka test when it cannot
/// be read.
struct metering_answer rig_commands_give(struct rig_commands *commands, const char *members);

/// The processing task's other work; call it at every reading. `ctx` is the struct rig_commands.
void rig_commands_reading(void *ctx, const struct reading *reading);

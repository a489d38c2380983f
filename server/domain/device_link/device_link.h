// SPDX-License-Identifier: MIT
#pragma once

/// The way to the devices. The MQTT edge implements it. Any thread may call; nothing blocks: the
/// calls queue a message and return.

#include <stdint.h>

#include "command_result.h"
#include "status.h"

enum command_action {
    COMMAND_ACTION_SET_RELAY,  ///< One relay to one state.
    COMMAND_ACTION_SET_RELAYS, ///< All eight at once.
};

/// A command in absolute terms: carried out twice it does the same as once.
struct relay_command {
    enum command_action action;
    uint8_t relay; ///< SET_RELAY: 0 to 7.
    bool state;    ///< SET_RELAY: true closes.
    uint8_t mask;  ///< SET_RELAYS: bit n closes relay n.
};

struct device_link {
    /// Sends a command that the device must not carry out after `expires_s` (Unix time in seconds).
    ///
    /// @return STATUS_IO    there is no connection to the broker;
    ///         STATUS_FULL  too much is waiting to be sent.
    MUST_CHECK enum status (*send_command)(void *ctx, const char *device_id, const char *cmd_id,
                                           const struct relay_command *command, int64_t issued_s,
                                           int64_t expires_s);

    /// Asks the device for `realtime` for so many seconds, at most 120.
    MUST_CHECK enum status (*send_lease)(void *ctx, const char *device_id, unsigned realtime_s);

    void *ctx;
};

// SPDX-License-Identifier: MIT
#pragma once

/// Commands on their way: each gets a name (`cmd_id`), one result, or none within its time.
/// Nothing blocks; the result arrives by a call. Any thread may call any function.

#include <stddef.h>

#include "command_result.h"
#include "device_link.h"
#include "fleet_counters.h"
#include "fleet_events.h"
#include "fleet_host.h"
#include "status.h"

enum {
    COMMAND_TRACKER_LIMIT = 1024,      ///< Most commands under way.
    COMMAND_TRACKER_TIMEOUT_MS = 5000, ///< Then the result is UNCONFIRMED.
    COMMAND_TRACKER_LIFE_S = 10,       ///< The device must not act later than this.
};

struct command_tracker;

/// Told once how a command ended, from the thread that learned it. Must not block and must not call
/// the tracker.
struct command_waiter {
    void (*ended)(void *ctx, const struct command_result *result);
    void *ctx;
};

/// The three must outlive the tracker. @return NULL  no memory.
struct command_tracker *command_tracker_open(const struct fleet_host *host,
                                             const struct device_link *link,
                                             const struct fleet_events *events,
                                             struct fleet_counters *counters);

/// Frees the tracker; waiters are not told. NULL is fine.
void command_tracker_close(struct command_tracker *tracker);

/// Sends a command. `waiter` (NULL: nobody waits) is copied; it is told exactly once when this
/// returns STATUS_OK, perhaps before it returns, and never otherwise. Whether the device is known
/// and online is for the caller to ask first.
///
/// @param cmd_id  receives the command's name.
/// @return STATUS_INVALID  no such relay;
///         STATUS_FULL     too many commands under way;
///         STATUS_IO       the broker is out of reach.
MUST_CHECK enum status command_tracker_send(struct command_tracker *tracker, const char *device_id,
                                            const struct relay_command *command,
                                            const struct command_waiter *waiter,
                                            char cmd_id[COMMAND_ID_SIZE]);

/// Stops waiting: after this returns, the waiter of `cmd_id` is not called any more. The command
/// itself goes on.
void command_tracker_forget(struct command_tracker *tracker, const char *cmd_id);

/// Takes a result that came from `device_id`.
///
/// @return STATUS_MISSING  no such command is under way for this device.
MUST_CHECK enum status command_tracker_finish(struct command_tracker *tracker,
                                              const char *device_id,
                                              const struct command_result *result);

/// Ends commands whose time is over; call it several times a second.
void command_tracker_tick(struct command_tracker *tracker);

// SPDX-License-Identifier: MIT
#pragma once

/// What happens in the fleet, told as it happens to whoever shows it: the live stream implements
/// this. Calls come from several threads at once and must return quickly, without blocking and
/// without calling back into the registry or the tracker. The arguments are valid during the call.

#include "command_result.h"
#include "device_view.h"
#include "fleet_store.h"

struct fleet_events {
    /// A device's newest reading has been committed: at most one per device and commit.
    void (*reading)(void *ctx, const struct stored_reading *reading);

    /// A device's event or spectrum has been committed. Of an event, `has_waveform` tells what had
    /// come by then; its waveform may follow.
    void (*finding)(void *ctx, const struct stored_finding *finding);

    /// A device reported its relays: bit n of `relay_mask` set means that relay n is closed.
    void (*relay)(void *ctx, const char *device_id, uint8_t relay_mask, int64_t time_ms);

    /// A device came, went or changed its name.
    void (*device)(void *ctx, const struct device_view *device);

    /// A command ended, by a result or by time.
    void (*command)(void *ctx, const char *device_id, const struct command_result *result);

    void *ctx;
};

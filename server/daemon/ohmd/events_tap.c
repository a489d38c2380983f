// SPDX-License-Identifier: MIT
#include "events_tap.h"

static void tell_reading(void *ctx, const struct stored_reading *reading)
{
    const struct events_tap *tap = ctx;
    tap->onwards.reading(tap->onwards.ctx, reading);
}

static void tell_finding(void *ctx, const struct stored_finding *finding)
{
    const struct events_tap *tap = ctx;
    tap->onwards.finding(tap->onwards.ctx, finding);
}

static void tell_relay(void *ctx, const char *device_id, uint8_t relay_mask, int64_t time_ms)
{
    const struct events_tap *tap = ctx;
    tap->onwards.relay(tap->onwards.ctx, device_id, relay_mask, time_ms);
}

static void tell_device(void *ctx, const struct device_view *device)
{
    const struct events_tap *tap = ctx;
    tap->device(tap->ctx, device);
    tap->onwards.device(tap->onwards.ctx, device);
}

static void tell_command(void *ctx, const char *device_id, const struct command_result *result)
{
    const struct events_tap *tap = ctx;
    tap->onwards.command(tap->onwards.ctx, device_id, result);
}

struct fleet_events events_tap_init(struct events_tap *tap, struct fleet_events onwards,
                                    void (*device)(void *ctx, const struct device_view *device),
                                    void *ctx)
{
    *tap = (struct events_tap){ .onwards = onwards, .device = device, .ctx = ctx };
    return (struct fleet_events){ .reading = tell_reading,
                                  .finding = tell_finding,
                                  .relay = tell_relay,
                                  .device = tell_device,
                                  .command = tell_command,
                                  .ctx = tap };
}

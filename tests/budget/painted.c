// SPDX-License-Identifier: MIT

/// Drives every task through its work on a stack of its own and prints how deep each went:
///     painted STEP BYTES
/// run_budget.sh compares that with what is computed for the same program.

#include <stdio.h>
#include <string.h>

#include "painted_device.h"
#include "stack_paint.h"

enum { TICKS_PER_S = 1000000 / PAINTED_TICK_US, SECONDS = 27, TEXT_SIZE = 400, LIFE_S = 60 };

struct actor {
    const char *name;
    void (*step)(void *ctx);
    struct stack_paint stack;
};

/// What the fleet asks for, at which second.
static const struct request {
    unsigned at_s;
    const char *id;
    const char *rest;
} requests[] = {
    { 2, "c1", "\"action\":\"set_relays\",\"mask\":170" },
    { 3, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":true" },
    { 5, "c3",
      "\"action\":\"calibrate\",\"channel\":0,\"seconds\":3,\"resistive\":true,"
      "\"voltage_mv\":226000,\"current_ma\":21000" },
    { 10, "c4", "\"action\":\"calibration_apply\",\"channel\":0,\"who\":\"somebody\"" },
    { 11, "c5", "\"action\":\"calibration_get\",\"channel\":0" },
    { 12, "c6", "\"action\":\"linearity_gather\",\"voltage\":true,\"channels\":7,\"seconds\":11" },
    { 25, "c7", "\"action\":\"linearity_apply\",\"who\":\"somebody\"" },
    { 26, "c8", "\"action\":\"demand_get\"" },
};

/// Sends a native command with the members `rest`.
static void send(struct painted_device *device, const char *id, const char *rest)
{
    char text[TEXT_SIZE];
    const long now_s = (long)((PAINTED_EPOCH_MS + (int64_t)(device->now_us / 1000)) / 1000);
    (void)snprintf(text, sizeof text,
                   "{\"cmd_id\":\"%s\",\"v\":1,\"target\":\"meter-1\",\"iat\":%ld,\"exp\":%ld,%s}",
                   id, now_s - LIFE_S, now_s + LIFE_S, rest);
    fake_fleet_send(&device->fleet, "energy_meter/meter-1/command", text);
}

/// What must have come of it: without, the stacks would say little.
static const char *missing_work(const struct painted_device *device)
{
    if (device->status != STATUS_OK) {
        return "a task failed";
    }
    if (device->engine.linearity.store.newest == 0) {
        return "no table of the converter was applied";
    }
    if (device->engine.calibrations.newest == 0) {
        return "no calibration was applied";
    }
    if (device->communication.counters.commands != sizeof requests / sizeof requests[0]) {
        return "not every command arrived";
    }
    if (device->communication.counters.batches < SECONDS / 2 || device->restarted) {
        return "too few batches, or a restart";
    }
    return NULL;
}

static void run_s(struct painted_device *device, struct actor *actors, unsigned count)
{
    for (unsigned tick = 0; tick < TICKS_PER_S; tick++) {
        device->now_us += PAINTED_TICK_US;
        for (unsigned n = 0; n < count; n++) {
            stack_paint_call(&actors[n].stack, actors[n].step, device);
        }
        painted_fleet_step(device);
    }
}

int main(void)
{
    static struct painted_device device;
    static struct actor actors[] = { { .name = "painted_button", .step = painted_button },
                                     { .name = "painted_sampling", .step = painted_sampling },
                                     { .name = "painted_processing", .step = painted_processing },
                                     { .name = "painted_communication",
                                       .step = painted_communication } };
    const unsigned count = sizeof actors / sizeof actors[0];
    for (unsigned n = 0; n < count; n++) {
        stack_paint_init(&actors[n].stack);
    }
    if (painted_device_init(&device) != STATUS_OK) {
        printf("failed: the device cannot be put together\n");
        return 1;
    }
    for (unsigned second = 0, next = 0; second < SECONDS; second++) {
        while (next < sizeof requests / sizeof requests[0] && requests[next].at_s == second) {
            send(&device, requests[next].id, requests[next].rest);
            next++;
        }
        device.pressed = second == 4 || second == 5; // A press that asks for nothing.
        run_s(&device, actors, count);
    }
    const char *missing = missing_work(&device);
    if (missing != NULL) {
        printf("failed: %s\n", missing);
    }
    for (unsigned n = 0; n < count; n++) {
        printf("painted %s %lu\n", actors[n].name,
               (unsigned long)stack_paint_used(&actors[n].stack));
    }
    return missing != NULL ? 1 : 0;
}

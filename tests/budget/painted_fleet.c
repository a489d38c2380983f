// SPDX-License-Identifier: MIT
#include "painted_device.h"

enum { DWELL_MS = 200 };

static bool is_up(void *ctx)
{
    return !((const struct painted_device *)ctx)->pressed;
}

static void light(void *ctx, bool on)
{
    ((struct painted_device *)ctx)->lit = on;
}

static void drive_nothing(void *ctx, bool high)
{
    (void)ctx;
    (void)high;
}

static void restart(void *ctx)
{
    ((struct painted_device *)ctx)->restarted = true;
}

static void describe(void *ctx, struct system_status_payload *status)
{
    (void)ctx;
    status->free_memory = 1000;
}

static enum status_led_pattern pattern(void *ctx, bool online)
{
    (void)ctx;
    return online ? STATUS_LED_CONNECTED : STATUS_LED_NETWORK;
}

static void notice(void *ctx, enum communication_notice kind, const char *text)
{
    (void)ctx;
    (void)kind;
    (void)text;
}

static void init_button(struct painted_device *device)
{
    const struct output_pin pin = { .write = drive_nothing };
    const struct shift_register_pins pins = {
        .data = pin, .clock = pin, .latch = pin, .output_enable = pin
    };
    shift_register_init(&device->chip, &pins);
    device->bank_port = shift_register_port(&device->chip);
    relay_mailbox_init(&device->mailbox);
    const struct button_task_parts parts = {
        .relays = &device->bank_port,
        .button = { .read = is_up, .ctx = device },
        .led = { .write = light, .ctx = device },
        .restart = { .now = restart, .ctx = device },
        .retained = &device->retained,
        .mailboxes = { &device->mailbox },
        .dwell_ms = DWELL_MS,
    };
    button_task_init(&device->button, &parts, device->now_us);
    button_task_restore(&device->button, 0);
}

enum status painted_fleet_init(struct painted_device *device)
{
    init_button(device);
    fake_fleet_init(&device->fleet, 7);
    device->session = fake_fleet_session(&device->fleet);
    const struct communication_parts parts = {
        .settings = &device->settings,
        .clock = &device->clock,
        .entropy = &device->entropy,
        .session = &device->session,
        .journal_lock = &device->lock,
        .journal = &device->journal,
        .mailbox = &device->mailbox,
        .metering = &device->requests,
        .button = &device->button,
        .version = "1.2.3",
        .boot_id = 1,
        .describe = describe,
        .pattern = pattern,
        .notice = notice,
        .ctx = device,
    };
    return communication_task_init(&device->communication, &parts);
}

void painted_button(void *ctx)
{
    struct painted_device *device = ctx;
    button_task_step(&device->button, device->now_us);
}

void painted_communication(void *ctx)
{
    struct painted_device *device = ctx;
    (void)communication_task_step(&device->communication);
}

void painted_fleet_step(struct painted_device *device)
{
    const uint64_t now_ms = device->now_us / 1000;
    fake_fleet_step(&device->fleet, now_ms, PAINTED_EPOCH_MS + (int64_t)now_ms);
}

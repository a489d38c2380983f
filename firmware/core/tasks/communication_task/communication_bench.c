// SPDX-License-Identifier: MIT
#include "communication_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t EPOCH_MS = 1763690000000;

static struct bench bench;

static enum status flash_read(void *ctx, uint32_t offset, void *out, size_t size)
{
    memcpy(out, ((struct bench *)ctx)->flash + offset, size);
    return STATUS_OK;
}

static enum status flash_program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    uint8_t *flash = ((struct bench *)ctx)->flash + offset;
    for (size_t i = 0; i < size; i++) {
        flash[i] &= ((const uint8_t *)data)[i];
    }
    return STATUS_OK;
}

static enum status flash_erase(void *ctx, uint32_t offset)
{
    memset(((struct bench *)ctx)->flash + offset, 0xFF, BENCH_SECTOR_SIZE);
    return STATUS_OK;
}

static enum status flash_sync(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

static uint64_t uptime_us(void *ctx)
{
    return ((struct bench *)ctx)->now_us;
}

static bool utc_ms(void *ctx, int64_t *utc, uint32_t *uncertainty_ms)
{
    const struct bench *b = ctx;
    *utc = EPOCH_MS + (int64_t)(b->now_us / 1000);
    *uncertainty_ms = 50;
    return b->host_knows_time;
}

static enum status fill(void *ctx, void *out, size_t size)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < size; i++) {
        b->random = b->random * 1664525u + 1013904223u;
        ((uint8_t *)out)[i] = (uint8_t)(b->random >> 24);
    }
    return STATUS_OK;
}

static bool try_acquire(void *ctx)
{
    return !((struct bench *)ctx)->locked;
}

static void acquire(void *ctx)
{
    assert_false(((struct bench *)ctx)->locked); // Waiting here would be waiting for ever.
}

static void release(void *ctx)
{
    (void)ctx;
}

static enum status latch(void *ctx, uint8_t outputs)
{
    struct bench *b = ctx;
    if (b->bus_dead) {
        return STATUS_IO;
    }
    b->coils = outputs;
    return STATUS_OK;
}

static void enable(void *ctx, bool on)
{
    (void)ctx;
    (void)on;
}

static bool button_is_up(void *ctx)
{
    (void)ctx;
    return true;
}

static bool case_is_open(void *ctx)
{
    return ((struct bench *)ctx)->case_open;
}

static void light(void *ctx, bool on)
{
    (void)ctx;
    (void)on;
}

static void restart_now(void *ctx)
{
    (void)ctx;
    fail_msg("the button task restarted the device");
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
    assert_non_null(text);
    ((struct bench *)ctx)->notices[kind]++;
}

void bench_boot(struct bench *b)
{
    b->boot_id++;
    assert_int_equal(journal_open(&b->journal, &b->region, &b->entropy), STATUS_OK);
    relay_mailbox_init(&b->mailbox);
    metering_mailbox_init(&b->metering);
    b->bank_port = (struct relay_bank_port){ .latch = latch, .enable = enable, .ctx = b };
    const struct button_task_parts button = {
        .relays = &b->bank_port,
        .button = { .read = button_is_up, .ctx = b },
        .led = { .write = light, .ctx = b },
        .tamper = { .read = b->tamper_switch ? case_is_open : NULL, .ctx = b },
        .restart = { .now = restart_now, .ctx = b },
        .retained = &b->retained,
        .mailboxes = { &b->mailbox },
        .dwell_ms = b->settings.dwell_ms,
        .absent = (uint8_t)(UINT8_MAX << b->settings.relays),
    };
    button_task_init(&b->button, &button, b->now_us);
    button_task_restore(&b->button, 0);
    const struct communication_parts parts = {
        .settings = &b->settings,
        .clock = &b->clock,
        .entropy = &b->entropy,
        .session = &b->session,
        .journal_lock = &b->lock,
        .journal = &b->journal,
        .mailbox = &b->mailbox,
        .metering = &b->metering,
        .button = &b->button,
        .crypto = b->crypto,
        .command_key = b->command_key,
        .version = "1.2.3",
        .boot_id = b->boot_id,
        .describe = describe,
        .pattern = pattern,
        .notice = notice,
        .ctx = b,
    };
    assert_int_equal(communication_task_init(&b->task, &parts), STATUS_OK);
}

int bench_power_up(void **state)
{
    struct bench *b = &bench;
    *state = b;
    memset(b, 0, sizeof *b);
    memset(b->flash, 0xFF, sizeof b->flash);
    b->region = (struct flash_region){ .size = BENCH_FLASH_SIZE,
                                       .sector_size = BENCH_SECTOR_SIZE,
                                       .read = flash_read,
                                       .program = flash_program,
                                       .erase = flash_erase,
                                       .sync = flash_sync,
                                       .ctx = b };
    b->now_us = 1000000;
    b->host_knows_time = true;
    b->random = 1;
    b->clock = (struct clock){ .uptime_us = uptime_us, .utc_ms = utc_ms, .ctx = b };
    b->entropy = (struct entropy){ .fill = fill, .ctx = b };
    b->lock = (struct lock){
        .acquire = acquire, .try_acquire = try_acquire, .release = release, .ctx = b
    };
    settings_init(&b->settings);
    (void)!settings_set(&b->settings, "device_id", "meter-1");
    fake_fleet_init(&b->fleet, 7);
    b->session = fake_fleet_session(&b->fleet);
    bench_boot(b);
    return 0;
}

void bench_tick(struct bench *b)
{
    b->now_us += BENCH_TICK_MS * 1000;
    if (!b->button_hangs) {
        button_task_step(&b->button, b->now_us);
    }
    (void)communication_task_step(&b->task);
    fake_fleet_step(&b->fleet, b->now_us / 1000, EPOCH_MS + (int64_t)(b->now_us / 1000));
}

void bench_run_ms(struct bench *b, unsigned ms)
{
    for (unsigned passed = 0; passed < ms; passed += BENCH_TICK_MS) {
        bench_tick(b);
    }
}

void bench_append_reading(struct bench *b)
{
    struct record record = { .kind = RECORD_KIND_READING };
    uint64_t seq = 0;
    record.reading.uptime_ms = b->now_us / 1000;
    record.reading.window_us = 1000000;
    record.reading.channels = 1;
    record.reading.channel[0].voltage_10mv = 23000;
    record.reading.channel[0].import_mj = (int64_t)b->now_us;
    assert_int_equal(journal_append(&b->journal, b->boot_id, &record, &seq), STATUS_OK);
}

void bench_send_command(struct bench *b, const char *id, const char *rest, int64_t expires_in_s)
{
    char text[512];
    const int64_t now_s = (EPOCH_MS + (int64_t)(b->now_us / 1000)) / 1000;
    (void)snprintf(
        text, sizeof text,
        "{\"cmd_id\":\"%s\",\"v\":1,\"target\":\"meter-1\",\"iat\":%lld,\"exp\":%lld,%s}", id,
        (long long)(now_s - 60), (long long)(now_s + expires_in_s), rest);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/command", text);
}

void bench_assert_last(struct bench *b, const char *leaf, const char *part)
{
    const struct fake_message *message = fake_fleet_last(&b->fleet, leaf);
    assert_non_null(message);
    if (strstr(message->payload, part) == NULL) {
        fail_msg("%s is not in %s", part, message->payload);
    }
}

void bench_assert_all_arrived(struct bench *b)
{
    for (uint64_t seq = 1; seq < journal_next_seq(&b->journal); seq++) {
        if (!b->fleet.stored[seq]) {
            fail_msg("record %u never arrived", (unsigned)seq);
        }
    }
    assert_true(communication_task_is_delivered(&b->task));
    assert_int_equal(journal_oldest_seq(&b->journal), journal_next_seq(&b->journal));
}

/// Batches and acknowledgements are lost, repeated and overtake each other, sessions drop, and the
/// device is killed again and again.

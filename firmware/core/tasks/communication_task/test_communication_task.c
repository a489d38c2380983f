// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "communication_task.h"
#include "fake_fleet.h"
#include "reading_example.h"

enum { FLASH_SIZE = 64 * 4096, SECTOR_SIZE = 4096, TICK_MS = 10 };

static const int64_t EPOCH_MS = 1763690000000;

/// A whole device around the task, and the fleet it speaks with. The test is the clock.
struct bench {
    uint8_t flash[FLASH_SIZE];
    struct flash_region region;
    uint64_t now_us;
    bool host_knows_time;
    uint32_t random;
    bool locked; ///< Another task holds the journal.
    uint8_t coils;
    bool bus_dead;
    bool button_hangs;
    uint32_t boot_id;

    struct settings settings;
    struct clock clock;
    struct entropy entropy;
    struct lock lock;
    struct journal journal;
    struct retained_memory retained;
    struct relay_bank_port bank_port;
    struct relay_mailbox mailbox;
    struct button_task button;
    struct fake_fleet fleet;
    struct mqtt_session session;
    struct communication_task task;
    unsigned notices[COMMUNICATION_STORAGE + 1];
};

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
    memset(((struct bench *)ctx)->flash + offset, 0xFF, SECTOR_SIZE);
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

/// Starts the device again on the flash it has; what was only in memory is gone.
static void boot(struct bench *b)
{
    b->boot_id++;
    assert_int_equal(journal_open(&b->journal, &b->region, &b->entropy), STATUS_OK);
    relay_mailbox_init(&b->mailbox);
    b->bank_port = (struct relay_bank_port){ .latch = latch, .enable = enable, .ctx = b };
    const struct button_task_parts button = {
        .relays = &b->bank_port,
        .button = { .read = button_is_up, .ctx = b },
        .led = { .write = light, .ctx = b },
        .restart = { .now = restart_now, .ctx = b },
        .retained = &b->retained,
        .mailboxes = { &b->mailbox },
        .dwell_ms = b->settings.dwell_ms,
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
        .button = &b->button,
        .version = "1.2.3",
        .boot_id = b->boot_id,
        .describe = describe,
        .pattern = pattern,
        .notice = notice,
        .ctx = b,
    };
    assert_int_equal(communication_task_init(&b->task, &parts), STATUS_OK);
}

static int power_up(void **state)
{
    struct bench *b = &bench;
    *state = b;
    memset(b, 0, sizeof *b);
    memset(b->flash, 0xFF, sizeof b->flash);
    b->region = (struct flash_region){ .size = FLASH_SIZE,
                                       .sector_size = SECTOR_SIZE,
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
    boot(b);
    return 0;
}

/// One tick of every task and of the fleet.
static void tick(struct bench *b)
{
    b->now_us += TICK_MS * 1000;
    if (!b->button_hangs) {
        button_task_step(&b->button, b->now_us);
    }
    (void)communication_task_step(&b->task);
    fake_fleet_step(&b->fleet, b->now_us / 1000, EPOCH_MS + (int64_t)(b->now_us / 1000));
}

static void run_ms(struct bench *b, unsigned ms)
{
    for (unsigned passed = 0; passed < ms; passed += TICK_MS) {
        tick(b);
    }
}

static void append_reading(struct bench *b)
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

static void send_command(struct bench *b, const char *id, const char *rest, int64_t expires_in_s)
{
    char text[512];
    const int64_t now_s = (EPOCH_MS + (int64_t)(b->now_us / 1000)) / 1000;
    (void)snprintf(
        text, sizeof text,
        "{\"cmd_id\":\"%s\",\"v\":1,\"target\":\"meter-1\",\"iat\":%lld,\"exp\":%lld,%s}", id,
        (long long)(now_s - 60), (long long)(now_s + expires_in_s), rest);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/command", text);
}

static void assert_last(struct bench *b, const char *leaf, const char *part)
{
    const struct fake_message *message = fake_fleet_last(&b->fleet, leaf);
    assert_non_null(message);
    if (strstr(message->payload, part) == NULL) {
        fail_msg("%s is not in %s", part, message->payload);
    }
}

static void says_what_it_is_as_soon_as_it_is_connected(void **state)
{
    struct bench *b = *state;
    run_ms(b, 100);
    assert_int_equal(b->fleet.subscriptions, TOPIC_COUNT - TOPIC_FIRST_DOWN);
    assert_string_equal(b->fleet.will, "{\"status\":\"offline\",\"timestamp\":0}");
    assert_true(b->task.will.retain);
    assert_last(b, "system_status", "\"status\":\"online\",\"device_id\":\"meter-1\"");
    assert_last(b, "system_status", "\"version\":\"1.2.3\"");
    assert_last(b, "system_status", "\"boot_id\":1}");
    assert_true(fake_fleet_last(&b->fleet, "system_status")->retained);
    assert_last(b, "relay_status", "\"relay_mask\":0");
    assert_false(fake_fleet_last(&b->fleet, "relay_status")->retained);
    assert_null(fake_fleet_last(&b->fleet, "realtime"));
    assert_null(fake_fleet_last(&b->fleet, "data"));
}

static void lets_go_of_records_only_when_the_server_has_them(void **state)
{
    struct bench *b = *state;
    b->fleet.deaf = true;
    for (unsigned second = 0; second < 30; second++) {
        append_reading(b);
        run_ms(b, 1000);
    }
    assert_int_equal(journal_released_seq(&b->journal), 0);
    assert_false(communication_task_is_delivered(&b->task));
    b->fleet.deaf = false;
    run_ms(b, 30000);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
    assert_int_equal(journal_oldest_seq(&b->journal), journal_next_seq(&b->journal));
    assert_true(communication_task_is_delivered(&b->task));
}

/// Records that fill a batch are sent with fewer others.
static void carries_every_kind_of_record_at_its_largest(void **state)
{
    struct bench *b = *state;
    b->fleet.deaf = true;
    for (unsigned i = 0; i < 60; i++) {
        const struct record record = reading_example_extreme(
            i % 3 == 0 ? i / 3 % RECORD_KIND_COUNT : RECORD_KIND_WAVEFORM, i % 2 == 1);
        uint64_t seq = 0;
        assert_int_equal(journal_append(&b->journal, b->boot_id, &record, &seq), STATUS_OK);
    }
    b->fleet.deaf = false;
    run_ms(b, 60000);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
    assert_true(communication_task_is_delivered(&b->task));
}

static void assert_all_arrived(struct bench *b)
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
static void loses_nothing_on_a_bad_network_and_over_kills(void **state)
{
    struct bench *b = *state;
    b->fleet.unwell = true;
    for (unsigned second = 0; second < 400; second++) {
        append_reading(b);
        run_ms(b, 1000);
        assert_true(b->task.delivery.in_flight <= DELIVERY_WINDOW);
        if (second % 37 == 36) {
            boot(b);
        }
    }
    b->fleet.unwell = false;
    run_ms(b, 90000);
    assert_all_arrived(b);
    assert_true(b->fleet.connects > 5);
    assert_true(b->fleet.repeats > 0);
}

/// The session drops at the first call, the second, and so on, with and without a kill.
static void loses_nothing_when_the_session_drops_at_any_step(void **state)
{
    for (int calls = 0; calls < 40; calls++) {
        for (unsigned kill = 0; kill < 2; kill++) {
            assert_int_equal(power_up(state), 0);
            struct bench *b = *state;
            b->settings.batch_records = 2;
            b->task.delivery.batch_limit = 2;
            b->fleet.calls_left = calls;
            for (unsigned i = 0; i < 40; i++) {
                append_reading(b);
            }
            run_ms(b, 2000);
            if (kill == 1) {
                boot(b);
            }
            run_ms(b, 25000);
            assert_all_arrived(b);
        }
    }
}

static void never_believes_an_ack_that_cannot_be_true(void **state)
{
    static const char *const bad[] = {
        "{\"journal_id\":\"00112233445566778899aabbccddeeff\",\"watermark\":1}",
        "{\"journal_id\":\"%s\",\"watermark\":1000000}",
        "{\"journal_id\":\"%s\",\"watermark\":-1}",
        "{\"journal_id\":\"%s\",\"watermark\":1.5}",
        "{\"journal_id\":\"%s\"}",
        "{\"watermark\":1}",
        "[]",
    };
    struct bench *b = *state;
    b->fleet.deaf = true;
    append_reading(b);
    run_ms(b, 2000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        const char *hole = strstr(bad[i], "%s");
        const size_t before = hole != NULL ? (size_t)(hole - bad[i]) : strlen(bad[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)before, bad[i],
                       hole != NULL ? b->task.journal_id : "", hole != NULL ? hole + 2 : "");
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/ack", text);
        run_ms(b, 20);
    }
    assert_int_equal(journal_released_seq(&b->journal), 0);
    assert_int_equal(b->task.counters.bad_acks, 2);
    assert_int_equal(b->task.counters.bad_messages, 5);
}

static void takes_no_time_from_an_acknowledgement_that_is_not_its_own(void **state)
{
    static const char *const foreign[] = {
        "{\"journal_id\":\"00\",\"watermark\":1,\"utc_ms\":4102444800000}",
        "{\"journal_id\":\"%s\",\"watermark\":99,\"utc_ms\":4102444800000}",
    };
    struct bench *b = *state;
    b->host_knows_time = false;
    run_ms(b, 100);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char text[160];
        const char *hole = strstr(foreign[i], "%s");
        const int before = hole != NULL ? (int)(hole - foreign[i]) : (int)strlen(foreign[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", before, foreign[i],
                       hole != NULL ? b->task.journal_id : "", hole != NULL ? hole + 2 : "");
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/ack", text);
        run_ms(b, 20);
        assert_int_equal(b->task.counters.bad_acks, i + 1);
        assert_false(b->task.server_time_due);
        assert_true(!b->task.timekeeper.known || b->task.timekeeper.best.utc_ms < 4000000000000);
    }
}

static void answers_a_command_within_two_ticks(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    fake_fleet_forget_sent(&b->fleet);
    send_command(b, "c1", "\"action\":\"set_relays\",\"mask\":170", 30);
    const uint64_t sent_us = b->now_us;
    while (fake_fleet_last(&b->fleet, "command_result") == NULL) {
        tick(b);
        assert_true(b->now_us - sent_us <= 2 * TICK_MS * 1000);
    }
    assert_int_equal(b->coils, 170);
    assert_last(b, "command_result",
                "{\"cmd_id\":\"c1\",\"status\":\"done\",\"reason\":\"\",\"relay_mask\":170}");
    assert_last(b, "relay_status", "\"relay_mask\":170");
}

static void does_a_command_once_and_answers_it_every_time(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    run_ms(b, 1000);
    send_command(b, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    run_ms(b, 1000);
    fake_fleet_forget_sent(&b->fleet);
    send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(fake_fleet_count(&b->fleet, "command_result"), 1);
    assert_last(b, "command_result", "{\"cmd_id\":\"c1\",\"status\":\"done\"");
    assert_int_equal(b->task.counters.repeated_commands, 1);
}

static void says_why_a_command_is_not_done(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    send_command(b, "late", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 0);
    run_ms(b, 50);
    assert_last(b, "command_result", "\"status\":\"expired\"");
    send_command(b, "odd", "\"action\":\"set_relay\",\"relay\":9,\"state\":true", 30);
    run_ms(b, 50);
    assert_last(b, "command_result", "\"status\":\"invalid\",\"reason\":\"relay must be 0 to 7\"");
    send_command(b, "on", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    run_ms(b, 50);
    assert_last(b, "command_result", "\"status\":\"done\"");
    send_command(b, "off", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    run_ms(b, 50);
    assert_last(b, "command_result",
                "\"status\":\"busy\",\"reason\":\"a relay is in its dwell time\"");
    run_ms(b, 1000);
    b->bus_dead = true;
    send_command(b, "dead", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    run_ms(b, 50);
    assert_last(b, "command_result", "\"cmd_id\":\"dead\",\"status\":\"failed\"");
}

static void refuses_commands_until_it_knows_the_time(void **state)
{
    struct bench *b = *state;
    b->host_knows_time = false;
    run_ms(b, 1000);
    send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    run_ms(b, 100);
    assert_last(b, "command_result", "\"status\":\"refused\"");
    assert_int_equal(b->coils, 0);

    // The acknowledgement of a reading brings the time, and an anchor goes into the journal.
    append_reading(b);
    run_ms(b, 3000);
    assert_int_equal(journal_next_seq(&b->journal), 3);
    send_command(b, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    run_ms(b, 100);
    assert_last(b, "command_result", "\"cmd_id\":\"c2\",\"status\":\"done\"");
    assert_int_equal(b->coils, 1);
}

static void obeys_the_older_meters_commands(void **state)
{
    static const struct {
        const char *payload;
        uint8_t coils;
    } steps[] = {
        { "{\"action\":\"set_relay\",\"relay\":0,\"state\":true}", 0x01 },
        { "{\"action\":\"toggle_relay\",\"relay\":7}", 0x81 },
        { "{\"action\":\"toggle_relay\",\"relay\":0}", 0x80 },
        { "{\"action\":\"all_on\"}", 0xFF },
        { "{\"action\":\"set_all_relays\",\"mask\":170}", 0xAA },
        { "{\"action\":\"get_status\"}", 0xAA },
        { "{\"action\":\"nonsense\"}", 0xAA },
        { "{\"action\":\"all_off\"}", 0x00 },
    };
    struct bench *b = *state;
    run_ms(b, 1000);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        char mask[32];
        fake_fleet_forget_sent(&b->fleet);
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", steps[i].payload);
        run_ms(b, 1000);
        assert_int_equal(b->coils, steps[i].coils);
        if (strstr(steps[i].payload, "nonsense") == NULL) {
            (void)snprintf(mask, sizeof mask, "\"relay_mask\":%u,", steps[i].coils);
            assert_last(b, "relay_status", mask);
        } else {
            assert_null(fake_fleet_last(&b->fleet, "relay_status"));
        }
    }
    assert_int_equal(b->task.counters.bad_messages, 1);
    fake_fleet_forget_sent(&b->fleet);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "get_system_status");
    run_ms(b, 50);
    assert_non_null(fake_fleet_last(&b->fleet, "system_status"));
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "restart");
    run_ms(b, 50);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_RESTART);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_NO_WISH);
}

static void never_obeys_what_the_broker_kept(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", "{\"action\":\"all_on\"}");
    b->fleet.inbox[0].retained = true;
    fake_fleet_send(&b->fleet, "energy_meter/meter-2/relay_control", "{\"action\":\"all_on\"}");
    run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(b->task.counters.bad_messages, 2);
}

static void takes_commands_while_the_disk_hangs(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    b->locked = true;
    append_reading(b);
    for (unsigned i = 0; i < 30; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "c%u", i);
        send_command(b, id,
                     i % 2 == 0 ? "\"action\":\"set_relay\",\"relay\":3,\"state\":true"
                                : "\"action\":\"set_relay\",\"relay\":3,\"state\":false",
                     30);
        run_ms(b, 1000);
        assert_int_equal(b->coils, i % 2 == 0 ? 8 : 0);
    }
    b->locked = false;
    run_ms(b, 5000);
    assert_all_arrived(b);
}

static void waits_longer_from_try_to_try(void **state)
{
    struct bench *b = *state;
    b->fleet.refuses = true;
    run_ms(b, 3000);
    const unsigned early = b->fleet.connects;
    assert_in_range(early, 2, 5);
    run_ms(b, 297000);
    assert_in_range(b->fleet.connects - early, 10, 25);
    b->fleet.refuses = false;
    run_ms(b, 31000);
    assert_int_equal(b->task.link, LINK_ONLINE);
}

static void sends_realtime_while_a_lease_runs(void **state)
{
    struct bench *b = *state;
    append_reading(b);
    run_ms(b, 5000);
    assert_int_equal(fake_fleet_count(&b->fleet, "realtime"), 0);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/lease", "{\"realtime_s\":5}");
    run_ms(b, 20000);
    assert_in_range(fake_fleet_count(&b->fleet, "realtime"), 5, 6);
    assert_last(b, "realtime", "\"voltage_rms\":230,");
}

static void keeps_the_cadence_of_the_older_meters(void **state)
{
    struct bench *b = *state;
    settings_use_seed_profile(&b->settings);
    append_reading(b);
    run_ms(b, 21500);
    assert_in_range(fake_fleet_count(&b->fleet, "data"), 3, 3);
    assert_in_range(fake_fleet_count(&b->fleet, "realtime"), 20, 22);
    assert_in_range(fake_fleet_count(&b->fleet, "relay_status"), 20, 22);
}

static void leaves_in_good_order(void **state)
{
    struct bench *b = *state;
    run_ms(b, 5000);
    append_reading(b);
    append_reading(b);
    communication_task_leave(&b->task);
    run_ms(b, 4500);
    assert_true(communication_task_has_left(&b->task));
    assert_int_equal(b->fleet.disconnects, 1);
    assert_last(b, "system_status", "{\"status\":\"offline\"");
    assert_true(fake_fleet_last(&b->fleet, "system_status")->retained);
    assert_int_equal(b->fleet.watermark, journal_next_seq(&b->journal) - 1);
}

static void leaves_even_when_nobody_answers(void **state)
{
    struct bench *b = *state;
    run_ms(b, 1000);
    b->fleet.deaf = true;
    append_reading(b);
    communication_task_leave(&b->task);
    run_ms(b, 5000);
    assert_true(communication_task_has_left(&b->task));
    assert_int_equal(journal_oldest_seq(&b->journal), journal_next_seq(&b->journal) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_what_it_is_as_soon_as_it_is_connected, power_up),
        cmocka_unit_test_setup(lets_go_of_records_only_when_the_server_has_them, power_up),
        cmocka_unit_test_setup(carries_every_kind_of_record_at_its_largest, power_up),
        cmocka_unit_test_setup(loses_nothing_on_a_bad_network_and_over_kills, power_up),
        cmocka_unit_test_setup(loses_nothing_when_the_session_drops_at_any_step, power_up),
        cmocka_unit_test_setup(never_believes_an_ack_that_cannot_be_true, power_up),
        cmocka_unit_test_setup(takes_no_time_from_an_acknowledgement_that_is_not_its_own, power_up),
        cmocka_unit_test_setup(answers_a_command_within_two_ticks, power_up),
        cmocka_unit_test_setup(does_a_command_once_and_answers_it_every_time, power_up),
        cmocka_unit_test_setup(says_why_a_command_is_not_done, power_up),
        cmocka_unit_test_setup(refuses_commands_until_it_knows_the_time, power_up),
        cmocka_unit_test_setup(obeys_the_older_meters_commands, power_up),
        cmocka_unit_test_setup(never_obeys_what_the_broker_kept, power_up),
        cmocka_unit_test_setup(takes_commands_while_the_disk_hangs, power_up),
        cmocka_unit_test_setup(waits_longer_from_try_to_try, power_up),
        cmocka_unit_test_setup(sends_realtime_while_a_lease_runs, power_up),
        cmocka_unit_test_setup(keeps_the_cadence_of_the_older_meters, power_up),
        cmocka_unit_test_setup(leaves_in_good_order, power_up),
        cmocka_unit_test_setup(leaves_even_when_nobody_answers, power_up),
    };
    return cmocka_run_group_tests_name("communication_task", tests, NULL, NULL);
}

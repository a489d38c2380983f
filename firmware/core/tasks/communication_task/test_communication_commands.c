// SPDX-License-Identifier: MIT

/// What the fleet asks of the device.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "communication_bench.h"
#include "signed_command.h"
#include "summing_crypto.h"

static void answers_a_command_within_two_ticks(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    fake_fleet_forget_sent(&b->fleet);
    bench_send_command(b, "c1", "\"action\":\"set_relays\",\"mask\":170", 30);
    const uint64_t sent_us = b->now_us;
    while (fake_fleet_last(&b->fleet, "command_result") == NULL) {
        bench_tick(b);
        assert_true(b->now_us - sent_us <= 2 * BENCH_TICK_MS * 1000);
    }
    assert_int_equal(b->coils, 170);
    bench_assert_last(b, "command_result",
                      "{\"cmd_id\":\"c1\",\"status\":\"done\",\"reason\":\"\",\"relay_mask\":170}");
    bench_assert_last(b, "relay_status", "\"relay_mask\":170");
}

static void does_a_command_once_and_answers_it_every_time(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    bench_send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 1000);
    bench_send_command(b, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    bench_run_ms(b, 1000);
    fake_fleet_forget_sent(&b->fleet);
    bench_send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(fake_fleet_count(&b->fleet, "command_result"), 1);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"c1\",\"status\":\"done\"");
    assert_int_equal(b->task.counters.repeated_commands, 1);
}

/// What the processing task does with a request that waits. @return what was asked.
static enum metering_action answer_metering(struct bench *b, enum status status, const char *detail)
{
    const struct metering_request *request = metering_mailbox_next(&b->metering);
    assert_non_null(request);
    const enum metering_action action = request->action;
    struct metering_answer *answer = metering_mailbox_slot(&b->metering);
    answer->id = request->id;
    answer->status = status;
    answer->reason = status == STATUS_OK ? "" : "no room";
    answer->detail_size = (uint32_t)strlen(detail);
    memcpy(answer->detail, detail, answer->detail_size + 1);
    metering_mailbox_answer(&b->metering);
    return action;
}

static void tells_how_the_measurement_is_now_when_a_command_comes_again(void **state)
{
    static const char reset[] = "\"action\":\"demand_reset\",\"who\":\"anna\"";
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    bench_send_command(b, "c1", reset, 30);
    bench_run_ms(b, 20);
    assert_int_equal(answer_metering(b, STATUS_IO, "{\"resets\":0}"), METERING_DEMAND_RESET);
    bench_run_ms(b, 20);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"c1\",\"status\":\"failed\"");
    bench_assert_last(b, "command_result", "\"detail\":{\"resets\":0}}");
    for (unsigned round = 1; round <= 2; round++) {
        fake_fleet_forget_sent(&b->fleet);
        bench_send_command(b, "c1", reset, 30);
        bench_run_ms(b, 20);
        assert_null(fake_fleet_last(&b->fleet, "command_result"));
        assert_int_equal(answer_metering(b, STATUS_OK, "{\"resets\":3}"), METERING_DEMAND_TELL);
        bench_run_ms(b, 20);
        assert_int_equal(fake_fleet_count(&b->fleet, "command_result"), 1);
        bench_assert_last(b, "command_result",
                          "{\"cmd_id\":\"c1\",\"status\":\"failed\",\"reason\":\"no room\"");
        bench_assert_last(b, "command_result", "\"detail\":{\"resets\":3}}");
        assert_int_equal(b->task.counters.repeated_commands, round);
    }
}

static void answers_a_repetition_without_detail_while_another_is_under_way(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    bench_send_command(b, "c1", "\"action\":\"demand_get\"", 30);
    bench_run_ms(b, 20);
    (void)answer_metering(b, STATUS_OK, "{\"resets\":0}");
    bench_run_ms(b, 20);
    bench_send_command(b, "c2", "\"action\":\"linearity_get\"", 30);
    bench_run_ms(b, 20);
    fake_fleet_forget_sent(&b->fleet);
    bench_send_command(b, "c1", "\"action\":\"demand_get\"", 30);
    bench_run_ms(b, 20);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"c1\",\"status\":\"done\"");
    assert_int_equal(answer_metering(b, STATUS_OK, "{\"swings\":[]}"), METERING_LINEARITY_TELL);
    bench_run_ms(b, 20);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"c2\",\"status\":\"done\"");
    bench_assert_last(b, "command_result", "\"detail\":{\"swings\":[]}}");
}

static void says_why_a_command_is_not_done(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    bench_send_command(b, "late", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 0);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "\"status\":\"expired\"");
    bench_send_command(b, "odd", "\"action\":\"set_relay\",\"relay\":9,\"state\":true", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result",
                      "\"status\":\"invalid\",\"reason\":\"relay must be 0 to 7\"");
    bench_send_command(b, "on", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "\"status\":\"done\"");
    bench_send_command(b, "off", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result",
                      "\"status\":\"busy\",\"reason\":\"a relay is in its dwell time\"");
    bench_run_ms(b, 1000);
    b->bus_dead = true;
    bench_send_command(b, "dead", "\"action\":\"set_relay\",\"relay\":0,\"state\":false", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "\"cmd_id\":\"dead\",\"status\":\"failed\"");
}

static void says_that_a_relay_is_not_there(void **state)
{
    struct bench *b = *state;
    b->settings.relays = 1;
    bench_boot(b);
    bench_run_ms(b, 1000);
    bench_send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":1,\"state\":true", 30);
    bench_run_ms(b, 100);
    bench_assert_last(
        b, "command_result",
        "\"cmd_id\":\"c1\",\"status\":\"invalid\",\"reason\":\"this device has no such relay\"");
    bench_send_command(b, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 100);
    bench_assert_last(b, "command_result", "\"cmd_id\":\"c2\",\"status\":\"done\"");
    assert_int_equal(b->coils, 1);
}

static void refuses_commands_until_it_knows_the_time(void **state)
{
    struct bench *b = *state;
    b->host_knows_time = false;
    bench_run_ms(b, 1000);
    bench_send_command(b, "c1", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 100);
    bench_assert_last(b, "command_result", "\"status\":\"refused\"");
    assert_int_equal(b->coils, 0);

    // The acknowledgement of a reading brings the time, and an anchor goes into the journal.
    bench_append_reading(b);
    bench_run_ms(b, 3000);
    assert_int_equal(journal_next_seq(&b->journal), 3);
    bench_send_command(b, "c2", "\"action\":\"set_relay\",\"relay\":0,\"state\":true", 30);
    bench_run_ms(b, 100);
    bench_assert_last(b, "command_result", "\"cmd_id\":\"c2\",\"status\":\"done\"");
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
    bench_run_ms(b, 1000);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        char mask[32];
        fake_fleet_forget_sent(&b->fleet);
        fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", steps[i].payload);
        bench_run_ms(b, 1000);
        assert_int_equal(b->coils, steps[i].coils);
        if (strstr(steps[i].payload, "nonsense") == NULL) {
            (void)snprintf(mask, sizeof mask, "\"relay_mask\":%u,", steps[i].coils);
            bench_assert_last(b, "relay_status", mask);
        } else {
            assert_null(fake_fleet_last(&b->fleet, "relay_status"));
        }
    }
    assert_int_equal(b->task.counters.bad_messages, 1);
    fake_fleet_forget_sent(&b->fleet);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "get_system_status");
    bench_run_ms(b, 50);
    assert_non_null(fake_fleet_last(&b->fleet, "system_status"));
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "restart");
    bench_run_ms(b, 50);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_RESTART);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_NO_WISH);
}

static void never_obeys_what_the_broker_kept(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", "{\"action\":\"all_on\"}");
    b->fleet.inbox[0].retained = true;
    fake_fleet_send(&b->fleet, "energy_meter/meter-2/relay_control", "{\"action\":\"all_on\"}");
    bench_run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(b->task.counters.bad_messages, 2);
}

static void takes_commands_while_the_disk_hangs(void **state)
{
    struct bench *b = *state;
    bench_run_ms(b, 1000);
    b->locked = true;
    bench_append_reading(b);
    for (unsigned i = 0; i < 30; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "c%u", i);
        bench_send_command(b, id,
                           i % 2 == 0 ? "\"action\":\"set_relay\",\"relay\":3,\"state\":true"
                                      : "\"action\":\"set_relay\",\"relay\":3,\"state\":false",
                           30);
        bench_run_ms(b, 1000);
        assert_int_equal(b->coils, i % 2 == 0 ? 8 : 0);
    }
    b->locked = false;
    bench_run_ms(b, 5000);
    bench_assert_all_arrived(b);
}
static struct crypto stand_in;
static const uint8_t FLEET_KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4 };

/// A device with a switch, whose case somebody has opened and closed again.
static int be_opened(void **state)
{
    bench_power_up(state);
    struct bench *b = *state;
    b->tamper_switch = true;
    stand_in = summing_crypto(NULL);
    b->crypto = &stand_in;
    b->command_key = FLEET_KEY;
    bench_boot(b);
    button_task_restore_tamper(&b->button, (struct tamper_record){ .count = 2 });
    bench_run_ms(b, 1000);
    b->case_open = true;
    bench_run_ms(b, 1000);
    b->case_open = false;
    bench_run_ms(b, 1000);
    return 0;
}

/// Sends a native command with the signature of `key`; NULL: with one that is wrong.
static void send_signed(struct bench *b, const char *id, const char *rest, const uint8_t *key)
{
    char text[512];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE] = { 0 };
    const long long now_s = 1763690000 + (long long)(b->now_us / 1000000);
    size_t size = (size_t)snprintf(
        text, sizeof text,
        "{%s,\"cmd_id\":\"%s\",\"exp\":%lld,\"iat\":%lld,\"target\":\"meter-1\",\"v\":1}", rest, id,
        now_s + 30, now_s - 60);
    assert_int_equal(signed_command_digest(&stand_in, text, size, digest), STATUS_OK);
    summing_crypto_sign(key != NULL ? key : FLEET_KEY, digest, signature);
    signature[0] ^= key != NULL ? 0 : 1;
    assert_int_equal(signed_command_append(text, &size, sizeof text - 1, signature), STATUS_OK);
    text[size] = '\0';
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/command", text);
    bench_run_ms(b, 50);
}

/// Sends an order to clear, with a signature of `count` where `is_signed`.
static void send_clear(struct bench *b, const char *id, unsigned count, bool is_signed)
{
    char rest[64];
    (void)snprintf(rest, sizeof rest, "\"action\":\"tamper_clear\",\"count\":%u", count);
    send_signed(b, id, rest, is_signed ? FLEET_KEY : NULL);
}

/// A device that obeys nothing but what the fleet has signed.
static int be_strict(void **state)
{
    bench_power_up(state);
    struct bench *b = *state;
    stand_in = summing_crypto(NULL);
    b->crypto = &stand_in;
    b->command_key = FLEET_KEY;
    b->settings.require_signed_commands = 1;
    bench_boot(b);
    bench_run_ms(b, 3000);
    return 0;
}

static void a_strict_device_obeys_what_the_fleet_has_signed(void **state)
{
    struct bench *b = *state;
    send_signed(b, "s1", "\"action\":\"set_relays\",\"mask\":5", FLEET_KEY);
    bench_run_ms(b, 500);
    assert_int_equal(b->coils, 5);
    bench_assert_last(b, "command_result", "\"cmd_id\":\"s1\",\"status\":\"done\"");
}

static void and_nothing_else_however_it_comes(void **state)
{
    static const uint8_t OTHER_KEY[CRYPTO_P256_PUBLIC_SIZE] = { 4, 9 };
    struct bench *b = *state;
    const unsigned before = b->notices[COMMUNICATION_BAD_MESSAGE];
    bench_send_command(b, "u1", "\"action\":\"set_relays\",\"mask\":5", 30);
    send_signed(b, "u2", "\"action\":\"set_relays\",\"mask\":5", OTHER_KEY);
    send_signed(b, "u3", "\"action\":\"set_relays\",\"mask\":5", NULL);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", "{\"action\":\"all_on\"}");
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "restart");
    bench_run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_NO_WISH);
    assert_int_equal(b->notices[COMMUNICATION_BAD_MESSAGE], before + 5);
    assert_null(fake_fleet_last(&b->fleet, "command_result"));
    // What only delivers goes on.
    bench_append_reading(b);
    bench_run_ms(b, 5000);
    bench_assert_all_arrived(b);
}

/// Forgeries do not push out of the memory what was done already.
static void an_order_is_not_done_twice_whatever_came_between(void **state)
{
    struct bench *b = *state;
    char id[8];
    send_signed(b, "once", "\"action\":\"set_relays\",\"mask\":1", FLEET_KEY);
    bench_run_ms(b, 1000);
    send_signed(b, "off", "\"action\":\"set_relays\",\"mask\":0", FLEET_KEY);
    bench_run_ms(b, 1000);
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "f%u", i);
        send_signed(b, id, "\"action\":\"set_relays\",\"mask\":1", NULL);
    }
    send_signed(b, "once", "\"action\":\"set_relays\",\"mask\":1", FLEET_KEY);
    bench_run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
}

static void tells_at_once_that_the_case_was_opened(void **state)
{
    struct bench *b = *state;
    bench_assert_last(b, "system_status",
                      "\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":3}");
    fake_fleet_forget_sent(&b->fleet);
    b->case_open = true;
    bench_run_ms(b, 2 * BENCH_TICK_MS);
    bench_assert_last(b, "system_status", "\"case_open\":true");
}

static void refuses_what_changes_something_until_that_is_cleared(void **state)
{
    static const char *const changes[] = {
        "\"action\":\"set_relay\",\"relay\":0,\"state\":true",
        "\"action\":\"set_relays\",\"mask\":1",
        "\"action\":\"calibrate\",\"channel\":0,\"seconds\":10,\"resistive\":true",
        "\"action\":\"calibration_apply\",\"channel\":0,\"who\":\"a\"",
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "c%zu", i);
        bench_send_command(b, id, changes[i], 30);
        bench_run_ms(b, 100);
        bench_assert_last(b, "command_result", id);
        bench_assert_last(b, "command_result",
                          "\"status\":\"refused\",\"reason\":\"the case was opened");
    }
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/relay_control", "{\"action\":\"all_on\"}");
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "restart");
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "reset_wifi");
    bench_run_ms(b, 1000);
    assert_int_equal(b->coils, 0);
    assert_int_equal(communication_task_take_wish(&b->task), COMMUNICATION_NO_WISH);
    fake_fleet_forget_sent(&b->fleet);
    fake_fleet_send(&b->fleet, "energy_meter/meter-1/commands", "get_system_status");
    bench_run_ms(b, 50);
    assert_non_null(fake_fleet_last(&b->fleet, "system_status"));
}

static void a_signed_order_with_the_right_count_clears_it(void **state)
{
    struct bench *b = *state;
    send_clear(b, "x1", 2, true);
    bench_assert_last(b, "command_result", "the case was opened another number of times");
    assert_true(button_task_tamper(&b->button).latched);
    send_clear(b, "x2", 3, true);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"x2\",\"status\":\"done\"");
    bench_assert_last(b, "system_status", "\"latched\":false");
    bench_send_command(b, "on", "\"action\":\"set_relays\",\"mask\":1", 30);
    bench_run_ms(b, 100);
    assert_int_equal(b->coils, 1);
    send_clear(b, "x3", 3, true);
    bench_assert_last(b, "command_result", "there is nothing to clear");
}

static void an_order_without_the_fleets_signature_clears_nothing(void **state)
{
    struct bench *b = *state;
    send_clear(b, "wrong", 3, false);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"wrong\",\"status\":\"refused\"");
    bench_send_command(b, "plain", "\"action\":\"tamper_clear\",\"count\":3", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "{\"cmd_id\":\"plain\",\"status\":\"refused\"");
    assert_true(button_task_tamper(&b->button).latched);
}

static void a_device_that_knows_no_key_obeys_no_order_to_clear(void **state)
{
    struct bench *b = *state;
    const struct crypto *const cryptos[] = { NULL, &stand_in };
    const uint8_t *const keys[] = { FLEET_KEY, NULL };
    for (unsigned i = 0; i < 2; i++) {
        char id[4];
        b->task.parts.crypto = cryptos[i];
        b->task.parts.command_key = keys[i];
        (void)snprintf(id, sizeof id, "k%u", i);
        send_clear(b, id, 3, true);
        bench_assert_last(b, "command_result", id);
        bench_assert_last(b, "command_result", "\"status\":\"refused\"");
        assert_true(button_task_tamper(&b->button).latched);
    }
}

static enum status report_plainly(void *ctx, const uint8_t nonce[ATTESTER_NONCE_SIZE],
                                  uint8_t *message, size_t *size)
{
    const size_t *wanted = ctx;
    memset(message, nonce[31], *wanted);
    *size = *wanted;
    return *wanted > 0 ? STATUS_OK : STATUS_MISSING;
}

static void answers_a_challenge_with_its_report_also_when_it_comes_again(void **state)
{
    static const char ATTEST[] =
        "\"action\":\"attest\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"";
    struct bench *b = *state;
    size_t size = 3;
    const struct attester attester = { .report = report_plainly, .ctx = &size };
    bench_run_ms(b, 1000);
    bench_send_command(b, "none", ATTEST, 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result",
                      "\"status\":\"invalid\",\"reason\":\"this device has no");

    b->task.parts.attester = &attester;
    for (unsigned i = 0; i < 2; i++) {
        fake_fleet_forget_sent(&b->fleet);
        bench_send_command(b, "a1", ATTEST, 30);
        bench_run_ms(b, 50);
        bench_assert_last(b, "command_result", "\"status\":\"done\"");
        bench_assert_last(b, "command_result", "\"detail\":{\"report\":\"AQEB\"}}");
    }
    size = ATTESTER_MESSAGE_LIMIT;
    bench_send_command(b, "a2", ATTEST, 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "AQE\"}}");
    size = 0;
    bench_send_command(b, "a3", ATTEST, 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "the report could not be signed");
    bench_send_command(b, "a4", "\"action\":\"attest\",\"nonce\":\"short\"", 30);
    bench_run_ms(b, 50);
    bench_assert_last(b, "command_result", "nonce must be 32 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_a_command_within_two_ticks, bench_power_up),
        cmocka_unit_test_setup(does_a_command_once_and_answers_it_every_time, bench_power_up),
        cmocka_unit_test_setup(tells_how_the_measurement_is_now_when_a_command_comes_again,
                               bench_power_up),
        cmocka_unit_test_setup(answers_a_repetition_without_detail_while_another_is_under_way,
                               bench_power_up),
        cmocka_unit_test_setup(says_why_a_command_is_not_done, bench_power_up),
        cmocka_unit_test_setup(says_that_a_relay_is_not_there, bench_power_up),
        cmocka_unit_test_setup(refuses_commands_until_it_knows_the_time, bench_power_up),
        cmocka_unit_test_setup(obeys_the_older_meters_commands, bench_power_up),
        cmocka_unit_test_setup(never_obeys_what_the_broker_kept, bench_power_up),
        cmocka_unit_test_setup(takes_commands_while_the_disk_hangs, bench_power_up),
        cmocka_unit_test_setup(answers_a_challenge_with_its_report_also_when_it_comes_again,
                               bench_power_up),
        cmocka_unit_test_setup(tells_at_once_that_the_case_was_opened, be_opened),
        cmocka_unit_test_setup(refuses_what_changes_something_until_that_is_cleared, be_opened),
        cmocka_unit_test_setup(a_strict_device_obeys_what_the_fleet_has_signed, be_strict),
        cmocka_unit_test_setup(and_nothing_else_however_it_comes, be_strict),
        cmocka_unit_test_setup(an_order_is_not_done_twice_whatever_came_between, be_strict),
        cmocka_unit_test_setup(a_signed_order_with_the_right_count_clears_it, be_opened),
        cmocka_unit_test_setup(an_order_without_the_fleets_signature_clears_nothing, be_opened),
        cmocka_unit_test_setup(a_device_that_knows_no_key_obeys_no_order_to_clear, be_opened),
    };
    return cmocka_run_group_tests_name("communication_commands", tests, NULL, NULL);
}

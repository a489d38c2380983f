// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_payloads.h"

static void relay_status_gives_the_mask(void **state)
{
    (void)state;
    uint8_t mask = 0;
    const char *text = "{\"relays\":[true],\"relay_mask\":165,\"device_id\":\"m\",\"new\":{}}";
    assert_int_equal(payload_read_relay_status(text, strlen(text), "m", &mask), PAYLOAD_OK);
    assert_int_equal(mask, 165);
    assert_int_equal(payload_read_relay_status(text, strlen(text), "n", &mask),
                     PAYLOAD_WRONG_DEVICE);
}

static void malformed_payloads_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"relay_mask\":\"5\"}",
        "{\"relay_mask\":256}",
        "{\"relay_mask\":-1}",
        "{\"relay_mask\":NaN}",
        "{\"relay_mask\":1e999}",
        "{\"relay_mask\":5,\"device_id\":7}",
        "{}",
    };
    uint8_t mask = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(payload_read_relay_status(wrong[i], strlen(wrong[i]), "m", &mask),
                         PAYLOAD_MALFORMED);
    }
}

static void oversized_payloads_are_not_read(void **state)
{
    (void)state;
    static char text[PAYLOAD_SIZE_LIMIT + 1];
    uint8_t mask = 0;
    memset(text, ' ', sizeof text);
    assert_int_equal(payload_read_relay_status(text, sizeof text, "m", &mask), PAYLOAD_OVERSIZED);
}

static void system_status_tells_a_will_from_a_life(void **state)
{
    (void)state;
    struct device_status_report report;
    const char *will = "{\"status\":\"offline\",\"timestamp\":0}";
    const char *alive = "{\"status\":\"online\",\"version\":\"0.1.0\",\"journal_depth\":42}";
    const char *old = "{\"uptime\":7,\"version\":\"2.1\"}";
    assert_int_equal(payload_read_system_status(will, strlen(will), "m", &report), PAYLOAD_OK);
    assert_true(report.offline);
    assert_int_equal(payload_read_system_status(alive, strlen(alive), "m", &report), PAYLOAD_OK);
    assert_false(report.offline);
    assert_int_equal(report.journal_depth, 42);
    assert_string_equal(report.firmware_version, "0.1.0");
    assert_int_equal(payload_read_system_status(old, strlen(old), "m", &report), PAYLOAD_OK);
    assert_false(report.offline);
    assert_false(report.journal_depth_known);
}

static void the_case_is_told_whole_or_not_at_all(void **state)
{
    static const char *const malformed[] = {
        "{\"tamper\":1}",
        "{\"tamper\":{}}",
        "{\"tamper\":{\"latched\":1,\"case_open\":false,\"count\":0}}",
        "{\"tamper\":{\"latched\":true,\"count\":0}}",
        "{\"tamper\":{\"latched\":true,\"case_open\":false}}",
        "{\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":-1}}",
        "{\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":16777216}}",
    };
    const char *told = "{\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":3}}";
    struct device_status_report report;
    (void)state;
    assert_int_equal(payload_read_system_status(told, strlen(told), "m", &report), PAYLOAD_OK);
    assert_true(report.tamper.known);
    assert_true(report.tamper.latched);
    assert_false(report.tamper.case_open);
    assert_int_equal(report.tamper.count, 3);
    assert_int_equal(payload_read_system_status("{}", 2, "m", &report), PAYLOAD_OK);
    assert_false(report.tamper.known);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        assert_int_equal(
            payload_read_system_status(malformed[i], strlen(malformed[i]), "m", &report),
            PAYLOAD_MALFORMED);
    }
}

static void command_result_names_the_command(void **state)
{
    (void)state;
    struct command_result result;
    const char *done = "{\"cmd_id\":\"01J\",\"status\":\"busy\",\"reason\":\"\",\"relay_mask\":5}";
    const char *unknown = "{\"cmd_id\":\"01J\",\"status\":\"perhaps\"}";
    const char *nameless = "{\"status\":\"done\"}";
    assert_int_equal(payload_read_command_result(done, strlen(done), "m", &result), PAYLOAD_OK);
    assert_string_equal(result.cmd_id, "01J");
    assert_int_equal(result.outcome, COMMAND_OUTCOME_BUSY);
    assert_int_equal(result.relay_mask, 5);
    assert_int_equal(payload_read_command_result(unknown, strlen(unknown), "m", &result),
                     PAYLOAD_MALFORMED);
    assert_int_equal(payload_read_command_result(nameless, strlen(nameless), "m", &result),
                     PAYLOAD_MALFORMED);
}

static void data_becomes_a_reading(void **state)
{
    (void)state;
    struct reading reading;
    const char *text =
        "{\"packet_id\":1,\"timestamp\":7500000,\"device_id\":\"m\",\"channels\":[{\"channel\":2,"
        "\"connected\":true,\"current\":4.5,\"voltage\":230.12,\"power_real\":-1000.5,"
        "\"power_apparent\":1035.54,\"power_reactive\":20,\"power_factor\":-0.9661,"
        "\"energy\":1.5,\"frequency\":49.98,\"timestamp\":7500000}]}";
    assert_int_equal(payload_read_data(text, strlen(text), "m", &reading), PAYLOAD_OK);
    assert_int_equal(reading.uptime_ms, 7500);
    assert_int_equal(reading.channels, 4);
    assert_int_equal(reading.connected, 4);
    assert_int_equal(reading.frequency_mhz, 49980);
    assert_int_equal(reading.channel[2].voltage_10mv, 23012);
    assert_int_equal(reading.channel[2].current_100ua, 45000);
    assert_int_equal(reading.channel[2].active_power_10mw, -100050);
    assert_int_equal(reading.channel[2].power_factor_1e4, -9661);
    assert_int_equal(reading.channel[2].import_mj, 5400000);
    int64_t sum_mj = 0;
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        sum_mj += reading.channel[i].import_mj;
    }
    assert_int_equal(reading.total.import_mj[0], sum_mj);
}

static void data_without_sense_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"timestamp\":1,\"channels\":[]}",
        "{\"channels\":[{\"channel\":0}]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":8}]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":0,\"energy\":-1}]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":0,\"voltage\":1e300}]}",
        "{\"timestamp\":1,\"channels\":[7]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":0.5}]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":0},{\"channel\":0}]}",
        "{\"timestamp\":1,\"channels\":[{\"channel\":0,\"connected\":\"yes\"}]}",
        "{\"timestamp\":1,\"channels\":{}}",
    };
    struct reading reading;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(payload_read_data(wrong[i], strlen(wrong[i]), "m", &reading),
                         PAYLOAD_MALFORMED);
    }
}

static void half_a_relay_is_no_mask(void **state)
{
    (void)state;
    static const char status[] = "{\"relay_mask\":1.5}";
    static const char outcome[] = "{\"cmd_id\":\"x\",\"status\":\"done\",\"relay_mask\":0.5}";
    uint8_t mask;
    struct command_result result;
    assert_int_equal(payload_read_relay_status(status, strlen(status), "m", &mask),
                     PAYLOAD_MALFORMED);
    assert_int_equal(payload_read_command_result(outcome, strlen(outcome), "m", &result),
                     PAYLOAD_MALFORMED);
}

static void a_result_carries_what_the_device_tells_besides(void **state)
{
    (void)state;
    static char text[6000];
    struct command_result result;
    (void)snprintf(
        text, sizeof text, "%s",
        "{\"cmd_id\":\"x\",\"status\":\"done\",\"detail\": {\"gain\": 1.0203, \"knots\":[]}}");
    assert_int_equal(payload_read_command_result(text, strlen(text), "m", &result), PAYLOAD_OK);
    assert_string_equal(result.detail, "{\"gain\":1.0203,\"knots\":[]}");
    (void)snprintf(text, sizeof text,
                   "{\"cmd_id\":\"x\",\"status\":\"done\",\"detail\":{\"a\":\"%05000d\"}}", 7);
    assert_int_equal(payload_read_command_result(text, strlen(text), "m", &result), PAYLOAD_OK);
    assert_string_equal(result.detail, "");
    (void)snprintf(text, sizeof text, "%s", "{\"cmd_id\":\"x\",\"status\":\"done\",\"detail\":[]}");
    assert_int_equal(payload_read_command_result(text, strlen(text), "m", &result),
                     PAYLOAD_MALFORMED);
}

static void commands_and_acknowledgements_are_written_as_agreed(void **state)
{
    (void)state;
    char command[PAYLOAD_COMMAND_SIZE];
    char ack[PAYLOAD_ACK_SIZE];
    const struct relay_command one = { .action = COMMAND_ACTION_SET_RELAY,
                                       .relay = 3,
                                       .state = true };
    const struct relay_command all = { .action = COMMAND_ACTION_SET_RELAYS, .mask = 170 };
    const uint8_t journal_id[16] = { 0x0A, 0xFF };
    (void)payload_write_command("meter-1", "01J", &one, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"set_relay\",\"cmd_id\":\"01J\",\"exp\":130,"
                                 "\"iat\":100,\"relay\":3,\"state\":true,\"target\":\"meter-1\","
                                 "\"v\":1}");
    (void)payload_write_command("meter-1", "01J", &all, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"set_relays\",\"cmd_id\":\"01J\",\"exp\":130,"
                                 "\"iat\":100,\"mask\":170,\"target\":\"meter-1\",\"v\":1}");
    const struct relay_command clear = { .action = COMMAND_ACTION_TAMPER_CLEAR, .tamper_count = 3 };
    (void)payload_write_command("meter-1", "01J", &clear, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"tamper_clear\",\"cmd_id\":\"01J\",\"count\":3,"
                                 "\"exp\":130,\"iat\":100,\"target\":\"meter-1\",\"v\":1}");
    const struct relay_command calibrate = {
        .action = COMMAND_ACTION_CALIBRATE,
        .metering = { .channel = 2,
                      .seconds = 20,
                      .resistive = true,
                      .voltage_mv = 230100,
                      .current_ma = 8700,
                      .turns = 4,
                      .sensor = "sct-013-000",
                      .who = "anna" },
    };
    (void)payload_write_command("meter-1", "01J", &calibrate, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"calibrate\",\"channel\":2,\"cmd_id\":\"01J\","
                                 "\"current_ma\":8700,\"exp\":130,\"iat\":100,\"resistive\":true,"
                                 "\"seconds\":20,\"sensor\":\"sct-013-000\",\"target\":\"meter-1\","
                                 "\"turns\":4,\"v\":1,"
                                 "\"voltage_mv\":230100,\"who\":\"anna\"}");
    const struct relay_command gather = {
        .action = COMMAND_ACTION_LINEARITY_GATHER,
        .metering = { .seconds = 60, .voltage = true, .channels = 5 },
    };
    (void)payload_write_command("meter-1", "01J", &gather, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"linearity_gather\",\"channels\":5,"
                                 "\"cmd_id\":\"01J\",\"exp\":130,\"iat\":100,\"seconds\":60,"
                                 "\"target\":\"meter-1\",\"v\":1,\"voltage\":true}");
    const struct relay_command reset = { .action = COMMAND_ACTION_DEMAND_RESET,
                                         .metering = { .who = "anna" } };
    (void)payload_write_command("meter-1", "01J", &reset, 100, 130, command);
    assert_string_equal(command, "{\"action\":\"demand_reset\",\"cmd_id\":\"01J\",\"exp\":130,"
                                 "\"iat\":100,\"target\":\"meter-1\",\"v\":1,\"who\":\"anna\"}");
    struct relay_command longest = {
        .action = COMMAND_ACTION_CALIBRATION_CANCEL,
        .metering = { 7, 300, true, 1000000000, 1000000000, 1000000000, 1000000000, 1000000000, 100,
                      1000000000, true, true, true, true, "12345678901234567890123",
                      "1234567890123456", true, 255 },
    };
    const size_t size =
        payload_write_command("12345678901234567890123456789012", "12345678901234567890123456",
                              &longest, 9999999999, 9999999999, command);
    assert_int_equal(command[size - 1], '}');
    (void)payload_write_ack(journal_id, 1234, 1763690000000, ack);
    assert_string_equal(ack, "{\"journal_id\":\"0aff0000000000000000000000000000\","
                             "\"watermark\":1234,\"utc_ms\":1763690000000}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relay_status_gives_the_mask),
        cmocka_unit_test(malformed_payloads_are_refused),
        cmocka_unit_test(oversized_payloads_are_not_read),
        cmocka_unit_test(system_status_tells_a_will_from_a_life),
        cmocka_unit_test(the_case_is_told_whole_or_not_at_all),
        cmocka_unit_test(command_result_names_the_command),
        cmocka_unit_test(data_becomes_a_reading),
        cmocka_unit_test(data_without_sense_is_refused),
        cmocka_unit_test(half_a_relay_is_no_mask),
        cmocka_unit_test(a_result_carries_what_the_device_tells_besides),
        cmocka_unit_test(commands_and_acknowledgements_are_written_as_agreed),
    };
    return cmocka_run_group_tests_name("fleet_payloads", tests, NULL, NULL);
}
